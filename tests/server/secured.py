"""Documents with security, and the functions that verify their credentials."""

from __future__ import annotations

import base64
from typing import Any

from asynction_asgi import SecurityError
from tests.server.documents import channel, document

FLOWS = {
    "clientCredentials": {"tokenUrl": "https://issuer.example/token", "scopes": {"read": "", "write": ""}}
}
LONG_AGO = 1_000_000_000


def secured(
    schemes: dict[str, dict[str, Any]],
    channels: dict[str, dict[str, Any]],
    security: list[dict[str, list[str]]] | None = None,
) -> dict[str, Any]:
    """Return a document whose server requires `security`, unless that is None."""
    server = {
        "url": "localhost/socket.io",
        "protocol": "ws",
        **({} if security is None else {"security": security}),
    }
    return {**document(**channels), "servers": {"here": server}, "components": {"securitySchemes": schemes}}


def namespace(*receives: dict[str, Any], security: Any = None, **fields: Any) -> dict[str, Any]:
    """Return a channel with its own ``x-security``, unless that is None."""
    return channel([*receives] or None, **({} if security is None else {"x-security": security}), **fields)


def basic(username: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def secret_info(secret: str) -> dict[str, Any] | None:
    """Return the holder of a key or token, or None if it is unknown."""
    known: dict[str, dict[str, Any]] = {
        "good": {"sub": "ada", "scope": "read write"},
        "weak": {"sub": "ada", "scope": "read"},
        "late": {"sub": "ada", "scope": "read write", "exp": LONG_AGO},
    }
    return known.get(secret)


async def token_info(token: str) -> dict[str, Any] | None:
    return secret_info(token)


def unscoped_info(secret: str) -> dict[str, Any] | None:
    """Verify a secret for schemes without scopes, refusing a weak one; called in a thread."""
    if secret == "weak":
        raise SecurityError("forbidden")
    return secret_info(secret)


async def password_info(username: str, password: str) -> dict[str, Any] | None:
    return unscoped_info(password) if username == "ada" else None


async def user_info(username: str) -> dict[str, Any] | None:
    return unscoped_info(username)
