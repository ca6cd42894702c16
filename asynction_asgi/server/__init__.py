"""A compiled contract and its handlers as a running server."""

from __future__ import annotations

from ..engine import Found, Limits, Peer
from .app import AsynctionSocketIO
from .around_emits import Emission
from .asking import Answer, Asking
from .blocking_emitter import BlockingEmitter
from .calls import Call
from .classes import handles
from .emitter import Emitter
from .observer import Observer
from .options import Options
from .providing.provide import Provide
from .security import JWTVerifier, same_secret
from .socket import Recipients, Socket
from .sockets import Sockets
from .tracing.option import Tracing
from .validation import Validation

__all__ = [
    "Answer",
    "Asking",
    "AsynctionSocketIO",
    "BlockingEmitter",
    "Call",
    "Emission",
    "Emitter",
    "Found",
    "JWTVerifier",
    "Limits",
    "Observer",
    "Options",
    "Peer",
    "Provide",
    "Recipients",
    "Socket",
    "Sockets",
    "Tracing",
    "Validation",
    "handles",
    "same_secret",
]
