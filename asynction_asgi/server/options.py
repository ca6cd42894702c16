"""Options of `AsynctionSocketIO`, as a type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from ..engine import ServerOptions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    from ..docs.routes import Guard, Renderer
    from .validation import Enforcement, Validation

__all__ = ["Options"]


class Options(ServerOptions, total=False):
    """What `AsynctionSocketIO` takes beside a document.

    Attributes:
        validation: True enforces, False ignores; ``"warn"`` logs and counts; or one per direction.
        docs: Whether the document and its page are served.
        docs_console: Whether that page can connect, emit and listen.
        docs_path: Where the page is; None is ``docs`` beside the Socket.IO path.
        docs_guard: Says of each request for the docs whether it is answered; if not, that is a 403.
        docs_renderer: Makes the page's HTML instead of us, and answers for its own policy.
        default_error_handler: Gets what handlers raise, in namespaces without an error handler.
        app: An ASGI application to wrap.
        handlers: By namespace and event; they replace those that the document names.
        security_handlers: By security scheme; they replace those that the document names.
        mock: ``"missing"`` answers events that have no handler by what the document says of their answer.
        message_queue_validation: Whether emits of other processes are held against the document once
            more before they reach clients, as `validation` says of what is sent.
    """

    validation: Validation | Enforcement | bool
    docs: bool
    docs_console: bool
    docs_path: str | None
    docs_guard: Guard | None
    docs_renderer: Renderer | None
    default_error_handler: Callable[..., Any] | None
    app: Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]] | None
    handlers: Mapping[str, Mapping[str, Callable[..., Any] | str]] | None
    security_handlers: Mapping[str, Callable[..., Any] | str] | None
    mock: Literal["missing"] | None
    message_queue_validation: bool
