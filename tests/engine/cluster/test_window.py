"""Which numbers of a sender have arrived, and which are lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynction_asgi.engine.cluster.window import REORDERED, Window


def test_numbers_in_order_are_admitted_once() -> None:
    """Each number is admitted once and then refused, including the first."""
    window = Window(7, earlier=False)
    assert [window.admit(number) for number in (7, 8, 9, 9, 8, 7)] == [True, True, True, False, False, False]
    assert window.settle() == 0


@pytest.mark.parametrize("earlier", [False, True])
def test_numbers_before_the_first(earlier: bool) -> None:  # a parameter of the test
    """An earlier number is admitted only if messages may arrive out of order."""
    window = Window(100, earlier=earlier)
    assert window.admit(100)
    assert window.admit(99) is earlier


def test_a_filled_gap_is_not_lost() -> None:
    """A number that fills a gap in time is not lost; once given up, it is refused."""
    window = Window(1, earlier=False)
    for number in (1, 2, 5):
        assert window.admit(number)
    assert window.settle() == 0, "it may still arrive"
    assert window.admit(3)
    assert window.settle() == 1, "4 did not arrive"
    assert not window.admit(4)
    assert window.settle() == 0


def test_a_jump_beyond_the_window_is_counted() -> None:
    """All skipped numbers count as lost, however many they are."""
    window = Window(1, earlier=False)
    window.admit(1)
    window.admit(10 * REORDERED)
    assert window.settle() + window.settle() == 10 * REORDERED - 2


@given(st.lists(st.integers(1, 3 * REORDERED), max_size=60))
def test_a_window_behaves_like_a_set(numbers: list[int]) -> None:
    """Within the window every number is admitted once, and lost are the numbers that never arrived."""
    window = Window(1, earlier=False)
    window.admit(1)
    seen, highest = {1}, 1
    for number in numbers:
        expected = number not in seen and number > highest - REORDERED
        assert window.admit(number) is expected
        if expected:
            seen.add(number)
        highest = max(highest, number)
    assert window.settle() + window.settle() == highest - len(seen)
