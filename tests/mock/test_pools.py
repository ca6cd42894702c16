"""Pools: filled once, in a worker thread, when they are first asked."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from asynction_asgi.mock.pools import Pool
from asynction_asgi.spec.instances import UnsatisfiableError
from asynction_asgi.spec.text.document import load_document


async def test_a_pool_is_filled_once_and_goes_round() -> None:
    """However many ask at the same time; the thread of the event loop makes nothing."""
    made: list[int] = []
    threads: set[int] = set()

    def make() -> tuple[Any, ...]:
        threads.add(threading.get_ident())
        made.append(len(made))
        return (made[-1],)

    pool = Pool(make, ("last resort",))
    first = await asyncio.gather(*(pool.take() for _ in range(5)))
    assert sorted(first) == [(0,), (1,), (2,), (3,), (4,)]
    rest = [await pool.take() for _ in range(32)]
    assert len(made) == 32
    assert rest[-5:] == [(0,), (1,), (2,), (3,), (4,)]
    assert threading.get_ident() not in threads


async def test_what_is_hard_to_find_is_said_again() -> None:
    """Bad luck while a pool is filled is no error: its schema is known to admit a value."""
    found = iter([(1,), (2,)])

    def make() -> tuple[Any, ...]:
        for one in found:
            return one
        raise UnsatisfiableError(load_document({}).root)

    pool = Pool(make, ("last resort",))
    assert [await pool.take() for _ in range(4)] == [(1,), (2,), (1,), (2,)]
    unlucky = Pool(make, ("last resort",))
    assert [await unlucky.take() for _ in range(2)] == [("last resort",)] * 2
