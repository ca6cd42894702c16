"""Our own extensions: where each one stands, and what it must be.

Breaking their rules is legal AsyncAPI, of a kind that can't be served.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..schemas.keywords import ASSERTIONS
from ..schemas.multi_format import is_multi_format
from .grammar import ANYTHING, BOOLEAN, SCHEMA, STRING, Each, Fits, Object, Use
from .overridden import BY_REFERENCE, report_overridden
from .walk import type_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..text.document import Node
    from .walk import JsonSchema, Refer, Rule, Walk


@dataclass(frozen=True, slots=True)
class Ours:
    """A rule for one of our extensions: breaking it is legal AsyncAPI that can't be served."""

    rule: Rule

    def check(self, walk: Walk, node: Node) -> None:
        """Report by the rule, as a matter of the service rather than of the document."""
        before, walk.layer = walk.layer, "service"
        self.rule.check(walk, node)
        walk.layer = before

    def as_schema(self, refer: Refer) -> JsonSchema:
        """Return the rule's own."""
        return self.rule.as_schema(refer)


def is_ack_object(value: Mapping[str, object]) -> bool:
    """Return whether this is a Message Ack Object: ``args``, and no assertion of JSON Schema beside it."""
    return "args" in value and ASSERTIONS.keys().isdisjoint(value)


_ACK_OBJECT = Object(
    title="an acknowledgement", fields={"args": SCHEMA, "x-positional": Ours(BOOLEAN)}, open=True
)


@dataclass(frozen=True, slots=True)
class _Ack:
    """``x-ack``, in order of test: boolean, ``{args: schema}``, message, schema; each by reference."""

    def check(self, walk: Walk, node: Node) -> None:
        value = node.value
        if isinstance(value, bool):
            return
        if not isinstance(value, dict):
            walk.error(
                node,
                "TYPE",
                f"must be a boolean, {{args: schema}}, a message or a schema, not {type_name(value)}",
            )
        elif "$ref" in value:
            report_overridden(walk, _ACK_OBJECT, node, BY_REFERENCE)
            walk.references[node.identity] = "x-ack"
            target = walk.target(node)
            if target is not None and not (isinstance(target.value, dict) and "$ref" in target.value):
                self.check(walk, target)
        elif is_ack_object(value):
            _ACK_OBJECT.check(walk, node)
        elif "payload" in value:
            Use("message").check(walk, node)
        else:
            SCHEMA.check(walk, node)

    def as_schema(self, refer: Refer) -> JsonSchema:
        """Return a boolean, a message or a schema; each is an object."""
        message = {"required": ["payload"], "not": {"required": ["$ref"]}}
        return {
            "type": ["boolean", "object"],
            "if": {"type": "object", **message},
            "then": refer("message"),
        }


@dataclass(frozen=True, slots=True)
class _Requirement:
    """3.x: a security scheme or a reference to one; 2.x's map of names is the reader's to report."""

    def check(self, walk: Walk, node: Node) -> None:
        if not isinstance(node.value, dict) or "$ref" in node.value or "type" in node.value:
            Use("security scheme").check(walk, node)

    def as_schema(self, refer: Refer) -> JsonSchema:
        """Return a scheme, a reference or a map."""
        return {
            "type": "object",
            "if": {"required": ["type"], "not": {"required": ["$ref"]}},
            "then": refer("security scheme"),
        }


REQUIREMENT: Rule = _Requirement()


@dataclass(frozen=True, slots=True)
class _Security:
    """``x-security``: 3.x's schemes and references as in ``security``; the rest is the reader's."""

    def check(self, walk: Walk, node: Node) -> None:
        if walk.major > 2 and isinstance(node.value, list):
            for element in node.elements():
                if isinstance(element.value, dict):
                    REQUIREMENT.check(walk, element)

    def as_schema(self, refer: Refer) -> JsonSchema:
        """Return a list of requirements."""
        return {"type": "array", "items": REQUIREMENT.as_schema(refer)}


