"""A compiled contract and its handlers as a running server."""

from __future__ import annotations

from .app import AsynctionSocketIO
from .emitter import Emitter
from .security import JWTVerifier, same_secret
from .socket import Recipients, Socket
from .validation import Validation

__all__ = [
    "AsynctionSocketIO",
    "Emitter",
    "JWTVerifier",
    "Recipients",
    "Socket",
    "Validation",
    "same_secret",
]
