"""Why no application is written."""

from __future__ import annotations

from ..errors import AsynctionError


class ScaffoldError(AsynctionError):
    """An application can't be written for this document, or not there; nothing was written."""
