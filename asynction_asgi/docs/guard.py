"""A user's function that decides which requests are answered."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from ..callables import is_coroutine_function
from ..logs import Throttle, get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    Guard = Callable[[Request], bool | Awaitable[bool]]

logger = get_logger()


class Admission:
    """Asks a guard, and refuses whatever it does not admit by True.

    Args:
        guard: Called with each request, in a worker thread unless it is a coroutine function.
        option: The option that it was given by, for the log.

    Raises:
        TypeError: The guard is not a function of one argument.
    """

    def __init__(self, guard: Guard, option: str) -> None:
        check_function(guard, option, "request")
        self._guard = guard
        self._option = option
        self._log = Throttle()

    async def admits(self, request: Request) -> bool:
        """Return the guard's answer; only True admits."""
        guard, failure = self._guard, None
        answer: Any
        try:
            answer = await (
                guard(request) if is_coroutine_function(guard) else run_in_threadpool(guard, request)  # type: ignore[misc]  # asked for above
            )
            if inspect.isawaitable(answer):
                answer = await answer
            if answer is True or answer is False:
                return answer
            what = f"returned {type(answer).__name__}, which is neither True nor False"
        except Exception as error:  # noqa: BLE001  # a guard may raise anything
            failure, what = error, "failed"
        if (unsaid := self._log.admits(what)) is not None:
            logger.error("refused a request: %s %s%s", self._option, what, unsaid, exc_info=failure)
        return False


def check_function(function: object, option: str, argument: str) -> None:
    """Refuse what can't be called with one argument.

    Raises:
        TypeError: It can't.
    """
    if not callable(function):
        raise TypeError(f"{option} takes a function of ({argument}), not {type(function).__name__}")
    try:
        inspect.signature(function).bind(None)
    except ValueError:  # a builtin may have no signature
        pass
    except TypeError as error:
        raise TypeError(f"{option} is called with ({argument}): {error}") from None
