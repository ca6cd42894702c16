"""Our own extensions: where each one stands, and what it must be.

Breaking their rules is legal AsyncAPI, of a kind that can't be served.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .grammar import ANYTHING, BOOLEAN, SCHEMA, STRING, Fits, Object, Rule, Use
from .schemas.keywords import ASSERTIONS
from .walk import type_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .document import Node
    from .walk import Walk

__all__ = [
    "CHANNEL_EXTENSIONS",
    "HANDLERS",
    "MESSAGE_EXTENSIONS",
    "PLACES",
    "RESPELT",
    "SCHEME_EXTENSIONS",
    "Ours",
    "is_ack_object",
]


@dataclass(frozen=True, slots=True)
class Ours:
    """A rule for one of our extensions: breaking it is legal AsyncAPI that can't be served."""

    rule: Rule

    def check(self, walk: Walk, node: Node) -> None:
        """Report by the rule, as a matter of the service rather than of the document."""
        before, walk.layer = walk.layer, "service"
        self.rule.check(walk, node)
        walk.layer = before


def is_ack_object(value: Mapping[str, object]) -> bool:
    """Whether this is a Message Ack Object: ``args``, and no assertion of JSON Schema beside it."""
    return "args" in value and ASSERTIONS.keys().isdisjoint(value)


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
            walk.references[node.identity] = "x-ack"
            target = walk.target(node)
            if target is not None and not (isinstance(target.value, dict) and "$ref" in target.value):
                self.check(walk, target)
        elif is_ack_object(value):
            SCHEMA.check(walk, node.child("args"))
        elif "payload" in value:
            Use("message").check(walk, node)
        else:
            SCHEMA.check(walk, node)


_NAME = r"[^\W\d]\w*(?:\.[^\W\d]\w*)*"
_HANDLER = Fits(
    (str,),
    test=re.compile(f"{_NAME}[.:]{_NAME}").fullmatch,
    wanted="a dotted path from a module on, such as package.module.name or package.module:Class.method",
    code="HANDLER",
)


@dataclass(frozen=True, slots=True)
class _LifecycleHandler:
    """As any handler; a name without a module, as sio-asyncapi writes it, is left to code to replace."""

    def check(self, walk: Walk, node: Node) -> None:
        if isinstance(node.value, str) and node.value.isidentifier():
            message = f"{node.value!r} names no module to import it from; write 'package.module.{node.value}'"
            walk.warn(node, "HANDLER", f"{message}, or give the handler in code")
        else:
            _HANDLER.check(walk, node)


HANDLERS = Object(
    title="x-handlers",
    fields=dict.fromkeys(("connect", "disconnect", "error", "*"), _LifecycleHandler()),
)
MESSAGE_EXTENSIONS: dict[str, Rule] = {
    "x-handler": Ours(_HANDLER),
    "x-ack": Ours(_Ack()),
    "x-positional": Ours(BOOLEAN),
    "x-ordering": Ours(Fits((str,), ("concurrent", "serial"))),
    "x-reauth": Ours(BOOLEAN),
}
CHANNEL_EXTENSIONS: dict[str, Rule] = {
    "x-handlers": Ours(Use("x-handlers")),
    "x-auth": Ours(SCHEMA),
    "x-security": ANYTHING,  # the reader's
}
_FUNCTIONS = {
    f"x-{name}Func": Ours(_HANDLER)
    for name in ("basicInfo", "bearerInfo", "apiKeyInfo", "tokenInfo", "scopeValidate", "x509Info")
}
SCHEME_EXTENSIONS: dict[str, Rule] = {
    **_FUNCTIONS,
    "x-authField": Ours(STRING),
    "x-jwt": ANYTHING,  # the server's
}

# Where each of our extensions has a meaning, for the message that says it has none here.
PLACES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("x-ack", "x-ordering"), ("a message", "an operation")),
    **dict.fromkeys(("x-handler", "x-positional", "x-reauth"), ("a message",)),
    **dict.fromkeys(CHANNEL_EXTENSIONS, ("a channel",)),
    **dict.fromkeys(SCHEME_EXTENSIONS, ("a security scheme",)),
    "x-messageAcks": ("the components object",),
}
RESPELT = {
    "x-hander": "x-handler",
    "x-handers": "x-handlers",
    "x-basicBearerInfoFunc": "x-bearerInfoFunc",
}
