"""A server that answers for a document before its handlers are written."""

from __future__ import annotations

from .serve import MockAsynctionSocketIO
from .settings import MockSettings

__all__ = ["MockAsynctionSocketIO", "MockSettings"]
