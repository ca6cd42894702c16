"""Pools of example values, filled once in a worker thread on first use."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from asynction_asgi.mock.pools import Pool
from asynction_asgi.spec.instances import UnsatisfiableError
from asynction_asgi.spec.text.document import load_document


async def test_a_pool_is_filled_once_and_goes_round() -> None:
    """Concurrent callers fill a pool once, outside the event loop's thread, and then share its values."""
    numbers: list[int] = []
    threads: set[int] = set()

    def make() -> tuple[Any, ...]:
        threads.add(threading.get_ident())
        numbers.append(len(numbers))
        return (numbers[-1],)

    pool = Pool(make, ("last resort",))
    first = await asyncio.gather(*(pool.take() for _ in range(5)))
    assert sorted(first) == [(0,), (1,), (2,), (3,), (4,)]
    rest = [await pool.take() for _ in range(32)]
    assert len(numbers) == 32
    assert rest[-5:] == [(0,), (1,), (2,), (3,), (4,)]
    assert threading.get_ident() not in threads


async def test_a_pool_repeats_values_after_a_failed_search() -> None:
    """If no further value is found, the pool repeats its values or uses the last resort."""
    values = iter([(1,), (2,)])

    def make() -> tuple[Any, ...]:
        for value in values:
            return value
        raise UnsatisfiableError(load_document({}).root)

    pool = Pool(make, ("last resort",))
    assert [await pool.take() for _ in range(4)] == [(1,), (2,), (1,), (2,)]
    unlucky = Pool(make, ("last resort",))
    assert [await unlucky.take() for _ in range(2)] == [("last resort",)] * 2
