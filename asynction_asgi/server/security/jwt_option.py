"""``x-jwt`` of a security scheme: a `JWTVerifier` that is configured in the document."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .jwt_verifier import JWTVerifier

if TYPE_CHECKING:
    from ...errors import Diagnostic
    from ...spec.text.document import Node


def read_jwt(node: Node) -> JWTVerifier | list[Diagnostic]:
    """Return the verifier that ``x-jwt`` describes, or its problems; the grammar has checked its shape.

    A secret is given by the name of an environment variable, so that documents hold no secrets.
    """
    options: dict[str, Any] = dict(node.value)
    variable = options.pop("secretEnv", None)
    if variable is not None:
        options["secret"] = os.environ.get(variable)
        if not options["secret"]:
            message = (
                f"the environment variable {variable!r} is not set, or empty; set it before the server starts"
            )
            return [_problem(node.child("secretEnv"), message)]
    try:
        return JWTVerifier(**options)
    except (ValueError, ModuleNotFoundError) as error:
        return [_problem(node, f"x-jwt: {error}")]


def _problem(node: Node, message: str) -> Diagnostic:
    return node.diagnostic("error", "SECURITY_SHAPE", message, layer="service")
