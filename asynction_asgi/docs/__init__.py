"""The contract for people: the document as JSON and YAML, and an index page."""

from __future__ import annotations

from .routes import Docs, Page

__all__ = ["Docs", "Page"]
