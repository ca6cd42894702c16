"""Handlers of three shapes, inspected once and converted to one: ``(socket, arguments) -> awaitable``.

A handler is matched by its signature. Its first parameter may be named ``sid`` (python-socketio's
form) or ``socket`` (the connection in hand); the event's arguments follow. Keyword-only parameters
are injected by name. Plain functions run in a worker thread, so they never block the loop.
"""

from __future__ import annotations

import functools
import inspect
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .bound_handler import BoundHandler
from .injected import OF_ERROR, OF_EVENT, OF_SOCKET
from .providing.sources import Providers
from .signatures import POSITIONAL, UnbindableError, read_lead, read_parameters
from .threads import as_coroutine_function, as_starting_function
from .unled import explain_missing_lead

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from .bound_handler import CallWith, Invoke
    from .signatures import Lead
    from .socket import Socket

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def bind_event_handler(
    function: Callable[..., Any],
    params: Sequence[str] = (),
    *,
    named: bool = False,
    also: Sequence[str] = OF_EVENT,
    providers: Providers | None = None,
) -> BoundHandler:
    """Bind the handler of an event.

    Args:
        function: A coroutine function or a plain one, or any callable.
        params: Names of the namespace's parameters, which may be injected too.
        named: Whether the event's name precedes the arguments; ``sid`` or ``socket`` may follow it then,
            as in python-socketio.
        also: Attributes of a `Call` that may be injected.
        providers: Provide other values.

    Raises:
        UnbindableError: It is not callable, has no signature, or asks for an unknown value.
    """
    parameters = read_parameters(function)
    positional = [parameter for parameter in parameters if parameter.kind in POSITIONAL]
    leads = [read_lead(function, parameter) for parameter in positional]
    place = 1 if named and len(leads) > 1 and leads[0] is None and leads[1] is not None else 0
    lead = leads[place] if leads else None
    if lead is None and "socket" in leads:
        misplaced = positional[leads.index("socket")].name
        raise UnbindableError(f"{misplaced!r} takes the connection: put it first, or make it keyword-only")
    taken = [parameter for index, parameter in enumerate(positional) if lead is None or index != place]
    rest = [parameter for parameter in parameters if parameter.kind is inspect.Parameter.VAR_POSITIONAL]
    needs = (providers or Providers({})).needs(function, parameters)
    injected = _injections(parameters, params, also=also, provided=needs)
    call, asked = _awaitable(function, needs), tuple(name for name in also if name in injected)
    readers = {name: read for name, read in injected.items() if name not in asked}
    call_with = _caller(call, lead, readers, place=place)
    return BoundHandler(
        invoke=_asking(call_with, asked) if injected or place else _invoker(call, lead),
        call_with=call_with,
        asked=asked,
        needs=needs,
        minimum=sum(parameter.default is inspect.Parameter.empty for parameter in taken),
        maximum=None if rest else len(taken),
        function=function,
        without_connection=() if lead is not None else tuple(parameter.name for parameter in positional),
        taken=(*taken, *rest),
        named=named,
    )


def bind_error_handler(function: Callable[..., Any], params: Sequence[str] = ()) -> BoundHandler:
    """Bind an error handler: the exception, after an optional ``sid`` or ``socket``.

    It may ask for ``event``, ``arguments``, ``kind`` and ``ref`` of the call that failed.

    Raises:
        UnbindableError: It can't be called with one exception.
    """
    bound = bind_event_handler(function, params, also=OF_ERROR)
    doubt = explain_missing_lead(bound, "an error", [(1, 1)])
    if doubt is not None:
        raise UnbindableError(doubt)
    if bound.needs:
        raise UnbindableError(
            f"an error handler is not provided with values, and asks for {bound.needs[0][0]!r};"
            " keep what it needs in socket.state, or use @app.around"
        )
    if bound.minimum > 1 or bound.maximum == 0:
        raise UnbindableError(f"an error handler is called with the exception alone, and takes {bound.takes}")
    return bound


