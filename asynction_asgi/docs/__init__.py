"""The contract for people: a page with a console, and the document as JSON and YAML.

What makes the page is imported when it is first shown; `site.build_site` writes it as files.
"""

from __future__ import annotations

from .assets import ASSETS
from .http import Docs, Page

__all__ = ["ASSETS", "Docs", "Page"]