@dataclass(frozen=True, slots=True)
class _AuthSchema:
    """``x-auth``: a schema of AsyncAPI's own dialect, or of the one that its ``$schema`` names."""

    def check(self, walk: Walk, node: Node) -> None:
        target = walk.follow(node)
        if target is not None and is_multi_format(target.value):
            message = (
                "x-auth must be a schema: write the contents of 'schema' here, and its draft as '$schema'"
            )
            walk.error(target, "MULTIFORMAT", message)
        else:
            SCHEMA.check(walk, node)

    def as_schema(self, refer: Refer) -> JsonSchema:
        """Return what every schema is."""
        return SCHEMA.as_schema(refer)


SCOPES: Rule = Ours(
    Each(
        Fits((str,), pattern=re.compile(r"\S+"), wanted="a scope, which has no spaces; list several"),
        code="SECURITY_SHAPE",
    )
)

_NAME = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_HANDLER = Fits(
    (str,),
    pattern=re.compile(f"{_NAME}[.:]{_NAME}"),
    wanted="a dotted path that begins with a module: package.module.name or package.module:Class.method",
    code="HANDLER",
    looser=r"^[^\s\d.:][^\s.:]*(?:[.:][^\s\d.:][^\s.:]*)+$",  # letters of all languages
)


@dataclass(frozen=True, slots=True)
class _LifecycleHandler:
    """As any handler; a name without a module, as sio-asyncapi writes it, is left to code to replace."""

    def check(self, walk: Walk, node: Node) -> None:
        if isinstance(node.value, str) and node.value.isidentifier():
            message = (
                f"{node.value!r} does not name a module to import it from; use 'package.module.{node.value}'"
            )
            walk.warn(node, "HANDLER", f"{message}, or pass the handler in code")
        else:
            _HANDLER.check(walk, node)

    def as_schema(self, _: Refer) -> JsonSchema:
        """Return a name, with or without its module."""
        return {"type": "string", "pattern": r"^[^\s.:]+(?:[.:][^\s.:]+)*$"}


@dataclass(frozen=True, slots=True)
class _Deprecated:
    """``x-deprecated``: a boolean; anything else has no effect, and restricts nobody."""

    def check(self, walk: Walk, node: Node) -> None:
        if not isinstance(node.value, bool):
            message = f"must be true or false to have an effect, not {type_name(node.value)}; use true"
            walk.warn(node, "TYPE", message)

    def as_schema(self, _: Refer) -> JsonSchema:
        """Return a schema that admits what is served."""
        return {}


@dataclass(frozen=True, slots=True)
class _Range:
    """A number above `above`, up to `most`; whole unless `fractions`."""

    above: float
    most: float
    fractions: bool = False

    def admits(self, value: Any) -> bool:
        """Return whether a value is such a number."""
        return self._number.admits(value) and self.above < value <= self.most

    def check(self, walk: Walk, node: Node) -> None:
        """Report a value that is not a number, or out of range."""
        if not self._number.admits(node.value):
            self._number.check(walk, node)
        elif not self.admits(node.value):
            walk.error(node, "TYPE", f"must be above {self.above:,} and at most {self.most:,}")

    def as_schema(self, _: Refer) -> JsonSchema:
        """Return the type and the bounds."""
        kind = "number" if self.fractions else "integer"
        return {"type": kind, "exclusiveMinimum": self.above, "maximum": self.most}

    @property
    def _number(self) -> Fits:
        return Fits((int, float)) if self.fractions else Fits((int,))


@dataclass(frozen=True, slots=True)
class _Recovery:
    """``x-recovery``: a boolean, or an object, by reference too."""

    def check(self, walk: Walk, node: Node) -> None:
        value = node.value
        if isinstance(value, dict) and "$ref" in value:
            report_overridden(walk, RECOVERY, node, BY_REFERENCE)
            walk.references[node.identity] = "x-recovery"
            target = walk.target(node)
            if target is not None:
                self.check(walk, target)
        elif isinstance(value, dict):
            Use("x-recovery").check(walk, node)
        elif not isinstance(value, bool):
            walk.error(node, "TYPE", f"must be a boolean or an object, not {type_name(value)}")

    def as_schema(self, refer: Refer) -> JsonSchema:
        """Return a boolean, a reference or the object."""
        return {
            "type": ["boolean", "object"],
            "if": {"type": "object"},
            "then": Use("x-recovery").as_schema(refer),
        }


