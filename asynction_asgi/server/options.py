"""Options of `AsynctionSocketIO`, as a type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..engine import ServerOptions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    from .validation import Enforcement, Validation

__all__ = ["Options"]


class Options(ServerOptions, total=False):
    """What `AsynctionSocketIO` takes beside a document.

    Attributes:
        validation: True enforces, False ignores; ``"warn"`` logs and counts; or one per direction.
        docs: Whether the document and its page are served.
        default_error_handler: Gets what handlers raise, in namespaces without an error handler.
        app: An ASGI application to wrap.
        handlers: By namespace and event; they replace those that the document names.
        security_handlers: By security scheme; they replace those that the document names.
    """

    validation: Validation | Enforcement | bool
    docs: bool
    default_error_handler: Callable[..., Any] | None
    app: Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]] | None
    handlers: Mapping[str, Mapping[str, Callable[..., Any] | str]] | None
    security_handlers: Mapping[str, Callable[..., Any] | str] | None
