"""What becomes of an error: the error handler receives it, the client a refusal, and the log the rest."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ..engine import ConnectionRefusedError as RefusedByHandlerError
from ..engine.crashes import describe_crash, is_refusal_by_hand, must_pass
from ..engine.logs import fields_of
from ..errors import (
    AckValidationError,
    DisconnectedError,
    NoAnswerError,
    RefusedError,
    ValidationError,
    internal_error,
    new_ref,
    shorten,
)
from ..logs import Throttle, get_logger
from ..reasons import Code
from .calls import Call, CallKind
from .conversion.outgoing import arguments_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .contract import Contract
    from .namespace_routes import NamespaceRoutes
    from .socket import Socket

logger = get_logger()

_WORDS: Mapping[CallKind, str] = {
    "event": "handler of {event!r} in {namespace}",
    "connect": "connect handler of {namespace}",
    "disconnect": "disconnect handler of {namespace}",
    "callback": "callback of {event!r}",
}


class Failures:
    """Passes errors to the error handlers of a contract.

    Args:
        contract: Its namespaces, and the handlers bound to them.
    """

    def __init__(self, contract: Contract) -> None:
        self._faults = Throttle()  # of clients, which could fill the log
        self._namespaces = contract.namespaces
        self._routes = contract.routes

    async def tell(self, routes: NamespaceRoutes, call: Call, error: BaseException) -> list[Any]:
        """Run the error handler, and return its answer as arguments; empty if there is no answer.

        Args:
            routes: Those of the namespace.
            call: What failed.
            error: The error.

        Raises:
            RefusedError: The error handler raised it, or failed.
        """
        handler = routes.lifecycle.get("error") or self._routes.default_error
        if handler is None:
            return []
        task = asyncio.current_task()
        try:
            about = {name: getattr(call, name) for name in handler.asked}
            return arguments_of(await handler.call_with(call.socket, (error,), about))
        except RefusedError:
            raise
        except BaseException as handler_error:
            if must_pass(handler_error, task):
                raise
            if handler_error.__context__ is None and handler_error is not error:
                handler_error.__context__ = error  # worker threads don't know the error being handled
            what = f"error handler of {call.namespace}"
            raise _crash(what, handler_error, call.ref, _fields(call)) from None

    async def report(self, routes: NamespaceRoutes, call: Call, error: BaseException) -> None:
        """Pass an error that has no caller to answer to the error handler, or else to the log."""
        try:
            answered = await self.tell(routes, call, error)
        except RefusedError as refusal:
            self._log(refusal, call)
        else:
            self._log(error, call, answered=bool(answered))

    async def report_callback(self, error: BaseException, event: str, socket: Socket | None) -> None:
        """Report a failed callback or an invalid answer; no caller is waiting for it.

        Args:
            error: The error.
            event: The event that was to be answered.
            socket: The client's connection, or None if it is not in this process.
        """
        resolved = None if socket is None else self._namespaces.resolve(socket.namespace)
        if socket is None or resolved is None:
            _crash(_WORDS["callback"].format(event=event), error, new_ref(), {"event": event})
        else:
            call = Call("callback", socket, event, ())
            await self.report(self._routes.namespaces[resolved.declared.name], call, error)

    def refusal_of_handler(self, error: BaseException, call: Call, *, log: bool) -> BaseException:
        """Return the refusal for an error that the handler of an event raised; arguments as `refusal_of_check`."""
        if _is_refusal_of_handler(error):
            return error
        code = code_of(error)
        if code is Code.INTERNAL_ERROR:
            return _crash_of(call, error, log=log)
        self._warn(error, call, code)
        invalid = code is Code.INVALID_ACK
        message = "a client's answer does not match the document" if invalid else "a client did not answer"
        return RefusedError(code.value, message)

    def _log(self, error: BaseException, call: Call, *, answered: bool = False) -> None:
        if _is_clients_answer(error):
            self._warn(error, call, Code.INVALID_ACK)
        elif not answered:
            _crash_of(call, error, log=True)

    def _warn(self, error: BaseException, call: Call, code: Code) -> None:
        """Log the fault of a client, which is no crash."""
        if (unsaid := self._faults.admits((call.namespace, call.event, code))) is not None:
            logger.warning("%s: %s%s", _name(call), error, unsaid, extra=_fields(call))


def refusal_of_check(error: BaseException, call: Call, *, log: bool) -> BaseException:
    """Return the refusal for an error of the contract's own checks, around a handler.

    Args:
        error: The error.
        call: What failed.
        log: Whether a crash is logged; the error handler may have dealt with it.
    """
    if isinstance(error, AckValidationError):
        error.ref = call.ref
        extra = {**_fields(call), "code": error.code, "reason": error.keyword, "ref": error.ref}
        logger.error("ack not sent [ref %s]: %s", error.ref, error, extra=extra)
    if isinstance(error, RefusedError | RefusedByHandlerError):
        return error
    return _crash_of(call, error, log=log)


def code_of(error: BaseException) -> Code:
    """Return the code of the refusal for an error of the handler of an event, or of the checks before it."""
    if isinstance(error, RefusedError) and _is_refusal_of_handler(error):
        return Code.of(error.code)
    if isinstance(error, NoAnswerError):
        return Code.TIMEOUT
    if isinstance(error, DisconnectedError):
        return Code.UNAVAILABLE
    return Code.INVALID_ACK if _is_clients_answer(error) else Code.INTERNAL_ERROR


def refusal_of_connect_handler(error: BaseException, call: Call, *, log: bool) -> BaseException:
    """Return the refusal for an error that a connect handler raised; arguments as `refusal_of_check`."""
    if isinstance(error, RefusedByHandlerError) or _is_refusal_of_handler(error):
        return error
    if is_refusal_by_hand(error):
        return RefusedError("forbidden", "Connection refused by server")
    return _crash_of(call, error, log=log)


def _is_refusal_of_handler(error: BaseException) -> bool:
    """Return whether the client receives what a handler raised.

    A validation error is about what the handler sent, or asked another client for: to this client it is a
    failure like any other. But one of the conversion of its parameters is about what this client sent.
    """
    if isinstance(error, ValidationError):
        return error.direction == "inbound" and not isinstance(error, AckValidationError)
    return isinstance(error, RefusedError)


def _is_clients_answer(error: BaseException) -> bool:
    return isinstance(error, AckValidationError) and error.direction == "inbound"


def _crash_of(call: Call, error: BaseException, *, log: bool) -> RefusedError:
    return _crash(_name(call), error, call.ref, _fields(call) if log else None)


def _crash(what: str, error: BaseException, ref: str, about: Mapping[str, Any] | None) -> RefusedError:
    """Return the refusal for a crash, and log it with what is known of it; without that, user code has dealt with it."""
    log = None if about is None else logger
    return internal_error(f"{what} {describe_crash(error)}", error, log, ref=ref, about=about)


def _name(call: Call) -> str:
    return _WORDS[call.kind].format(event=shorten(call.event), namespace=call.namespace)


def _fields(call: Call) -> dict[str, Any]:
    socket = call.socket
    event = call.event if call.kind in ("event", "callback") else None
    return fields_of(socket.namespace, socket.id, socket.environ, event)
