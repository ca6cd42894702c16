"""Options of `AsynctionSocketIO`, as a type."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal

from ..callables import name_function
from ..engine import Limits, ServerOptions
from ..spec.text.hints import did_you_mean
from .instead import OPTIONS
from .observer import Observer

if TYPE_CHECKING:
    import os
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence

    from ..docs.guard import Guard
    from ..docs.http import Renderer
    from .tracing.option import Tracing
    from .validation import Enforcement, Validation


class Options(ServerOptions, total=False):
    """What `AsynctionSocketIO` takes besides a document.

    Attributes:
        validation: True enforces, False ignores, ``"warn"`` logs and counts; or a `Validation` with one
            setting per direction. Undeclared events may be handled only if ``inbound`` is not enforced.
        docs: Whether the document and its page are served.
        docs_console: Whether that page can connect, emit and listen.
        docs_path: Where the page is; None is ``docs`` beside the Socket.IO path.
        docs_guard: Called with each request for the docs; anything but True answers it with 403.
        docs_renderer: Makes the page's HTML, and is responsible for its Content-Security-Policy.
        docs_root: A folder whose files the docs may publish, besides the document's own folder.
        default_error_handler: Receives what handlers raise in namespaces without an error handler.
        app: An ASGI application to wrap.
        handlers: By namespace and event; they replace those that the document names.
        security_handlers: By security scheme; they replace those that the document names.
        mock: ``"missing"`` lets a mock answer the events that have no handler.
        message_queue_validation: Whether emits of other processes are checked against the document again
            before clients receive them, as strictly as `validation` says for the direction outbound.
        bind: ``"now"`` imports and attaches what the document names at once; ``"start"`` does so when the
            application starts, so that these modules can import it.
        provide: Providers of values that handlers ask for by keyword-only parameters, by type: a function,
            or a `Provide` that says how long the value lasts.
        observers: Receive what the application does; what they raise is logged.
        check_types: Whether the types that handlers are annotated with are tried on values of the document.
        metrics: Whether the application counts what it does, for `AsynctionSocketIO.metrics`; a name is the
            label ``app`` of every metric, for several applications in one process.
        metrics_path: Where the application itself shows its metrics, such as ``/metrics``: below its mount,
            as the docs are. `monitor_guard` must be given with it.
        health_path: Where it answers probes, likewise: 200 if clients may be sent to the process, 503 if not.
        monitor_guard: Called with each request for the metrics; anything but True answers it with 403. None
            shows them to every client.
        recovery: False ignores ``x-recovery``: every client that returns starts a new session.
        tracing: True begins spans of OpenTelemetry for connections, events and emits; a `Tracing` says more.
    """

    validation: Validation | Enforcement | bool
    docs: bool
    docs_console: bool
    docs_path: str | None
    docs_guard: Guard | None
    docs_renderer: Renderer | None
    docs_root: str | os.PathLike[str] | None
    default_error_handler: Callable[..., Any] | None
    app: Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]] | None
    handlers: Mapping[str, Mapping[str, Callable[..., Any] | str]] | None
    security_handlers: Mapping[str, Callable[..., Any] | str] | None
    mock: Literal["missing"] | None
    message_queue_validation: bool
    check_types: bool
    bind: Literal["now", "start"]
    provide: Mapping[Any, Any] | None
    observers: Sequence[Observer]
    recovery: bool
    tracing: Tracing | bool
    metrics: bool | str
    metrics_path: str | None
    health_path: str | None
    monitor_guard: Guard | Literal["missing"] | None


def check_limits(limits: object) -> None:
    """Refuse the option ``limits`` unless it is a `Limits` or None.

    Raises:
        TypeError: It has another type.
    """
    if limits is not None and not isinstance(limits, Limits):
        raise TypeError(f"limits takes Limits(…), not {type(limits).__name__}")


def check_observers(observers: object) -> None:
    """Refuse the option ``observers`` unless it holds observers.

    Raises:
        TypeError: It has another type, or something in it has.
    """
    if not isinstance(observers, Collection):
        raise TypeError(f"observers takes a list of instances of Observer, not {observers!r}")
    for observer in observers:
        if not isinstance(observer, Observer):
            raise TypeError(
                f"observers takes a list of instances of Observer; {name_function(observer)} is not an instance"
            )


def check_names(given: Iterable[str], known: type) -> None:
    """Refuse names that a TypedDict does not have.

    Raises:
        TypeError: An option is unknown; the message names a similar one, or what to write instead.
    """
    for name in given:
        if name not in known.__annotations__:
            cure = OPTIONS.get(name)
            hint = did_you_mean(name, known.__annotations__) if cure is None else f"; {cure}"
            raise TypeError(f"unexpected option {name!r}{hint}")


def check_handlers(handlers: object) -> None:
    """Refuse the option ``handlers`` unless it holds functions by namespace and event.

    Raises:
        TypeError: It has another shape.
    """
    if not isinstance(handlers, Mapping):
        raise TypeError(f"handlers takes functions by namespace and event, not {type(handlers).__name__}")
    for namespace, events in handlers.items():
        if not isinstance(events, Mapping):
            raise TypeError(
                f'handlers takes functions by namespace and event, as in {{"/": {{{namespace!r}: …}}}};'
                f" the value of {namespace!r} is {type(events).__name__}"
            )
