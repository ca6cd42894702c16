"""Threads that get in one another's way."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_Value = TypeVar("_Value")


def in_threads(count: int, function: Callable[[], Iterable[_Value]]) -> list[_Value]:
    """Call a function in several threads, which take turns as often as possible; return what all have returned."""
    values: list[_Value] = []
    barrier = threading.Barrier(count)

    def run() -> None:
        barrier.wait()
        values.extend(function())

    threads = [threading.Thread(target=run) for _ in range(count)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    return values
