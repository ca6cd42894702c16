"""A server that answers for a document before anybody has written its handlers."""

from __future__ import annotations

from ..standins import MockSettings
from .app import MockAsynctionSocketIO

__all__ = ["MockAsynctionSocketIO", "MockSettings"]