DAY = 86_400  # seconds
_MOST_EVENTS = 1_000_000
RECOVERY = Object(
    title="x-recovery",
    fields={
        "seconds": _Range(0, DAY, fractions=True),
        "events": _Range(0, _MOST_EVENTS),
        "bytes": _Range(0, 1 << 30),
        "offset": Fits((str,), ("argument", "event")),
    },
)
RATE_FIELDS: dict[str, _Range | Fits] = {
    "limit": _Range(0, _MOST_EVENTS, fractions=True),
    "per": _Range(0, DAY, fractions=True),
    "burst": _Range(0, _MOST_EVENTS),
    "by": Fits((str,), ("connection", "user", "address")),
}
RATE = Object(
    title="x-rate",
    fields=RATE_FIELDS,
    required={"limit": "REQUIRED"},
    extensions=False,
    guards=frozenset({"*"}),
)
HANDLERS = Object(
    title="x-handlers",
    fields={
        **dict.fromkeys(("connect", "disconnect", "error", "*"), _LifecycleHandler()),
        "class": _HANDLER,
    },
)
MESSAGE_EXTENSIONS: dict[str, Rule] = {
    "x-handler": Ours(_HANDLER),
    "x-ack": Ours(_Ack()),
    "x-positional": Ours(BOOLEAN),
    "x-ordering": Ours(Fits((str,), ("concurrent", "serial"))),
    "x-reauth": Ours(BOOLEAN),
    "x-scopes": SCOPES,
    "x-rate": Ours(Use("x-rate")),
    "x-trace": Ours(
        Fits(
            (str,),
            pattern=re.compile(r"/(?:0|[1-9][0-9]?)(?:/(?:[^~/]|~[01])*)*"),
            wanted="a JSON Pointer that begins with the number of an argument, such as /0/meta",
        )
    ),
    "x-mock": ANYTHING,  # the mock's
    "x-deprecated": Ours(_Deprecated()),
}
CHANNEL_EXTENSIONS: dict[str, Rule] = {
    "x-handlers": Ours(Use("x-handlers")),
    "x-auth": Ours(_AuthSchema()),
    "x-security": Ours(_Security()),
    "x-scopes": SCOPES,
    "x-recovery": Ours(_Recovery()),
    "x-rate": MESSAGE_EXTENSIONS["x-rate"],
}
_FUNCTIONS = {
    f"x-{name}Func": Ours(_HANDLER)
    for name in ("basicInfo", "bearerInfo", "apiKeyInfo", "tokenInfo", "scopeValidate", "x509Info")
}
SCHEME_EXTENSIONS: dict[str, Rule] = {
    **_FUNCTIONS,
    "x-authField": Ours(STRING),
    "x-jwt": Ours(Use("x-jwt", code="SECURITY_SHAPE")),
}

# Where each of our extensions has a meaning, for the message that says it has none here.
PLACES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(MESSAGE_EXTENSIONS, ("a message",)),
    **dict.fromkeys(("x-ack", "x-ordering"), ("a message", "an operation")),
    **dict.fromkeys(CHANNEL_EXTENSIONS, ("a channel",)),
    **dict.fromkeys(SCHEME_EXTENSIONS, ("a security scheme",)),
    **dict.fromkeys(("x-messageAcks", "x-rates"), ("the components object",)),
    "x-rate": ("a message", "a channel"),
    "x-scopes": ("a server", "a channel", "an operation", "a message"),
}
# What narrows who may connect or emit, and how often: where it would be ignored, the document can't be served.
GUARDS = frozenset(
    {"x-security", "x-auth", "x-scopes", "x-rate", "x-rates", "x-handlers", "x-scopeValidateFunc"}
)
# What other tools call much the same, by its letters in lower case: perhaps it is meant for them.
FOREIGN = dict.fromkeys(("xratelimit", "xratelimits", "xratelimiting", "xrated", "xrating"), "x-rate")
RESPELT = {
    "x-hander": "x-handler",
    "x-handers": "x-handlers",
    "x-basicBearerInfoFunc": "x-bearerInfoFunc",
}
