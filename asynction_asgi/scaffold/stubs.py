"""A function that is still to be written: its head, its docstring, and an answer meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .expressions import ANY, NONE, Named, Of, builtin, either
from .signatures import ANYTHING, Parameter, function_head
from .source import call, docstring, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Literal

    from ..spec.model import Event, SecurityScheme
    from .expressions import Expression
    from .source import Module

    Answer = Literal["refuse", "nothing", "nobody", "no"]

__all__ = [
    "EVENT",
    "LIFECYCLE",
    "SOCKET",
    "Stub",
    "about",
    "function_of",
    "lifecycle_stub",
    "scopes_stub",
    "security_stub",
    "write_stub",
]

SOCKET = Parameter(name="socket", type=Named("asynction_asgi", "Socket"))
_STRING = builtin("str")
EVENT = Parameter(name="event", type=_STRING)
LIFECYCLE = {
    "connect": "A client connects; raise RefusedError to refuse it",
    "disconnect": "A client has left",
    "error": "A handler raised something; what is returned becomes the acknowledgement",
    "*": "An event that has no handler of its own",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """A function to be written.

    Attributes:
        parameters: Without ``self``.
        summary: The first sentence of its docstring.
        details: The rest of it.
        answer: What it does meanwhile: refuse an event, do nothing, know nobody, or say no.
        subject: What is not written yet, in the words of a refusal.
    """

    parameters: tuple[Parameter, ...]
    returns: Expression
    summary: str
    details: str = ""
    answer: Answer
    subject: str = ""

    def shared_with(self, other: Stub) -> Stub:
        """One function for the uses of both."""
        summary = (
            self.summary
            if self.summary == other.summary
            else f"{self.summary.rstrip('.')}; also: {other.summary}"
        )
        parameters = _common(self.parameters, other.parameters)
        if parameters is None:
            parameters = (*(self.parameters[:1] if self.answer == "refuse" else ()), *ANYTHING)
        returns = self.returns if self.returns == other.returns else ANY
        return replace(self, parameters=parameters, returns=returns, summary=summary)


def _common(some: Sequence[Parameter], others: Sequence[Parameter]) -> tuple[Parameter, ...] | None:
    """Parameters for two uses, where those given by place have the same names; None where they have not."""
    first, second = ([one for one in each if not one.keyword] for each in (some, others))
    if [(one.name, one.optional, one.rest) for one in first] != [
        (one.name, one.optional, one.rest) for one in second
    ]:
        return None
    merged = [
        one if one.type == other.type else replace(one, type=ANY)
        for one, other in zip(first, second, strict=True)
    ]
    return (*merged, *(one for one in some if one.keyword and one in others))


def about(event: Event, fallback: str) -> tuple[str, str]:
    """What the document says of an event: a sentence, and the details."""
    texts = [event.message.get(key) for key in ("summary", "title", "description")]
    summary, title, description = (one.strip() if isinstance(one, str) else "" for one in texts)
    head = summary or title
    if head:
        return head, description
    first, _, rest = description.partition("\n\n")
    return (first, rest) if first and len(first) <= 240 else (fallback, description)


def lifecycle_stub(event: str, extra: Sequence[Parameter], auth: Expression | None) -> Stub:
    """The handler of ``connect``, ``disconnect``, ``error`` or ``*``."""
    parameters, returns = [SOCKET], NONE
    if event == "connect" and auth is not None:
        parameters.append(Parameter(name="auth", type=auth))
    elif event == "disconnect":
        parameters.append(Parameter(name="reason", type=_STRING))
    elif event == "error":
        parameters.append(Parameter(name="error", type=builtin("Exception")))
        returns = ANY
    elif event == "*":
        parameters += [EVENT, *ANYTHING]
        returns = ANY
    return Stub(
        parameters=(*parameters, *extra),
        returns=returns,
        summary=LIFECYCLE[event],
        answer="refuse" if event == "*" else "nothing",
        subject="this event",
    )


def function_of(scheme: SecurityScheme) -> str | None:
    """The extension that names a scheme's function; None where nothing is called."""
    if scheme.node.get("x-jwt") is not None:
        return None
    if scheme.type == "http":
        name = str(scheme.fields.get("scheme", "")).lower()
        return {"basic": "x-basicInfoFunc", "bearer": "x-bearerInfoFunc"}.get(name)
    return {
        "oauth2": "x-tokenInfoFunc",
        "openIdConnect": "x-tokenInfoFunc",
        "httpApiKey": "x-apiKeyInfoFunc",
        "apiKey": "x-apiKeyInfoFunc",
        "userPassword": "x-basicInfoFunc",
        "X509": "x-x509InfoFunc",
    }.get(scheme.type)


def security_stub(scheme: SecurityScheme, extension: str) -> Stub:
    """The function that says who presents a credential."""
    names = {
        "x-basicInfoFunc": ("username", "password"),
        "x-apiKeyInfoFunc": ("key",),
        "x-x509InfoFunc": ("certificate",),
    }.get(extension, ("token",))
    description = scheme.fields.get("description")
    return Stub(
        parameters=tuple(Parameter(name=name, type=_STRING) for name in names),
        returns=either([Of(Named("collections.abc", "Mapping"), (_STRING, ANY)), NONE]),
        summary=f"Say who a client is, by the security scheme {one_line(scheme.name)}",
        details=description if isinstance(description, str) else "",
        answer="nobody",
    )


def scopes_stub(scheme: SecurityScheme) -> Stub:
    """The function that compares scopes."""
    words = builtin("list", _STRING)
    return Stub(
        parameters=(Parameter(name="required", type=words), Parameter(name="granted", type=words)),
        returns=builtin("bool"),
        summary=f"Say whether scopes suffice, by the security scheme {one_line(scheme.name)}",
        answer="no",
    )


def write_stub(name: str, stub: Stub, module: Module, *, indent: int, method: bool) -> list[str]:
    """The lines of a function."""
    inner = " " * (indent + 4)
    lines = function_head(name, stub.parameters, stub.returns, module, indent=indent, method=method)
    lines += docstring(stub.summary, stub.details, indent=indent + 4)
    if stub.answer == "refuse":
        arguments: list[tuple[str, Any]] = [
            ("", "unavailable"),
            ("", f"{one_line(stub.subject)} is not written yet"),
        ]
        error = module.use("asynction_asgi", "RefusedError")
        lines += call(f"raise {error}", arguments, indent=indent + 4).split("\n")
    elif stub.answer == "nobody":
        lines.append(f"{inner}return None  # refuses everybody until this is written")
    elif stub.answer == "no":
        lines.append(f"{inner}return False  # refuses everybody until this is written")
    elif stub.returns == ANY:
        lines.append(f"{inner}return None  # the standard refusal")
    return lines
