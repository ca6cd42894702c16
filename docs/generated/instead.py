"""What to write instead of names of other libraries, as the errors say it."""

from __future__ import annotations

from asynction_asgi.server.instead import ATTRIBUTES, KEYWORDS, OPTIONS

from .markdown import table


def instead() -> str:
    """Return a table of the names that raise an error with advice."""
    rows = [
        *((f"`app.{name}`", advice) for name, advice in ATTRIBUTES.items()),
        *((f"`emit(…, {name}=…)`", advice) for name, advice in KEYWORDS.items()),
        *((f"`from_spec(…, {name}=…)`", advice) for name, advice in OPTIONS.items()),
    ]
    return table(("Instead of", "The error says"), rows)
