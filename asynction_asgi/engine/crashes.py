"""Which exceptions of user code are crashes of it, and which must pass: they end its task, or the process."""

from __future__ import annotations

import asyncio
from typing import Any


def must_pass(error: BaseException, began_in: asyncio.Task[Any] | None = None) -> bool:
    """Return whether an exception that left user code has to be raised again.

    Everything else is a crash, and is answered and logged: BaseExceptions of any class too, SystemExit
    among them. Python raises GeneratorExit where a coroutine is closed, and nothing may be awaited then.

    Args:
        error: What was caught.
        began_in: The task in which the user code was called, where that is known. A coroutine that the
            garbage collector closes meets GeneratorExit in whichever task runs then, or in none.
    """
    if isinstance(error, Exception):
        return False
    if isinstance(error, asyncio.CancelledError):
        task = _current_task()
        return task is not None and task.cancelling() > 0  # else something that was awaited was cancelled
    if isinstance(error, GeneratorExit):
        task = _current_task()
        return task is None or began_in not in (None, task)
    return is_interrupt(error)


def is_interrupt(error: BaseException) -> bool:
    """Return whether an exception is KeyboardInterrupt: all that must pass a call of a plain function."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(KeyboardInterrupt) is not None
    return isinstance(error, KeyboardInterrupt)


def describe_crash(error: BaseException) -> str:
    """Return how a log line about a crash says what became of the handler."""
    return "raised SystemExit, which ends it and not the process" if _exits(error) else "failed"


def _exits(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(SystemExit) is not None
    return isinstance(error, SystemExit)


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no event loop runs
        return None


def is_refusal_by_hand(error: BaseException) -> bool:
    """Return whether the error is the builtin ConnectionRefusedError, which python-socketio lets handlers raise.

    One with an errno comes from a failed connection to a backend.
    """
    return isinstance(error, ConnectionRefusedError) and error.errno is None
