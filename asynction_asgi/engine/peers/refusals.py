"""Refusals as frames: what the option ``refusal_body`` makes of them, or the standard form."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from ...errors import RefusedError, internal_error, new_ref
from ...logs import get_logger
from ..crashes import is_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..wire.frames import Frame

    Body = Callable[[RefusedError], Any]

logger = get_logger("engine")


class Refusals:
    """A peer is answered whatever the option does.

    Args:
        make: The option ``refusal_body``.
    """

    def __init__(self, make: Body | None) -> None:
        self._make = make
        self._told: dict[tuple[type, int], str] = {}

    def frames(
        self, error: RefusedError, encode: Callable[[RefusedError, Any], list[Frame]], *, standard: Body
    ) -> list[Frame]:
        """Return the frames of one refusal.

        Args:
            error: Why the peer is refused.
            encode: Makes frames of the error and its body, or raises.
            standard: The body without the option, and where what the option makes can't be sent.
        """
        if self._make is not None:
            try:
                return encode(error, _made(self._make, error))
            except BaseException as failure:  # of the option, which may do anything
                if is_interrupt(failure):
                    raise
                error = _under(self._ref(failure), error)
        try:
            return encode(error, standard(error))
        except Exception as failure:  # noqa: BLE001  # a handler may raise a refusal that holds anything
            error = internal_error("a refusal can't be sent as it was raised", failure, logger)
            return encode(error, standard(error))

    def _ref(self, failure: BaseException) -> str:
        """Return the reference of a failure of the option; log the failure once, since clients can repeat it."""
        trace = failure.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        key = type(failure), 0 if trace is None else trace.tb_lineno
        if key not in self._told:
            self._told[key] = new_ref()
            logger.error(
                "refusal_body failed or made what can't be sent; using the standard refusal [ref %s]",
                self._told[key],
                exc_info=failure,
            )
        return self._told[key]


def _made(make: Body, error: RefusedError) -> Any:
    body = make(error)
    if inspect.iscoroutine(body):
        body.close()
        raise TypeError("refusal_body must be a plain function: a refusal does not wait")
    return body


def _under(ref: str, error: RefusedError) -> RefusedError:
    """Return the same refusal, which keeps the reference under which it was logged."""
    return RefusedError(
        error.code,
        error.message,
        details=error.details,
        ref=error.ref or ref,
        retry_after=error.retry_after,
    )
