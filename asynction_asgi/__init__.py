"""A Socket.IO server whose contract is an AsyncAPI document."""

from __future__ import annotations

from .errors import (
    AckValidationError,
    AsynctionError,
    BindingError,
    Diagnostic,
    DisconnectedError,
    HandshakeValidationError,
    NoAnswerError,
    PayloadValidationError,
    RefusedError,
    SecurityError,
    SpecError,
    UndeclaredEventError,
    ValidationError,
    Violation,
)
from .server import (
    AsynctionSocketIO,
    Emitter,
    JWTVerifier,
    Limits,
    Options,
    Recipients,
    Socket,
    Validation,
    same_secret,
)
from .spec import Spec, check_document, load_spec

__version__ = "0.1.0"

__all__ = [
    "AckValidationError",
    "AsynctionError",
    "AsynctionSocketIO",
    "BindingError",
    "Diagnostic",
    "DisconnectedError",
    "Emitter",
    "HandshakeValidationError",
    "JWTVerifier",
    "Limits",
    "NoAnswerError",
    "Options",
    "PayloadValidationError",
    "Recipients",
    "RefusedError",
    "SecurityError",
    "Socket",
    "Spec",
    "SpecError",
    "UndeclaredEventError",
    "Validation",
    "ValidationError",
    "Violation",
    "check_document",
    "load_spec",
    "same_secret",
]
