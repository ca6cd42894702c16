"""The quick check for NaN and Infinity: it may report too much, never too little."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynction_asgi.engine.wire.finite import may_hold_nan

TEXTS = st.text(max_size=8)
PARTS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS
)
LISTS = partial(st.lists, max_size=3)
VALUES = st.recursive(
    PARTS,
    lambda inner: st.one_of(LISTS(inner), st.dictionaries(TEXTS, inner, max_size=3), LISTS(inner).map(tuple)),
    max_leaves=12,
)
STRANGE = st.sampled_from([math.nan, -math.nan, math.inf, -math.inf])


@given(value=VALUES, number=STRANGE, other=VALUES)
def test_nan_and_infinity_are_always_found(value: Any, number: float, other: Any) -> None:
    """A walk is needed wherever the number is and whatever surrounds it."""
    assert may_hold_nan([value, number, other])
    assert may_hold_nan({"a": {"b": (number,)}, "c": value})
    assert may_hold_nan(number)


@pytest.mark.parametrize("value", [[1.5, "text", None, {"a": -2.0}], 1e308, "\x7f", ["é" * 3], {"n": 255}])
def test_an_ordinary_value_needs_no_walk(value: Any) -> None:
    """Numbers, texts and nulls are not mistaken for NaN."""
    assert not may_hold_nan(value)


def test_a_value_unknown_to_marshal_needs_a_walk() -> None:
    """A value that only an encoder's hooks can write needs a walk, as it may contain anything."""
    assert may_hold_nan([object()])
