"""A Socket.IO server whose contract is an AsyncAPI document.

Names are imported on first use: pytest imports this package for its plugin in every run, and documents
can be checked without the server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .collector import relax_collector
    from .engine.cluster.view import Queue
    from .errors import (
        AckValidationError,
        AsynctionError,
        BindingError,
        Diagnostic,
        DisconnectedError,
        HandshakeValidationError,
        NoAnswerError,
        PayloadValidationError,
        QueueError,
        RefusedError,
        SecurityError,
        SpecError,
        UndeclaredEventError,
        UnknownSocketError,
        ValidationError,
        Violation,
    )
    from .metrics import Metrics
    from .server import (
        Answer,
        Asking,
        AsynctionSocketIO,
        BlockingEmitter,
        Call,
        Emission,
        Emitter,
        Found,
        JWTVerifier,
        Limits,
        Observer,
        Options,
        Peer,
        Provide,
        Recipients,
        Socket,
        Sockets,
        Tracing,
        Validation,
        handles,
        same_secret,
    )
    from .spec import Outcome, Spec, check_document, load_spec

__version__ = "0.2.0"

__all__ = [
    "AckValidationError",
    "Answer",
    "Asking",
    "AsynctionError",
    "AsynctionSocketIO",
    "BindingError",
    "BlockingEmitter",
    "Call",
    "Diagnostic",
    "DisconnectedError",
    "Emission",
    "Emitter",
    "Found",
    "HandshakeValidationError",
    "JWTVerifier",
    "Limits",
    "Metrics",
    "NoAnswerError",
    "Observer",
    "Options",
    "Outcome",
    "PayloadValidationError",
    "Peer",
    "Provide",
    "Queue",
    "QueueError",
    "Recipients",
    "RefusedError",
    "SecurityError",
    "Socket",
    "Sockets",
    "Spec",
    "SpecError",
    "Tracing",
    "UndeclaredEventError",
    "UnknownSocketError",
    "Validation",
    "ValidationError",
    "Violation",
    "check_document",
    "handles",
    "load_spec",
    "relax_collector",
    "same_secret",
]

# Where the names are, in the order of looking.
_PARTS = (".errors", ".spec", ".server", ".collector", ".metrics", ".engine.cluster.view")

if not TYPE_CHECKING:  # type checkers would accept any name

    def __getattr__(name: str) -> Any:
        if name in __all__:
            for part in _PARTS:
                value = getattr(import_module(part, __name__), name, None)
                if value is not None:
                    globals()[name] = value
                    return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
