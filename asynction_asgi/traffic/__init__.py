"""Records of traffic: a line of JSON for each connection and each event.

A record is written by a proxy and read to infer a document. By default it holds no text and no number of
a payload, only what `veil` leaves of them, and never a credential.
"""

from __future__ import annotations

from .lines import Connected, Happened, Head, Line, RecordError, read_record, written
from .veil import veil

__all__ = ["Connected", "Happened", "Head", "Line", "RecordError", "read_record", "veil", "written"]
