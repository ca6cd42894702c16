"""Metrics and health at paths of the application itself, for those who may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from asynction_asgi import AsynctionSocketIO
from tests.cases import each_case

if TYPE_CHECKING:
    from starlette.requests import Request

DOCUMENT = {
    "asyncapi": "2.6.0",
    "info": {"title": "Exposed", "version": "1"},
    "channels": {"/": {"subscribe": {"message": {"name": "said", "payload": {"type": "string"}}}}},
}


def create_app(**options: Any) -> AsynctionSocketIO:
    """Return an application with metrics and the options of its paths."""
    return AsynctionSocketIO.from_spec(DOCUMENT, **{"metrics": True, **options})


def client(app: Any) -> httpx.AsyncClient:
    """Return a client that reaches an application without a network."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


def admits_key(request: Request) -> bool:
    """Admit requests with a key."""
    return request.headers.get("authorization") == "Bearer key"


async def test_a_guard_decides_who_reads_metrics(caplog: pytest.LogCaptureFixture) -> None:
    """Only requests that the guard admits by True see metrics; a guard that fails is logged and admits none."""
    answers = iter([True, False, None])

    async def guard(_: Request) -> Any:
        return next(answers)

    async with client(create_app(metrics_path="/metrics", monitor_guard=guard)) as http:
        opened = await http.get("/metrics", headers={"accept": "application/openmetrics-text"})
        assert opened.text.endswith("# EOF\n")
        assert opened.headers["content-type"].startswith("application/openmetrics-text")
        assert [(await http.get("/metrics")).status_code for _ in range(2)] == [403, 403]
    assert "monitor_guard returned NoneType" in caplog.text


@pytest.mark.parametrize("place", ["", "/api"])
async def test_paths_are_below_the_mount(place: str) -> None:
    """The paths are those below the mount, like the docs."""
    app = create_app(metrics_path="/metrics", health_path="/health", monitor_guard=admits_key)
    async with client(Starlette(routes=[Mount(place, app)]) if place else app) as http:
        assert (await http.get(f"{place}/metrics")).status_code == 403
        answer = await http.get(f"{place}/metrics", headers={"authorization": "Bearer key"})
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        answer = await http.get(f"{place}/health")
        assert (answer.status_code, answer.text) == (200, "ready\n")
        assert (await http.post(f"{place}/health")).status_code == 405
        await app.drain(0)
        answer = await http.get(f"{place}/health")
        assert (answer.status_code, answer.text) == (503, "not ready\n")
        await app.server.shutdown()


async def test_no_path_is_served_by_itself() -> None:
    """Without the options, neither path answers; with None as the guard, every client reads the metrics."""
    async with client(create_app()) as http:
        assert [(await http.get(path)).status_code for path in ("/metrics", "/health")] == [404, 404]
    async with client(create_app(metrics_path="/metrics", monitor_guard=None)) as http:
        assert (await http.get("/metrics")).status_code == 200


@each_case(
    ("options", "error", "words"),
    [
        ({"metrics_path": "/metrics"}, ValueError, "metrics_path needs monitor_guard, a function of"),
        ({"metrics_path": "/m", "monitor_guard": None, "metrics": False}, ValueError, "needs metrics=True"),
        ({"metrics_path": "m", "monitor_guard": None}, ValueError, "use one such as /metrics"),
        ({"metrics_path": "/docs/m", "monitor_guard": None}, ValueError, "served already, below /docs"),
        ({"health_path": "/socket.io"}, ValueError, "served already, below /socket.io; use another path"),
        ({"health_path": "/"}, ValueError, "use one such as /health"),
        ({"metrics_path": "/m", "monitor_guard": 1}, TypeError, "monitor_guard takes a function of"),
    ],
)
def test_what_can_not_be_exposed(options: dict[str, Any], error: type[Exception], words: str) -> None:
    """Paths that would hide another one, and metrics that nobody guards, are errors at the start."""
    with pytest.raises(error, match=words):
        create_app(**options)
