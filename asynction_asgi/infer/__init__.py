"""A first document for a server that has none, made of records of its traffic."""

from __future__ import annotations

from .document import make_document
from .gather import Seen

__all__ = ["Seen", "make_document"]
