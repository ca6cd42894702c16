"""Metrics and health at paths of the application itself, where one port is all there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from ..docs.guard import Admission
from ..metrics.exposition import OPENMETRICS, choose_format
from ..metrics.monitor import respond, respond_ready

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, MutableMapping

    from ..docs.guard import Guard
    from ..metrics import Metrics

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


def exposed_paths(
    *,
    metrics_path: str | None,
    health_path: str | None,
    guard: Guard | str | None,
    metrics: Metrics | None,
    ready: Callable[[], bool],
    taken: Collection[str],
) -> dict[str, ASGIApp]:
    """Return what answers at the options ``metrics_path`` and ``health_path``, by path.

    Args:
        metrics_path: That option, or None.
        health_path: That option, or None.
        guard: The option ``monitor_guard``: who may read the metrics; None admits every request.
        metrics: Those of the application, or None without any.
        ready: Returns whether clients may be sent to the process.
        taken: Paths that are served already, with all below them.

    Raises:
        ValueError: A path is taken or not a path; there are no metrics; or nobody said who may read them.
        TypeError: The guard is not a function of one argument.
    """
    paths: dict[str, ASGIApp] = {}
    if metrics_path is not None:
        if metrics is None:
            raise ValueError("metrics_path needs metrics=True")
        if isinstance(guard, str):
            raise ValueError(
                "metrics_path needs monitor_guard, a function of (request) that says who may read them;"
                " None lets every client"
            )
        _check_path("metrics_path", metrics_path, taken)
        paths[metrics_path] = _Exposed(metrics, None if guard is None else Admission(guard, "monitor_guard"))
    if health_path is not None:
        _check_path("health_path", health_path, [*taken, *paths])
        paths[health_path] = _Health(ready)
    return paths


def _check_path(option: str, path: object, taken: Collection[str]) -> None:
    if not isinstance(path, str) or not path.startswith("/") or path == "/" or "?" in path or "#" in path:
        raise ValueError(f"{option}: {path!r} is not a path; use one such as /{option.partition('_')[0]}")
    for other in taken:
        if f"{path}/".startswith(f"{other.rstrip('/')}/"):
            raise ValueError(f"{option}: {path!r} is served already, below {other}; use another path")


class _Exposed:
    """The metrics, for those whom the guard admits."""

    def __init__(self, metrics: Metrics, admission: Admission | None) -> None:
        self._metrics = metrics
        self._admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if self._admission is not None and not await self._admission.admits(request):
            await respond(scope, send, 403, "Forbidden\n")
            return
        kind = choose_format(request.headers.get("accept", ""))
        await respond(scope, send, 200, self._metrics.exposition(openmetrics=kind == OPENMETRICS), kind)


class _Health:
    """Answers probes."""

    def __init__(self, ready: Callable[[], bool]) -> None:
        self._ready = ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        await respond_ready(scope, send, ready=self._ready())
