"""Functions that generated code calls, tested beyond JSON's own values."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asynction_asgi.spec.schemas.runtime import Item, is_multiple, size


def test_finds_the_place_of_the_very_object() -> None:
    """An object is found by identity; a sequence that creates its items has no index for it."""
    first, second = [1], [1]
    assert Item([first, second], second, 0).index() == 1
    assert Item([first, second, first], first, 1).index() == 2
    assert Item([first], second, 0).index() == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_and_infinity_are_not_multiples(value: float) -> None:
    """The check of ``multipleOf`` refuses them without raising."""
    assert not is_multiple(value, Fraction(1, 10))


def test_size_is_in_bytes() -> None:
    """The size of a memoryview counts bytes, whatever its item size."""
    assert size(memoryview(b"abcd").cast("H")) == 4


FACTORS = [0.01, 0.1, 7, 1, 2.5, 0.3, 1e-300, 1e300, 5e-324, 1e22, 1.5e10, 123.456]
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
DECIMALS = st.builds(
    lambda digits, power: float(f"{digits}e{power}"), st.integers(-(10**17), 10**17), st.integers(-20, 20)
)


@settings(max_examples=500)
@given(value=FLOATS | DECIMALS | st.integers(-1000, 1000).map(float), factor=st.sampled_from(FACTORS))
def test_multiples_are_exact(value: float, factor: float) -> None:
    """Multiples are exact for numbers as JSON writes them."""
    written = Fraction(repr(factor))
    assert is_multiple(value, written) is ((Fraction(repr(value)) / written).denominator == 1)
