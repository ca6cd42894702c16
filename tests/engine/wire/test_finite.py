"""The quick look for NaN and Infinity: it may be wrong in one direction only."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynction_asgi.engine.wire.finite import may_hold_nan

PARTS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()
)
VALUES = st.recursive(
    PARTS,
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner), st.lists(inner).map(tuple)),
)
STRANGE = st.sampled_from([math.nan, -math.nan, math.inf, -math.inf])


@given(value=VALUES, number=STRANGE, other=VALUES)
def test_a_value_that_holds_nan_or_infinity_is_always_seen(value: Any, number: float, other: Any) -> None:
    """Wherever the number stands and whatever stands beside it, a walk is asked for."""
    assert may_hold_nan([value, number, other])
    assert may_hold_nan({"a": {"b": (number,)}, "c": value})
    assert may_hold_nan(number)


@pytest.mark.parametrize("value", [[1.5, "text", None, {"a": -2.0}], 1e308, "\x7f", ["é" * 3], {"n": 255}])
def test_an_ordinary_value_needs_no_walk(value: Any) -> None:
    """Numbers, texts and nulls are not taken for NaN."""
    assert not may_hold_nan(value)


def test_a_value_that_marshal_does_not_know_needs_a_walk() -> None:
    """What only an encoder's hooks can write may hide anything."""
    assert may_hold_nan([object()])
