"""A function that is still to be written: its head, its docstring, and an answer meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..python_source.expressions import ANY, NONE, Named, Of, builtin, either
from ..python_source.signatures import ANYTHING, Parameter, function_head
from ..python_source.source import call, docstring, one_line
from ..spec.model.by_event import WILDCARD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, Literal

    from ..python_source.expressions import Expression
    from ..python_source.source import Module
    from ..spec.model import SecurityScheme
    from .places import Place

    Answer = Literal["refuse", "nothing", "nobody", "no"]

SOCKET = Parameter(name="socket", type=Named("asynction_asgi", "Socket"))
_STRING = builtin("str")
EVENT = Parameter(name="event", type=_STRING)
LIFECYCLE = {
    "connect": "A client connects; raise RefusedError to refuse it",
    "disconnect": "A client has left",
    "error": "A handler raised something; what is returned becomes the acknowledgement",
    WILDCARD: "An event that has no handler of its own",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stub:
    """A function to be written.

    Attributes:
        parameters: Without ``self``.
        summary: The first sentence of its docstring.
        details: The rest of it.
        answer: What it does meanwhile: refuse an event, do nothing, identify no client, or deny.
        subject: What is not written yet, in the words of a refusal.
    """

    parameters: tuple[Parameter, ...]
    returns: Expression
    summary: str
    details: str = ""
    answer: Answer
    subject: str = ""

    def shared_with(self, other: Stub) -> Stub:
        """Make one function for the uses of both."""
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
    """Return parameters for two uses whose positional ones have the same names, or None."""
    first, second = (
        [parameter for parameter in parameters if not parameter.keyword] for parameters in (some, others)
    )
    if [(parameter.name, parameter.optional, parameter.rest) for parameter in first] != [
        (parameter.name, parameter.optional, parameter.rest) for parameter in second
    ]:
        return None
    merged = [
        parameter if parameter.type == other.type else replace(parameter, type=ANY)
        for parameter, other in zip(first, second, strict=True)
    ]
    return (*merged, *(parameter for parameter in some if parameter.keyword and parameter in others))


def lifecycle_stub(event: str, extra: Sequence[Parameter], auth: Expression | None) -> Stub:
    """Make the handler of ``connect``, ``disconnect``, ``error`` or ``*``."""
    parameters, returns = [SOCKET], NONE
    if event == "connect" and auth is not None:
        parameters.append(Parameter(name="auth", type=auth))
    elif event == "disconnect":
        parameters.append(Parameter(name="reason", type=_STRING))
    elif event == "error":
        parameters.append(Parameter(name="error", type=builtin("Exception")))
        returns = ANY
    elif event == WILDCARD:
        parameters += [EVENT, *ANYTHING]
        returns = ANY
    return Stub(
        parameters=(*parameters, *extra),
        returns=returns,
        summary=LIFECYCLE[event],
        answer="refuse" if event == WILDCARD else "nothing",
        subject="this event",
    )


def security_stub(scheme: SecurityScheme, extension: str) -> Stub:
    """Make the function that identifies the holder of a credential."""
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
    """Make the function that compares scopes."""
    words = builtin("list", _STRING)
    return Stub(
        parameters=(Parameter(name="required", type=words), Parameter(name="granted", type=words)),
        returns=builtin("bool"),
        summary=f"Say whether scopes suffice, by the security scheme {one_line(scheme.name)}",
        answer="no",
    )


def write_stubs(
    stubs: Mapping[Place, Stub], module: Module, *, within: tuple[str, ...] = (), indent: int = 0
) -> list[str]:
    """Write the lines of functions, and of the classes around them.

    Args:
        stubs: By place, each of them somewhere in `within`.
        module: Where the lines go.
        within: The classes that are there already; none is the module itself.
        indent: Of what is directly within them, in spaces.
    """
    gap = [""] if within else ["", ""]
    lines: list[str] = []
    for place, stub in stubs.items():
        if place.classes == within:
            lines += [*gap, *_function(place.name, stub, module, indent=indent, method=bool(within))]
    depth = len(within)
    nested: dict[str, dict[Place, Stub]] = {}
    for place, stub in stubs.items():
        if len(place.classes) > depth:
            nested.setdefault(place.classes[depth], {})[place] = stub
    margin = " " * indent
    for name, members in nested.items():
        lines += [
            *gap,
            f"{margin}class {name}:",
            f'{margin}    """Handlers; made once, without arguments."""',
        ]
        lines += write_stubs(members, module, within=(*within, name), indent=indent + 4)
    return lines


def _function(name: str, stub: Stub, module: Module, *, indent: int, method: bool) -> list[str]:
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
        lines.append(f"{inner}return None  # refuses every client until this is written")
    elif stub.answer == "no":
        lines.append(f"{inner}return False  # refuses every client until this is written")
    elif stub.returns == ANY:
        lines.append(f"{inner}return None  # the standard refusal")
    return lines
