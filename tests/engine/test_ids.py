"""Ids of connections."""

from __future__ import annotations

from typing import Any

from asynction_asgi.engine.ids import is_id, new_id
from tests.cases import each_case


def test_an_id_is_known_by_itself() -> None:
    """It has 20 characters that URLs may contain, and is different each time; change one character, and it fails."""
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(is_id(made) and len(made) == 20 for made in ids)
    assert set("".join(ids)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    for made in ids[:50]:
        for place in range(20):
            assert not is_id(made[:place] + ("A" if made[place] != "A" else "B") + made[place + 1 :])


@each_case(
    "value", ["", "x", "WcgIx3rv99gIS38zAAAB", "ż" * 20, "!" * 20, "=" * 20, 20, None, b"A" * 20, ["A"] * 20]
)
def test_other_values_are_not_ids(value: Any) -> None:
    """Among them ids of python-socketio, and names of rooms."""
    assert not is_id(value)
