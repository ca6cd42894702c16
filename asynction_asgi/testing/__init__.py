"""Test tools: clients without a port, checked against the document both ways, and strategies."""

from __future__ import annotations

from .cases import Case, contract_cases
from .client import TestClient
from .errors import ConnectError, LifespanError, NothingReceivedError, UnexpectedEventError
from .received import Received
from .server import TestServer
from .strategies import arguments_of, events_of
from .typed import wire

__all__ = [
    "Case",
    "ConnectError",
    "LifespanError",
    "NothingReceivedError",
    "Received",
    "TestClient",
    "TestServer",
    "UnexpectedEventError",
    "arguments_of",
    "contract_cases",
    "events_of",
    "wire",
]
