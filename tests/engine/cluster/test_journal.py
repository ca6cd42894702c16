"""The limit on what is kept of a queue for clients that are on their way."""

from __future__ import annotations

import json

from asynction_asgi.engine.cluster.journal import Journal


def test_texts_of_this_process_are_limited_in_bytes() -> None:
    """Characters of four bytes count as such, as the bytes of other processes' messages do."""
    journal = Journal(json.loads, 1000)
    journal.wrote(json.dumps({"method": "emit", "data": "x" * 300}))
    assert (journal.begin, journal.end) == (0, 1)
    journal.wrote(json.dumps({"method": "emit", "data": "😀" * 300}, ensure_ascii=False))
    assert (journal.begin, journal.end) == (2, 2)
    journal.took({"method": "emit"}, 900)
    assert (journal.begin, journal.end) == (2, 3)
