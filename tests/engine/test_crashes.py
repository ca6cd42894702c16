"""Which exceptions are crashes of user code, and which pass."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from asynction_asgi.engine.crashes import describe_crash, is_interrupt, must_pass

if TYPE_CHECKING:
    from collections.abc import Coroutine


class Halt(BaseException):
    """A class of an application's own."""


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
async def test_what_is_raised_in_a_task_is_a_crash_unless_the_user_interrupts(
    error: BaseException, *, passes: bool
) -> None:
    """Only KeyboardInterrupt goes on to end the process, in a group too."""
    assert must_pass(error, asyncio.current_task()) is passes
    assert must_pass(error) is passes
    assert is_interrupt(error) is passes


async def test_the_cancellation_of_a_task_passes() -> None:
    """A cancellation that nobody asked this task for is a crash."""
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


async def test_the_end_of_a_coroutine_that_another_task_collects_passes() -> None:
    """Nothing may be awaited there."""
    seen: list[bool] = []
    coroutine = suspended(seen)
    start(coroutine)

    async def collect() -> None:
        coroutine.close()

    await asyncio.create_task(collect())
    assert seen == [True]


def test_the_end_of_a_coroutine_after_its_loop_passes() -> None:
    """As where an application stops with handlers running."""
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
def test_the_log_says_what_did_not_end_the_process(error: BaseException, word: str) -> None:
    """An author who calls ``sys.exit`` expects the process to end."""
    assert word in describe_crash(error)
