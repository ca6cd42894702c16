"""The metrics of a server."""

from __future__ import annotations

from asynction_asgi.metrics import FAMILIES

from .markdown import table


def metrics() -> str:
    """Return a table of all metrics, with their labels and what each says."""
    rows = [
        (f"`{family.sample}`", family.kind, ", ".join(f"`{label}`" for label in family.labels), family.help)
        for family in FAMILIES
    ]
    return table(("Metric", "Kind", "Labels", "Says"), rows)
