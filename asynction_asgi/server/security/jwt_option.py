"""``x-jwt`` of a security scheme: a `JWTVerifier` that is configured in the document."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ...spec.text.hints import say_known
from .jwt_verifier import JWTVerifier

if TYPE_CHECKING:
    from ...errors import Diagnostic
    from ...spec.text.document import Node

_FIELDS = ("issuer", "audience", "jwks", "secretEnv", "algorithms", "leeway")


def read_jwt(node: Node) -> JWTVerifier | list[Diagnostic]:
    """Return the verifier that ``x-jwt`` describes, or its problems.

    A secret is given by the name of an environment variable, so that documents hold no secrets.
    """
    if not isinstance(node.value, dict):
        return [_problem(node, f"x-jwt must be an object with {', '.join(_FIELDS)}")]
    problems = []
    options: dict[str, Any] = {}
    for key, value in node.items():
        expected = _wrong(key, value.value)
        if key not in _FIELDS:
            problems.append(_problem(value, f"x-jwt has no {key!r}{say_known(key, _FIELDS)}", key=True))
        elif expected is not None:
            problems.append(_problem(value, f"{key} of x-jwt must be {expected}"))
        elif key == "secretEnv":
            options["secret"] = os.environ.get(value.value) or None
            if options["secret"] is None:
                unset = f"the environment variable {value.value!r} is not set"
                problems.append(_problem(value, f"{unset}; set it before the server starts"))
        else:
            options[key] = value.value
    if problems:
        return problems
    try:
        return JWTVerifier(**options)
    except (ValueError, ModuleNotFoundError) as error:
        return [_problem(node, f"x-jwt: {error}")]


def _wrong(key: str, value: Any) -> str | None:
    """Return what the value of a field must be, or None if it is."""
    is_list = isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)
    if key in ("issuer", "audience"):
        return None if is_list or (isinstance(value, str) and value) else "a text, or a list of texts"
    if key == "algorithms":
        return None if is_list else "a list of names"
    if key == "leeway":
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if number else "a number of seconds"
    return None if isinstance(value, str) else "a text"


def _problem(node: Node, message: str, *, key: bool = False) -> Diagnostic:
    return node.diagnostic("error", "SECURITY_SHAPE", message, layer="service", key=key)
