"""Closed connections and rejected requests: each has one reason, one line and one report."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from asynction_asgi.engine import Limits, Watch
from asynction_asgi.engine.reports import _CLOSES, _REJECTIONS
from asynction_asgi.reasons import Close, Rejection

from .stage import Stage, serve, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Fault = Callable[[Stage], Awaitable[None]]


async def send(stage: Stage, *packets: str) -> None:
    async with stage.websocket() as client:
        await client.send(*packets)
        await client.closed()


async def undecodable(stage: Stage) -> None:
    await send(stage, "40", '42["a"')


async def too_large(stage: Stage) -> None:
    await send(stage, "40", f'42["{"x" * 2000}"]')


async def too_large_by_polling(stage: Stage) -> None:
    async with stage.polling() as client:
        assert (await client.post("4" * 2000)).status_code == 413


async def refused_often(stage: Stage) -> None:
    await send(stage, f'40{{"x":"{"x" * 200}"}}')


async def in_no_namespace(stage: Stage) -> None:
    await send(stage)


async def silent(stage: Stage) -> None:
    await send(stage, "40")


async def early(stage: Stage) -> None:
    accepted = asyncio.Event()

    async def connect(*_: Any) -> None:
        await accepted.wait()

    stage.script.on_connect = connect
    await send(stage, "40", *(['42["a"]'] * 3))
    accepted.set()


async def polling_twice(stage: Stage) -> None:
    async with stage.polling() as client:
        first = asyncio.ensure_future(client.get())
        await until(lambda: any(socket.outbox.poller for socket in stage.server.eio.sockets.values()))
        assert (await client.get()).status_code == 400
        await first


async def slow_body(stage: Stage) -> None:
    async with stage.polling() as client:
        await begin_body(stage, client.target)


async def begin_body(stage: Stage, target: str) -> None:
    reader, writer = await asyncio.open_connection(*stage.url.removeprefix("http://").split(":"))
    writer.write(f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n42".encode())
    assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
    writer.close()
    await writer.wait_closed()


LIMITS = Limits(packet_bytes=1000, auth_bytes=100, refusals=1, connect_seconds=60, body_seconds=60, backlog=2)
SLOW_BODY = Limits(connect_seconds=60, body_seconds=0.05)
NO_NAMESPACE = Limits(connect_seconds=0.05)
CLOSES: list[tuple[Close, str, Fault, dict[str, Any]]] = [
    (Close.UNDECODABLE, "not JSON", undecodable, {}),
    (Close.TOO_LARGE, "larger than Limits.packet_bytes, 1000 bytes", too_large, {}),
    (Close.TOO_LARGE, "larger than Limits.packet_bytes, 1000 bytes", too_large_by_polling, {}),
    (Close.REFUSALS, "Limits.refusals, 1", refused_often, {}),
    (Close.NO_NAMESPACE, "Limits.connect_seconds, 0.05", in_no_namespace, {"limits": NO_NAMESPACE}),
    (Close.NO_PONG, "ping_timeout is 0.1 seconds", silent, {"ping_interval": 0.05, "ping_timeout": 0.1}),
    (Close.BACKLOG, "Limits.backlog, 2", early, {}),
    (Close.OVERLAP, "", polling_twice, {}),
    (Close.SLOW_BODY, "Limits.body_seconds, 0.05", slow_body, {"limits": SLOW_BODY}),
]


@pytest.mark.parametrize(
    ("reason", "detail", "fault", "options"), CLOSES, ids=[fault.__name__ for _, _, fault, _ in CLOSES]
)
async def test_a_closed_connection_is_reported(
    reason: Close, detail: str, fault: Fault, options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """The line has the limit, the id and the address, and only that reason is reported."""
    caplog.set_level(logging.INFO, "asynction_asgi.access")
    told: list[Any] = []

    def closing(*about: Any) -> None:
        told.append(about)

    async with serve(watch=Watch(closing=closing), **{"limits": LIMITS, **options}) as stage:
        await fault(stage)
        await stage.emptied()
    ((seen, sid, scope, about),) = told
    assert (seen, scope["client"][0]) == (reason, "127.0.0.1")
    assert about == detail
    (line,) = [record.getMessage() for record in caplog.records if "closing" in record.getMessage()]
    address = f"127.0.0.1:{scope['client'][1]}"
    text = _CLOSES[reason][1]
    assert line == f"closing a connection: {text}{about and f': {about}'} (sid {sid}, {address})"


async def get(stage: Stage, query: str = "EIO=4&transport=polling", **options: Any) -> None:
    async with httpx.AsyncClient(base_url=stage.url, trust_env=False) as http:
        options = {"method": "GET", **options}
        assert (await http.request(url=f"/socket.io/?{query}", **options)).status_code >= 400


async def of_another_origin(stage: Stage) -> None:
    await get(stage, headers={"origin": "http://other.example"})


async def of_an_old_client(stage: Stage) -> None:
    await get(stage, "EIO=3&transport=polling")


async def while_stopping(stage: Stage) -> None:
    stage.server._service.begin_stop()
    await get(stage)


async def of_another_process(stage: Stage) -> None:
    await get(stage, "EIO=4&transport=polling&sid=other")


async def of_another_process_by_websocket(stage: Stage) -> None:
    with pytest.raises(InvalidStatus):
        async with stage.websocket("&sid=other"):
            pass


async def with_a_large_body(stage: Stage) -> None:
    await get(stage, method="POST", content="x" * 2000)


async def with_a_slow_body(stage: Stage) -> None:
    await begin_body(stage, "/socket.io/?EIO=4&transport=polling")


async def without_transport(stage: Stage) -> None:
    await get(stage, "EIO=4")


async def of_unknown_transport(stage: Stage) -> None:
    await get(stage, "EIO=4&transport=pigeon")


async def of_a_transport_that_is_off(stage: Stage) -> None:
    stage.server.eio.transports = ["websocket"]
    await get(stage)


async def of_a_websocket_without_handshake(stage: Stage) -> None:
    await get(stage, "EIO=4&transport=websocket")


REJECTIONS: list[tuple[Rejection, Fault]] = [
    (Rejection.ORIGIN, of_another_origin),
    (Rejection.VERSION, of_an_old_client),
    (Rejection.DRAINING, while_stopping),
    (Rejection.UNKNOWN_SESSION, of_another_process),
    (Rejection.UNKNOWN_SESSION, of_another_process_by_websocket),
    (Rejection.TOO_LARGE, with_a_large_body),
    (Rejection.SLOW_BODY, with_a_slow_body),
    (Rejection.MALFORMED, without_transport),
    (Rejection.MALFORMED, of_unknown_transport),
    (Rejection.MALFORMED, of_a_websocket_without_handshake),
    (Rejection.TRANSPORT, of_a_transport_that_is_off),
]


@pytest.mark.parametrize(("reason", "fault"), REJECTIONS, ids=[fault.__name__ for _, fault in REJECTIONS])
async def test_a_rejected_request_is_reported(
    reason: Rejection, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    """Only its reason is reported, twice if it comes twice, and it has a single line."""
    caplog.set_level(logging.INFO, "asynction_asgi.access")
    told: list[tuple[Rejection, str]] = []

    def rejected(reason: Rejection, _: Any, detail: str) -> None:
        told.append((reason, detail))

    limits = SLOW_BODY if reason is Rejection.SLOW_BODY else LIMITS
    async with serve(watch=Watch(rejected=rejected), limits=limits) as stage:
        await fault(stage)
        await fault(stage)
    assert [seen for seen, _ in told] == [reason, reason]
    assert told[0][1] != _REJECTIONS[reason][1], "the line would say it twice"
    (line,) = [record.getMessage() for record in caplog.records]
    start = re.escape(f"rejected a request: {_REJECTIONS[reason][1]}")
    assert re.fullmatch(rf"{start}(: .+)? \(127\.0\.0\.1:\d+\)", line)


async def test_a_late_body_of_an_ended_session_is_a_rejected_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The report and its line have the address of the request, as the session has none any more."""
    caplog.set_level(logging.INFO, "asynction_asgi.access")
    begun = asyncio.Event()
    closed: list[Close] = []
    told: list[tuple[Any, ...]] = []

    def admit(origin: str) -> bool:
        begun.set()
        return origin == "http://a"

    def closing(reason: Close, *_: Any) -> None:
        closed.append(reason)

    def rejected(*about: Any) -> None:
        told.append(about)

    watch, limits = Watch(closing=closing, rejected=rejected), Limits(packet_bytes=5)
    async with (
        serve(watch=watch, limits=limits, cors_allowed_origins=admit) as stage,
        stage.polling() as client,
    ):
        reader, writer = await asyncio.open_connection(*stage.url.removeprefix("http://").split(":"))
        head = f"POST {client.target} HTTP/1.1\r\nHost: x\r\nOrigin: http://a\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head.encode())
        await begun.wait()
        await stage.server.eio.disconnect(client.sid)
        writer.write(b"6\r\n42[1]\n\r\n0\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 413 ")
        address = writer.get_extra_info("sockname")[:2]
        writer.close()
        await writer.wait_closed()
    detail = "larger than Limits.packet_bytes, 5 bytes"
    ((reason, scope, about),) = told
    assert (reason, tuple(scope["client"]), about) == (Rejection.TOO_LARGE, address, detail)
    assert closed == []
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.endswith(f": {detail} ({address[0]}:{address[1]})")


async def test_a_preflight_for_another_process_is_no_rejected_request() -> None:
    """It is answered as any, so nothing is reported; the request after it is."""
    told: list[Rejection] = []

    def rejected(reason: Rejection, *_: Any) -> None:
        told.append(reason)

    async with serve(watch=Watch(rejected=rejected)) as stage:
        async with httpx.AsyncClient(base_url=stage.url, trust_env=False) as http:
            answer = await http.options("/socket.io/?EIO=4&transport=polling&sid=other")
            assert (answer.status_code, told) == (200, [])
        await of_another_process(stage)
    assert told == [Rejection.UNKNOWN_SESSION]


def test_all_reasons_have_a_text() -> None:
    """A crash has a line of its own, with its traceback."""
    assert _CLOSES.keys() == set(Close) - {Close.CRASH}
    assert _REJECTIONS.keys() == set(Rejection)
