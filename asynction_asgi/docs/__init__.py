"""The contract for people: a page with a console, and the document as JSON and YAML."""

from __future__ import annotations

from .assets import ASSETS
from .routes import Docs, Page
from .site import build_site

__all__ = ["ASSETS", "Docs", "Page", "build_site"]