def bind_lifecycle_handler(
    function: Callable[..., Any],
    order: Sequence[str],
    params: Sequence[str] = (),
    *,
    reading_auth: Callable[[inspect.Parameter], Callable[[Socket], Any] | None] = lambda _: None,
    providers: Providers | None = None,
) -> BoundHandler:
    """Bind a connect or disconnect handler: every parameter is injected, by name before by place.

    Args:
        function: A coroutine function or a plain one.
        order: python-socketio's order, for parameters with names of their own:
            ``("sid", "environ", "auth")`` or ``("sid", "reason")``.
        params: Names of the namespace's parameters.
        reading_auth: Returns what converts the auth for a parameter, or None.
        providers: Provide other values.

    Raises:
        UnbindableError: A parameter without a default can't be filled.
    """
    known = {**OF_SOCKET, **_from_params(params)}
    sources: list[Callable[[Socket, Sequence[Any]], Any]] = []
    parameters = read_parameters(function)
    for index, parameter in enumerate(parameters):
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            sources += [_source(name, order, known) for name in order[index:]]
        if parameter.kind not in POSITIONAL:
            break
        lead = read_lead(function, parameter)
        name: str | None = "socket" if lead == "socket" else parameter.name
        if name not in known and name not in order:
            name = lead or (order[index] if index < len(order) else None)
        if name is None:
            if parameter.default is not inspect.Parameter.empty:
                break
            raise _nothing_to_inject(parameter.name, known)
        sources.append(_source(name, order, known, reading_auth(parameter) if name == "auth" else None))
    needs = (providers or Providers({})).needs(function, parameters)
    by_name = {parameter.name: parameter for parameter in parameters}
    named = {
        name: _source(name, order, known, reading_auth(by_name[name]) if name == "auth" else None)
        for name in _injections(parameters, params, also=order, provided=needs)
    }
    call = _awaitable(function, needs)

    def call_with(socket: Socket, arguments: Sequence[Any], extra: Mapping[str, Any]) -> Awaitable[Any]:
        return call(
            *[read(socket, arguments) for read in sources],
            **{name: read(socket, arguments) for name, read in named.items()},
            **extra,
        )

    return BoundHandler(invoke=_asking(call_with, ()), call_with=call_with, needs=needs, function=function)


def _source(
    name: str,
    order: Sequence[str],
    known: Mapping[str, Callable[[Socket], Any]],
    converting: Callable[[Socket], Any] | None = None,
) -> Callable[[Socket, Sequence[Any]], Any]:
    """Return a reader of a parameter's value: from the event's own arguments (a reason) or the socket."""
    read = converting or known.get(name)
    if read is not None:
        return lambda socket, _: read(socket)
    place = order.index(name) - 1  # the first of python-socketio's arguments is always the sid
    return lambda _, arguments: arguments[place]


def _injections(
    parameters: Sequence[inspect.Parameter],
    params: Sequence[str],
    also: Sequence[str] = (),
    *,
    provided: Sequence[tuple[str, object]],
) -> dict[str, Callable[[Socket], Any]]:
    """Return readers for the keyword-only parameters that can be filled; those of `also` map to None."""
    known: dict[str, Any] = {**dict.fromkeys(also), **OF_SOCKET, **_from_params(params)}
    readers: dict[str, Callable[[Socket], Any]] = {}
    taken = {name for name, _ in provided}
    for parameter in parameters:
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY or parameter.name in taken:
            continue
        if parameter.name in known:
            readers[parameter.name] = known[parameter.name]
        elif parameter.default is inspect.Parameter.empty:
            raise _nothing_to_inject(parameter.name, known)
    return readers


def _nothing_to_inject(name: str, known: Mapping[str, object]) -> UnbindableError:
    return UnbindableError(
        f"no value is known for the parameter {name!r}; use one of {', '.join(sorted(known))},"
        " or provide its type: from_spec(…, provide={…})"
    )


def _from_params(params: Sequence[str]) -> dict[str, Callable[[Socket], Any]]:
    """Return readers of a namespace's parameters; the connection keeps its own names, as in events."""
    return {name: functools.partial(_param, name) for name in params if name not in ("socket", "sid")}


def _param(name: str, socket: Socket) -> Any:
    return socket.params[name]


def _awaitable(function: Callable[..., Any], needs: Sequence[object]) -> Callable[..., Awaitable[Any]]:
    """Return what calls a handler; what it needs must know when its thread ends."""
    return as_starting_function(function) if needs else as_coroutine_function(function)


def _invoker(call: Callable[..., Awaitable[Any]], lead: Lead | None) -> Invoke:
    """Make the cheapest closure for each form without injected values: this runs once per event."""
    if lead == "socket":
        return lambda socket, arguments, _=False: call(socket, *arguments)
    if lead == "sid":
        return lambda socket, arguments, _=False: call(socket.id, *arguments)
    return lambda _, arguments, __=False: call(*arguments)


def _caller(
    call: Callable[..., Awaitable[Any]],
    lead: Lead | None,
    injected: Mapping[str, Callable[[Socket], Any]],
    *,
    place: int,
) -> CallWith:
    readers = tuple(injected.items())

    def call_with(socket: Socket, arguments: Sequence[Any], extra: Mapping[str, Any]) -> Awaitable[Any]:
        named = {name: read(socket) for name, read in readers}
        if lead is None:
            return call(*arguments, **named, **extra)
        first = socket if lead == "socket" else socket.id
        return call(*arguments[:place], first, *arguments[place:], **named, **extra)

    return call_with


def _asking(call_with: CallWith, asked: Sequence[str]) -> Invoke:
    """Return the closure of a handler with injected values."""
    if not asked:
        return lambda socket, arguments, _=False: call_with(socket, arguments, _NOTHING)
    return lambda socket, arguments, wants_ack=False: call_with(socket, arguments, {"wants_ack": wants_ack})
