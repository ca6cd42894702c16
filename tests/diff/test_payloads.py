"""Labelled pairs of schemas as payloads, in both directions and both majors of AsyncAPI."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.diff import compare_specs
from asynction_asgi.spec import load_spec

from ..spec.containment.pairs import BREAKING, COMPATIBLE
from .documents import document


def spec_of(major: int, schema: Any, direction: str) -> Any:
    """Load a contract with one event, whose only argument has this schema."""
    payload = {"$ref": "#/components/schemas/it"}
    parts: dict[str, Any] = {direction: {"it": {"payload": payload, "x-positional": False}}}
    body = document(major, **parts)
    moved = _moved(schema)
    return load_spec({**body, "components": {"schemas": {"it": moved}}})


def _moved(schema: Any) -> Any:
    """Return the schema with its references to itself redirected to the component."""
    if isinstance(schema, dict):
        return {key: _moved(value) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_moved(value) for value in schema]
    return "#/components/schemas/it" if schema == "#/schema" else schema


PAIRS = [
    *(pytest.param(old, new, True, id=name) for name, (old, new) in BREAKING.items()),
    *(pytest.param(old, new, False, id=name) for name, (old, new) in COMPATIBLE.items()),
]


@pytest.mark.parametrize("major", [2, 3], ids=["2.x", "3.x"])
@pytest.mark.parametrize(("old", "new", "breaks"), PAIRS)
def test_a_pair_of_payloads_is_judged(major: int, old: Any, new: Any, breaks: bool) -> None:
    """What clients may send must stay accepted, and what the server may send must be expected."""
    narrowed = {
        "receives": ("breaking", "ARGUMENTS_NARROWED") if breaks else ("compatible", "ARGUMENTS_WIDENED"),
        "sends": ("breaking", "ARGUMENTS_WIDENED") if breaks else ("compatible", "ARGUMENTS_NARROWED"),
    }
    for direction, expected in narrowed.items():
        before, after = (old, new) if direction == "receives" else (new, old)
        changes = compare_specs(spec_of(major, before, direction), spec_of(major, after, direction)).changes
        if not breaks and changes == ():  # equivalent schemas
            continue
        assert [(change.level, change.code) for change in changes] == [expected]
        assert (changes[0].witness is not None) is breaks
