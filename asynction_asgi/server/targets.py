"""Which part of the application answers a request, by its path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .exposed import exposed_paths

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from ..docs import Docs
    from ..docs.guard import Guard
    from ..metrics import Metrics
    from .lifecycle import Lifecycle

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class Targets:
    """Finds what answers: Socket.IO, metrics and health, the documentation, or the wrapped application.

    Args:
        path: The path of Socket.IO.
        lifecycle: Knows what answers there, and whether clients may be sent to the process.
        docs: The documentation, or None.
        wrapped: Answers all other requests, or None.
        metrics_path: Where metrics are shown, or None.
        health_path: Where probes are answered, or None.
        guard: Who may read the metrics; None admits every request.
        metrics: Those of the application, or None without any.

    Raises:
        ValueError: A path can't be served, or nobody said who may read the metrics.
        TypeError: The guard is not a function of one argument.

    Attributes:
        docs: As given.
        wrapped: As given.
    """

    def __init__(
        self,
        path: str,
        lifecycle: Lifecycle,
        *,
        docs: Docs | None,
        wrapped: ASGIApp | None,
        metrics_path: str | None,
        health_path: str | None,
        guard: Guard | str | None,
        metrics: Metrics | None,
    ) -> None:
        self._lifecycle = lifecycle
        self.docs = docs
        self.wrapped = wrapped
        self._path = path
        self._exposed = exposed_paths(
            metrics_path=metrics_path,
            health_path=health_path,
            guard=guard,
            metrics=metrics,
            ready=lambda: lifecycle.health.ready,
            taken=[path] if docs is None else [path, docs.path],
        )

    def serves(self, path: str, root: str) -> bool:
        """Return whether a request below a root path is answered by something else than the wrapped application."""
        return self.find({"type": "http", "path": path, "root_path": root}) is not self.wrapped

    def find(self, scope: Scope) -> ASGIApp | None:
        """Return what answers a request or a WebSocket, or None if nothing does."""
        # Under a mount, the document's path may be the full path or the path below the mount: its server
        # may or may not include the mount.
        path, root = scope["path"], scope.get("root_path", "")
        below = path[len(root) :] if root and path.startswith(root) else path
        if _is_under(path, self._path) or _is_under(below, self._path):
            return self._lifecycle.engine
        if scope["type"] == "http":
            exposed = self._exposed.get(path) or self._exposed.get(below)
            if exposed is not None:
                return exposed
            if self.docs is not None:
                page = self.docs.route(path) or self.docs.route(below)
                kept = getattr(self.wrapped, "docs_url", None)
                if page is not None and not (page.is_index and path == kept):
                    return page
        return self.wrapped


def _is_under(path: str, own: str) -> bool:
    return path == own or path.startswith(own + "/")
