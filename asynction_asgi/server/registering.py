"""Decorators that attach handlers and hooks to an application."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, overload

from ..logs import get_logger
from .classes import handlers_of, handlers_of_namespace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Protocol, TypeVar

    from ..errors import Diagnostic
    from .around_emits import AroundEmits
    from .background import Background
    from .event_table import Routes

    HandlerT = TypeVar("HandlerT", bound=Callable[..., Any])

    class Decorator(Protocol):
        """Takes a handler and returns it."""

        def __call__(self, function: HandlerT, /) -> HandlerT:
            """Return the handler unchanged."""


logger = get_logger()


class Registering:
    """Attaches handlers and hooks; a decorator returns its function unchanged."""

    def __init__(self, routes: Routes, around_emits: AroundEmits, background: Background) -> None:
        self._routes = routes
        self._around_emits = around_emits
        self._background = background

    def register(self, namespace: str, owner: object) -> None:
        """Attach the methods ``on_<event>`` of an object, and those that are marked with ``@handles``.

        Args:
            namespace: A declared namespace.
            owner: An object, whose methods take what functions take as handlers.

        Raises:
            BindingError: The document declares nothing of a name, or a method does not fit; all are reported, and
                nothing is attached.
            TypeError: It is a class, or has no such method.
            ValueError: Two methods handle one event.
        """
        log_findings(self._routes.add_all(namespace, handlers_of(owner)))

    def register_namespace(self, namespace: Any) -> None:
        """Attach the handlers of a ``socketio.AsyncNamespace``, and check what it emits.

        Raises:
            BindingError: As for `register`.
            TypeError: It is not one, has a ``trigger_event`` of its own, or no handlers.
        """
        handlers = handlers_of_namespace(namespace)
        log_findings(self._routes.add_all(namespace.namespace, handlers))
        namespace._set_server(self)  # noqa: SLF001  # as python-socketio's server calls it

    @overload
    def background(self, function: HandlerT) -> HandlerT: ...

    @overload
    def background(self, function: None = None, *, every: float | None = None) -> Decorator: ...

    def background(self, function: Any = None, *, every: float | None = None) -> Any:
        """Decorate a coroutine function that runs from the start of the application to its end.

        It runs in every process. It is cancelled before clients are sent away, and what it raises is logged.

        Args:
            function: Takes no arguments.
            every: Seconds after which it runs again when it has ended, also by an exception.

        Raises:
            TypeError: It is not a coroutine function without parameters, or `every` is not a number.
            ValueError: `every` is not more than 0.
        """

        def attach(task: HandlerT) -> HandlerT:
            self._background.add(task, every)
            return task

        return attach if function is None else attach(function)

    @overload
    def on(self, event: str, handler: None = None, namespace: str | None = None) -> Decorator: ...

    @overload
    def on(self, event: str, handler: HandlerT, namespace: str | None = None) -> HandlerT: ...

    def on(self, event: str, handler: Any = None, namespace: str | None = None) -> Any:
        """Attach the handler of a declared event, or of ``connect``, ``disconnect``, ``error``, ``*``.

        Works as a decorator when `handler` is left out, and returns the handler.

        Raises:
            BindingError: The document declares nothing of that name, or the handler doesn't fit it.
            TypeError: `event` is not a string.
        """
        if not isinstance(event, str):
            raise TypeError("on() takes the event's name: @app.on('…')")

        def attach(function: HandlerT) -> HandlerT:
            log_findings(self._routes.add(namespace or "/", event, function))
            return function

        return attach if handler is None else attach(handler)

    @overload
    def on_error(self, namespace: str | None = None) -> Decorator: ...

    @overload
    def on_error(self, namespace: HandlerT) -> HandlerT: ...

    def on_error(self, namespace: Any = None) -> Any:
        """Decorate the error handler of a namespace, ``/`` without one.

        It receives the exception, after an optional ``sid`` or ``socket``. What it returns becomes the
        ack; with None the client gets the standard refusal.

        Raises:
            BindingError: The namespace is not declared, or the handler can't take an exception.
        """

        def attach(function: HandlerT) -> HandlerT:
            where = "/" if callable(namespace) else namespace or "/"
            log_findings(self._routes.add(where, "error", function, lifecycle=True))
            return function

        return attach(namespace) if callable(namespace) else attach

    def on_error_default(self, handler: HandlerT) -> HandlerT:
        """Decorate the error handler of the namespaces that have none.

        Raises:
            BindingError: The handler can't take an exception.
        """
        self._routes.set_default_error(handler)
        return handler

    @overload
    def around(self, target: str | None = None, event: str | None = None) -> Decorator: ...

    @overload
    def around(self, target: HandlerT) -> HandlerT: ...

    def around(self, target: Any = None, event: str | None = None) -> Any:
        """Decorate a hook around handlers, ``async def hook(call, proceed)``.

        It returns what becomes the acknowledgement: ``return await proceed()`` leaves it as the handler
        returned it. It may refuse by an exception, answer without `proceed`, or measure. Around ``connect``
        it may only refuse. The first that is registered is outermost.

        Args:
            target: A namespace, or None for all; ``@app.around`` without parentheses is all, too.
            event: An event of the namespace, ``connect`` or ``disconnect``; all of them if left out. ``*``
                is whatever the handler of ``*`` handles.

        Raises:
            BindingError: Nothing of that name is declared.
            RuntimeError: The application has started.
            TypeError: It is not a coroutine function of two parameters.
        """

        def attach(hook: HandlerT) -> HandlerT:
            self._routes.add_around(None if callable(target) else target, event, hook)
            return hook

        return attach(target) if callable(target) else attach

    def around_emit(self, hook: HandlerT) -> HandlerT:
        """Decorate a hook around emits and calls, ``async def hook(emission, proceed)``.

        It runs once for each, however many clients are addressed. ``await proceed()`` sends, and for a call
        returns the answer; ``await proceed(data)`` sends other data, which are checked first. Without
        `proceed` nothing is sent.

        Raises:
            RuntimeError: The application has started.
            TypeError: It is not a coroutine function of two parameters.
        """
        self._routes.check_not_started()
        self._around_emits.add(hook)
        return hook


def log_findings(findings: Iterable[Diagnostic]) -> None:
    """Log what was found in a document or its handlers."""
    for finding in findings:
        logger.log(logging.ERROR if finding.severity == "error" else logging.WARNING, "%s", finding)
