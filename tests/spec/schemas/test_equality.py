"""Values are compared by JSON's rules, not Python's."""

from __future__ import annotations

from typing import Any

from asynction_asgi.spec.schemas.equality import Texts, equals, unique
from tests.cases import each_case


@each_case(
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
    """``uniqueItems`` never takes different items for equal, whatever their types."""
    assert unique(values, {}) is expected


def test_equality_is_of_json() -> None:
    """``1`` equals ``1.0`` but not ``true``, and bytes do not equal a string."""
    assert equals({"a": [1, None]}, {"a": [1.0, None]})
    assert not equals({"a": [True]}, {"a": [1]})
    assert not equals(b"a", "a")


LARGE = [2**53 - 1, 2**53, 2**53 + 2, 10**22, 2**1000, -(2**60), 3 * 2**70]


@each_case("number", LARGE)
def test_large_numbers_are_equal_however_they_are_written(number: int) -> None:
    """An integer equals the float of the same value, and differs from the next integer."""
    text = Texts().of
    assert text(float(number)) == text(int(float(number)))
    assert text(number) != text(number + 1)
    assert text(number) != text(-number)


def test_repeated_comparisons_share_their_work() -> None:
    """Nested arrays that are compared repeatedly are visited once."""

    class Counted(list[Any]):
        looks = 0

        def __iter__(self) -> Any:
            type(self).looks += 1
            return super().__iter__()

    inner = Counted([1, 2])
    outer = [inner, 0]
    whole = [outer, [[1, 2], 0]]
    memo: dict[Any, Any] = {}
    assert unique(outer, memo)
    assert unique([outer, 0], memo)
    assert not unique(whole, memo)
    assert Counted.looks == 1
