"""The codes of diagnostics and refusals."""

from __future__ import annotations

from asynction_asgi.codes import DIAGNOSTICS, REFUSALS

from .markdown import table


def diagnostic_codes() -> str:
    """Return a table of codes, with what each is about."""
    rows = [
        (f"`{code}`", about, means) for about, codes in DIAGNOSTICS.items() for code, means in codes.items()
    ]
    return table(("Code", "About", "Means"), rows)


def refusal_codes() -> str:
    """Return a table of the codes that the server itself sends."""
    return table(("Code", "Means"), [(f"`{code}`", means) for code, means in REFUSALS.items()])
