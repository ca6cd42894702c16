"""``x-jwt`` of a security scheme: a `JWTVerifier` that is configured in the document."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ...spec.text.reference_faults import ReferenceFault
from .jwt_verifier import JWTVerifier

if TYPE_CHECKING:
    from ...errors import Diagnostic
    from ...spec.model import Spec
    from ...spec.text.document import Node


def read_jwt(option: Node, spec: Spec) -> JWTVerifier | list[Diagnostic]:
    """Return the verifier that ``x-jwt`` describes, or its problems: none if the document is refused for it.

    A secret is given by the name of an environment variable, so that documents hold no secrets.
    """
    try:
        node = spec.resolver.follow(option)
    except ReferenceFault as fault:
        return list(fault.diagnostics)
    if _is_refused(option, spec) or _is_refused(node, spec):
        return []
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


def _is_refused(node: Node, spec: Spec) -> bool:
    """Return whether the document has an error at or below a value, so that its shape is not known."""
    return any(
        found.severity == "error"
        and found.file == node.document.name
        and f"{found.pointer}/".startswith(f"{node.pointer}/")
        for found in spec.warnings
    )


def _problem(node: Node, message: str) -> Diagnostic:
    return node.diagnostic("error", "SECURITY_SHAPE", message, layer="service")
