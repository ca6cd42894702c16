"""Hooks around handlers: they measure, refuse, answer instead, and alter answers."""

from __future__ import annotations

import inspect
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from ..callables import is_coroutine_function, name_function
from ..errors import RefusedError
from ..spec.model.by_event import WILDCARD
from .bound_handler import BoundHandler
from .threads import ThreadCall

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from .calls import Call
    from .namespace_routes import NamespaceRoutes

    Perform: TypeAlias = "Callable[[Call], Awaitable[Any]]"
    Around: TypeAlias = "Callable[[Call, Callable[[], Awaitable[Any]]], Awaitable[Any]]"


class Arounds:
    """The hooks of an application, in the order of their registration; the first is outermost."""

    def __init__(self) -> None:
        self._registered: list[tuple[str | None, str | None, Around]] = []

    def add(self, namespace: str | None, event: str | None, function: Around) -> None:
        """Register a hook for an event, for all of a namespace, or for everything.

        Raises:
            TypeError: It is not a coroutine function that takes a call and ``proceed``.
        """
        check_hook(function, "around", "call")
        self._registered.append((namespace, event, function))

    def wrap(self, routes: NamespaceRoutes, event: str | None = None) -> None:
        """Put the hooks around the handlers of a namespace, or of one event; others stay as they are."""
        if not self._registered:
            return
        for table in (routes.events, routes.named):
            for name in [name for name in table if event in (None, name)]:
                route = table[name]
                table[name] = replace(
                    route,
                    handler=self._wrapped(routes, route.handler, name),
                    stand_in=self._wrapped(routes, route.stand_in, name),
                )
        lifecycle = routes.lifecycle
        if WILDCARD in lifecycle and event in (None, WILDCARD):
            lifecycle[WILDCARD] = self._wrapped(routes, lifecycle[WILDCARD], WILDCARD)
        for name in ("connect", "disconnect"):
            hooks = self._hooks(routes, name)
            if hooks and event in (None, name):
                handler = lifecycle.get(name) or _NOTHING
                chain = _connecting if name == "connect" else _chain
                lifecycle[name] = replace(handler, perform=chain(handler, hooks))

    def _hooks(self, routes: NamespaceRoutes, *events: str) -> list[Around]:
        own = routes.declared.name
        wanted = (None, None), (own, None), *((own, event) for event in events)
        return [function for namespace, name, function in self._registered if (namespace, name) in wanted]

    def _wrapped(self, routes: NamespaceRoutes, handler: BoundHandler | None, event: str) -> Any:
        """Return a handler with the hooks around it; that of ``*`` has its own, and those of the event at hand."""
        if handler is None:
            return None
        hooks = self._hooks(routes, event)
        run = _chain(handler, hooks)
        if event != WILDCARD:
            return replace(handler, perform=run) if hooks else handler
        chains = {
            name: _chain(handler, self._hooks(routes, WILDCARD, name)) for name in self._hooked_events(routes)
        }
        if chains:
            return replace(handler, perform=lambda call: chains.get(call.event, run)(call))
        return replace(handler, perform=run) if hooks else handler

    def _hooked_events(self, routes: NamespaceRoutes) -> set[str]:
        """Return the names of the events of a namespace that have hooks of their own."""
        lifecycle = (None, "connect", "disconnect", WILDCARD)
        return {
            event
            for namespace, event, _ in self._registered
            if namespace == routes.declared.name and event not in lifecycle
        }


def check_hook(function: Any, name: str, what: str) -> None:
    """Refuse a hook that can't be awaited, or does not take two arguments.

    Raises:
        TypeError: It is another thing; `name` is the decorator's, `what` that of the first argument.
    """
    wanted = f"{name} takes a coroutine function: async def hook({what}, proceed)"
    if not is_coroutine_function(function):
        raise TypeError(f"{wanted}; {name_function(function)} is not one")
    try:
        inspect.signature(function).bind(None, None)
    except TypeError as error:
        raise TypeError(f"{wanted}; {error}") from None


def once(inner: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    """Return ``proceed`` for a hook, which runs what is inside once.

    It raises RuntimeError when it is called again.
    """
    proceeded = False

    def proceed() -> Awaitable[Any]:
        nonlocal proceeded
        if proceeded:
            raise RuntimeError("proceed() was called a second time; a handler runs once for each event")
        proceeded = True
        return inner()

    return proceed


def perform(handler: BoundHandler, call: Call) -> Awaitable[Any]:
    """Run a handler with its hooks."""
    if handler.perform is not None:
        return handler.perform(call)
    return handler.invoke(call.socket, call.arguments, call.wants_ack)


def _chain(handler: BoundHandler, hooks: Sequence[Around]) -> Perform:
    run = _plain(handler)
    for hook in reversed(hooks):
        run = _link(hook, run)
    return run


def providing(handler: BoundHandler) -> BoundHandler:
    """Return a handler that is provided with what it needs, if it needs anything."""
    return replace(handler, perform=_plain(handler)) if handler.needs else handler


def _plain(handler: BoundHandler) -> Perform:
    if handler.needs:
        return partial(_provide, handler)
    invoke = handler.invoke
    if handler.named:
        return lambda call: invoke(call.socket, (call.event, *call.arguments), call.wants_ack)
    return lambda call: invoke(call.socket, call.arguments, call.wants_ack)


async def _provide(handler: BoundHandler, call: Call) -> Any:
    """Run a handler with the values that it needs; `Call.scope` closes them."""
    assert call.scope is not None  # noqa: S101  # the dispatcher opens it where something is needed
    extra = await call.scope.fill(handler.needs)
    extra.update((name, getattr(call, name)) for name in handler.asked)
    arguments = (call.event, *call.arguments) if handler.named else call.arguments
    running = handler.call_with(call.socket, arguments, extra)
    if isinstance(running, ThreadCall):
        call.scope.outlast(running)
    try:
        return await running
    finally:
        del running  # it may hold an error that refers to this frame


def _link(hook: Around, run: Perform) -> Perform:
    return lambda call: hook(call, once(lambda: run(call)))


def _connecting(handler: BoundHandler, hooks: Sequence[Around]) -> Perform:
    """Return the chain of a connect handler, in which no hook can turn a refusal into an acceptance."""
    connect = _plain(handler)

    async def run(call: Call) -> Any:
        is_accepted, error = False, None

        async def innermost(call: Call) -> Any:
            nonlocal is_accepted, error
            try:
                if await connect(call) is False:
                    raise RefusedError("forbidden", "connection refused")
            except BaseException as refusal:
                error = refusal
                raise
            is_accepted = True

        chain: Perform = innermost
        for hook in reversed(hooks):
            chain = _link(hook, chain)
        try:
            result = await chain(call)
            if error is not None:
                raise error
        finally:
            del error  # a frame that holds what it raises is garbage that only the collector finds
        if not is_accepted:
            raise RefusedError("forbidden", "connection refused")
        return result

    return run


async def _nothing(*_: Any) -> None:
    """Accept a connection, or let it end."""


_NOTHING = BoundHandler(invoke=_nothing, call_with=_nothing, function=_nothing)
