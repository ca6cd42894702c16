"""The handlers that servers and namespaces of python-socketio have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..server.classes import check_dispatch, handlers_of
from ..spec.model import DEFAULT_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Handlers = Mapping[str, Mapping[str, Callable[..., Any]]]


class ExportError(Exception):
    """An object has no handlers to export; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What servers and namespaces serve together.

    Attributes:
        handlers: By namespace and event.
        servers: Objects of python-socketio, by which code emits.
        namespaces: Objects of python-socketio, by name of their namespace.
        path: Of Engine.IO.
    """

    handlers: Handlers
    servers: tuple[Any, ...]
    namespaces: Mapping[str, Any]
    path: str


def read_served(targets: Mapping[str, Any]) -> Served:
    """Return what servers, applications around servers, and namespaces serve.

    Args:
        targets: The objects, by their names for messages.

    Raises:
        ExportError: One of them is something else, or two handlers are for one event.
    """
    servers: list[Any] = []
    namespaces: list[Any] = []
    path = DEFAULT_PATH
    for name, target in targets.items():
        server = getattr(target, "engineio_server", None) or getattr(target, "engineio_app", None)
        if server is not None:  # socketio.ASGIApp or WSGIApp
            path = "/" + target.engineio_path.strip("/")
        else:
            server = target
        if _is_server(server):
            servers.append(server)
            namespaces += server.namespace_handlers.values()
        elif hasattr(target, "trigger_event") and hasattr(target, "server"):
            namespaces.append(target)
        else:
            raise ExportError(
                f"{name!r} is of {type(target).__qualname__}; name a socketio.AsyncServer or Server, an ASGIApp"
                " around one, or an object of a namespace class"
            )
    handlers: dict[str, dict[str, Callable[..., Any]]] = {}
    for server in servers:
        for name, events in server.handlers.items():
            _add(handlers, name, events)
    for namespace in namespaces:
        _add(handlers, namespace.namespace, _methods(namespace))
    return Served(
        handlers=handlers,
        servers=tuple(servers),
        namespaces={namespace.namespace: namespace for namespace in namespaces},
        path=path,
    )


def _is_server(target: Any) -> bool:
    return isinstance(getattr(target, "handlers", None), dict) and hasattr(target, "namespace_handlers")


def _methods(namespace: Any) -> Mapping[str, Callable[..., Any]]:
    try:
        check_dispatch(namespace)
    except TypeError as error:
        raise ExportError(str(error)) from None
    try:
        return handlers_of(namespace)
    except TypeError:  # it only emits
        return {}
    except ValueError as error:
        raise ExportError(str(error)) from None


def _add(
    handlers: dict[str, dict[str, Callable[..., Any]]],
    namespace: str,
    events: Mapping[str, Callable[..., Any]],
) -> None:
    known = handlers.setdefault(namespace, {})
    for event, function in events.items():
        if known.setdefault(event, function) != function:
            raise ExportError(
                f"namespace {namespace!r} has two handlers for {event!r}, of which python-socketio calls the first;"
                " remove one"
            )
