"""Which exceptions count as crashes of user code, and which propagate."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from asynction_asgi.engine.crashes import describe_crash, is_interrupt, must_pass

if TYPE_CHECKING:
    from collections.abc import Coroutine


class Halt(BaseException):
    """An application's own exception class."""


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (ValueError(), False),
        (Halt(), False),
        (SystemExit(), False),
        (GeneratorExit(), False),
        (asyncio.CancelledError(), False),
        (BaseExceptionGroup("", [Halt(), SystemExit()]), False),
        (KeyboardInterrupt(), True),
        (BaseExceptionGroup("", [ValueError(), BaseExceptionGroup("", [KeyboardInterrupt()])]), True),
    ],
    ids=repr,
)
async def test_only_keyboard_interrupt_is_not_a_crash(error: BaseException, *, passes: bool) -> None:
    """Only KeyboardInterrupt, also inside a group, propagates and ends the process."""
    assert must_pass(error, asyncio.current_task()) is passes
    assert must_pass(error) is passes
    assert is_interrupt(error) is passes


async def test_the_cancellation_of_a_task_passes() -> None:
    """A requested cancellation of the current task propagates and does not count as a crash."""
    seen: list[bool] = []

    async def run() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            seen.append(must_pass(error))

    task = asyncio.create_task(run())
    await asyncio.sleep(0)
    task.cancel()
    await task
    assert seen == [True]


async def suspended(seen: list[bool]) -> None:
    task = asyncio.current_task()
    try:
        await asyncio.get_running_loop().create_future()
    except GeneratorExit as error:
        seen.append(must_pass(error, task))
        raise


def start(coroutine: Coroutine[object, None, None]) -> None:
    coroutine.send(None)


async def test_closing_a_coroutine_from_another_task_passes() -> None:
    """GeneratorExit propagates when another task closes the coroutine, as it may not await any more."""
    seen: list[bool] = []
    coroutine = suspended(seen)
    start(coroutine)

    async def collect() -> None:
        coroutine.close()

    await asyncio.create_task(collect())
    assert seen == [True]


def test_closing_a_coroutine_after_its_loop_passes() -> None:
    """GeneratorExit propagates when the loop is gone, as when an application stops with handlers running."""
    seen: list[bool] = []
    coroutine = suspended(seen)

    async def begin() -> None:
        start(coroutine)

    asyncio.run(begin())
    coroutine.close()
    assert seen == [True]


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (Halt(), "failed"),
        (BaseExceptionGroup("", [Halt()]), "failed"),
        (SystemExit(1), "SystemExit"),
        (BaseExceptionGroup("", [SystemExit(1)]), "SystemExit"),
    ],
    ids=repr,
)
def test_the_log_names_an_ignored_system_exit(error: BaseException, word: str) -> None:
    """The description names SystemExit, as the author of ``sys.exit`` expects the process to end."""
    assert word in describe_crash(error)
