"""Coroutines that are started where nothing can be awaited, or where most of them end without waiting."""

from __future__ import annotations

from types import CoroutineType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Coroutine, Generator

    Steps = Coroutine[Any, Any, Any] | Generator[Any, Any, Any]


def steps_of(awaitable: Awaitable[Any]) -> Steps:
    """Return an awaitable, most often a coroutine, as something that can be stepped by hand."""
    return awaitable if isinstance(awaitable, CoroutineType) else _awaited(awaitable)


def _awaited(awaitable: Awaitable[Any]) -> Generator[Any, Any, Any]:
    yield from awaitable.__await__()


class Rest:
    """What is left of a coroutine after its first step, which may have been made outside any task."""

    def __init__(self, steps: Steps, pending: Any) -> None:
        self._steps = steps
        self._pending = pending

    def __await__(self) -> Generator[Any, Any, Any]:
        pending = self._pending
        try:
            while True:
                try:
                    yield pending
                except BaseException as error:  # noqa: BLE001  # cancellation included, as `yield from` does
                    pending = self._steps.throw(error)
                else:
                    pending = self._steps.send(None)
        except StopIteration as ended:
            return ended.value
