"""What generated code calls, where JSON's own values don't reach."""

from __future__ import annotations

from fractions import Fraction

import pytest

from asynction_asgi.spec.schemas.runtime import at, equals, is_multiple, size, unique


def test_finds_the_place_of_the_very_object() -> None:
    """By identity, from a start; a sequence that makes its items up has no place to name."""
    first, second = [1], [1]
    assert at([first, second], second) == 1
    assert at([first, second, first], first, 1) == 2
    assert at([first], second) == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_no_number_is_no_multiple(value: float) -> None:
    """Nor does it raise."""
    assert not is_multiple(value, Fraction(1, 10))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.5, 1.5], False),
        ([1.5, 2.5, 1], True),
        ([b"a", bytearray(b"a")], False),
        ([object(), object()], True),
        (["a", ["a"], {"a": "a"}], True),
        ([{"a": 1, "b": 2}, {"b": 2, "a": 1}], False),
        (["1:a", "1", "s1:1"], True),
    ],
)
def test_unique_compares_as_json(values: list[object], expected: bool) -> None:
    """Whatever the kinds of items, no two different ones are taken for equal."""
    assert unique(values) is expected


def test_equality_is_of_json() -> None:
    """``1`` is ``1.0`` and not ``true``; bytes are no strings."""
    assert equals({"a": [1, None]}, {"a": [1.0, None]})
    assert not equals({"a": [True]}, {"a": [1]})
    assert not equals(b"a", "a")
    assert size(memoryview(b"abcd").cast("H")) == 4
