"""A compiled contract and its handlers as a running server."""

from __future__ import annotations

from ..engine import Limits
from .app import AsynctionSocketIO
from .blocking_emitter import BlockingEmitter
from .emitter import Emitter
from .options import Options
from .security import JWTVerifier, same_secret
from .socket import Recipients, Socket
from .validation import Validation

__all__ = [
    "AsynctionSocketIO",
    "BlockingEmitter",
    "Emitter",
    "JWTVerifier",
    "Limits",
    "Options",
    "Recipients",
    "Socket",
    "Validation",
    "same_secret",
]
