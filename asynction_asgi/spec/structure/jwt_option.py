"""``x-jwt`` of a security scheme: how JSON Web Tokens are verified."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .grammar import Each, Fits, Object

if TYPE_CHECKING:
    from ..text.document import Node
    from .walk import JsonSchema, Refer, Walk

# The algorithms by which tokens are verified (RFC 7518, 3.1; RFC 8037, 3.1).
SYMMETRIC = ("HS256", "HS384", "HS512")
ASYMMETRIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")

_CODE = "SECURITY_SHAPE"
_TEXT = Fits((str,), pattern=re.compile(r"[\s\S]+"), wanted="a string that is not empty", code=_CODE)


@dataclass(frozen=True, slots=True)
class _TextOrTexts:
    """A string, or a list of strings."""

    def check(self, walk: Walk, node: Node) -> None:
        rule = Each(_TEXT, code=_CODE) if isinstance(node.value, list) else _TEXT
        rule.check(walk, node)

    def as_schema(self, refer: Refer) -> JsonSchema:
        """Return a string or an array."""
        return {"anyOf": [_TEXT.as_schema(refer), Each(_TEXT).as_schema(refer)]}


def _can_verify(walk: Walk, node: Node) -> None:
    """Report what no verifier can be made of."""
    options = node.value
    if ("jwks" in options) == ("secretEnv" in options):
        walk.error(node, _CODE, "x-jwt needs either jwks or secretEnv")
    elif "jwks" in options and not {"issuer", "audience"} <= options.keys():
        walk.error(
            node,
            _CODE,
            "jwks needs issuer and audience: its keys sign tokens for others too",
        )
    for name in ("issuer", "audience", "algorithms"):
        if options.get(name) == []:
            walk.error(node.child(name), _CODE, f"{name} must not be an empty list")
    known = SYMMETRIC if "secretEnv" in options else ASYMMETRIC
    listed = options.get("algorithms")
    for element in node.child("algorithms").elements() if isinstance(listed, list) else ():
        if isinstance(element.value, str) and element.value not in known:
            message = (
                f"{element.value!r} is not an algorithm of {'secrets' if known is SYMMETRIC else 'jwks'}"
            )
            walk.error(element, _CODE, f"{message}; use one of {', '.join(known)}")
    leeway = options.get("leeway")
    if isinstance(leeway, int | float) and leeway < 0:
        walk.error(node.child("leeway"), _CODE, "leeway must be a number of seconds, zero or more")


JWT = Object(
    title="x-jwt",
    fields={
        "issuer": _TextOrTexts(),
        "audience": _TextOrTexts(),
        "jwks": _TEXT,
        "secretEnv": _TEXT,
        "algorithms": Each(Fits((str,), code=_CODE), code=_CODE),
        "leeway": Fits((int, float), code=_CODE),
    },
    unknown=_CODE,
    extensions=False,
    checks=(_can_verify,),
    guards=frozenset({"*"}),
)
