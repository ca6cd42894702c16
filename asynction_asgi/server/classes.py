"""Objects whose methods are handlers: ``on_<event>``, and those that are marked with ``@handles``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_MARK = "_asynction_handles"
_PREFIX = "on_"


def handles(event: str) -> Callable[[FunctionT], FunctionT]:
    """Mark a method as the handler of an event, for `AsynctionSocketIO.register`.

    Args:
        event: The event's name, or ``connect``, ``disconnect``, ``error`` or ``*``.
    """
    if not isinstance(event, str):
        raise TypeError("handles() takes the event's name: @handles('…')")

    def mark(function: FunctionT) -> FunctionT:
        setattr(function, _MARK, (*getattr(function, _MARK, ()), event))
        return function

    return mark


def handlers_of(owner: object) -> dict[str, Callable[..., Any]]:
    """Return the methods of an object that are handlers, by event.

    Raises:
        TypeError: It is a class, or has no such method.
        ValueError: Two methods handle one event.
    """
    name = type(owner).__qualname__
    if isinstance(owner, type):
        raise TypeError(f"register() takes an object: {owner.__qualname__}(…), not the class")
    found: dict[str, Callable[..., Any]] = {}
    for attribute in dir(type(owner)):
        if attribute.startswith("__") or not callable(getattr(type(owner), attribute)):
            continue
        method = getattr(owner, attribute)
        events = getattr(method, _MARK, ())
        if not events and attribute.startswith(_PREFIX) and attribute != _PREFIX:
            events = (attribute.removeprefix(_PREFIX),)
        for event in events:
            if event in found:
                raise ValueError(f"{name} has two methods for the event {event!r}")
            found[event] = method
    if not found:
        raise TypeError(f"{name} has no handlers: call methods on_<event>, or mark them with @handles('…')")
    return found


def handlers_of_namespace(namespace: Any) -> dict[str, Callable[..., Any]]:
    """Return the handlers of a python-socketio namespace.

    Raises:
        TypeError: It is not an asyncio namespace, dispatches events itself, or has no handlers.
        ValueError: Two methods handle one event.
    """
    is_asyncio_based = getattr(namespace, "is_asyncio_based", None)
    if is_asyncio_based is None or not hasattr(namespace, "_set_server") or not is_asyncio_based():
        raise TypeError(
            f"register_namespace() takes a socketio.AsyncNamespace, not {type(namespace).__qualname__};"
            " register other objects by app.register(namespace, object)"
        )
    check_dispatch(namespace)
    return handlers_of(namespace)


def check_dispatch(namespace: Any) -> None:
    """Check that python-socketio itself dispatches the events of a namespace.

    Raises:
        TypeError: The namespace's class does.
    """
    owner = next(owner for owner in type(namespace).__mro__ if "trigger_event" in vars(owner))
    if owner.__module__.partition(".")[0] != "socketio":
        raise TypeError(
            f"{owner.__qualname__} has a trigger_event of its own, past which the document can't be enforced;"
            " use @app.around, or a catch-all handler on_*"
        )
