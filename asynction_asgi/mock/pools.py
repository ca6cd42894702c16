"""Mocked arguments, made once, before they are first needed."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import anyio.to_thread

from ..spec.instances import UnsatisfiableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SIZE = 32
# The maker of values keeps state, and all pools of a contract share it.
_filling = threading.Lock()

Values = tuple[Any, ...]


class Pool:
    """Lists of arguments, taken in turn.

    All are made in a worker thread, when the first is taken.

    Args:
        make: Makes one list.
        last_resort: The list to use if `make` finds none, by bad luck.
    """

    def __init__(self, make: Callable[[], Values], last_resort: Values) -> None:
        self._make = make
        self._values: Sequence[Values] = (last_resort,)
        self._is_full = False
        self._taken = 0

    @classmethod
    def of(cls, values: Sequence[Values]) -> Pool:
        """Make a pool of given lists, at least one, taken in their order."""
        pool = cls(lambda: values[0], values[0])
        pool._values, pool._is_full = tuple(values), True
        return pool

    async def take(self) -> Values:
        """Return the next list; the first again after the last."""
        if not self._is_full:
            await anyio.to_thread.run_sync(self._fill)
        self._taken += 1
        return self._values[(self._taken - 1) % len(self._values)]

    def _fill(self) -> None:
        with _filling:
            if self._is_full:
                return
            values: list[Values] = []
            with contextlib.suppress(UnsatisfiableError):
                while len(values) < _SIZE:
                    values.append(self._make())
            self._values, self._is_full = tuple(values) or self._values, True
