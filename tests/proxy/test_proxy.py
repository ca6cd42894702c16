"""A server without a contract behind a proxy, over the wire with real clients and servers."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.client.remote_client import Address
from asynction_asgi.demo import DOCUMENT as CHAT
from asynction_asgi.demo import create_app
from asynction_asgi.errors import SpecError
from asynction_asgi.proxy import Behind, proxy_of
from asynction_asgi.proxy.client_link import ClientLink
from asynction_asgi.proxy.relay import Relay
from tests.clients import ConnectError, connected
from tests.engine.stage import until
from tests.server.documents import channel, document, message
from tests.serving import serve

from .scene import NUMBER, Bare, in_front

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TRANSPORTS = pytest.mark.parametrize("transport", ["websocket", "polling"])


@pytest.fixture(scope="module")
def bare() -> Iterator[tuple[Bare, str]]:
    """An upstream server, and its URL."""
    server = Bare()
    with server.serving() as url:
        yield server, url


@pytest.fixture(scope="module")
def front(bare: tuple[Bare, str]) -> Iterator[str]:
    """The URL of a proxy that enforces."""
    with in_front(bare[1], seconds=20) as (url, _):
        yield url


@TRANSPORTS
async def test_acks_travel_as_they_are(front: str, transport: str) -> None:
    """Numbers of arguments, nesting and bytes are the same behind the proxy."""
    async with connected(front, transports=[transport]) as client:
        assert await client.call("echo", 1, {"a": [b"\x00\xff"]}) == (1, {"a": [b"\x00\xff"]})
        assert await client.call("echo") is None
        assert await client.call("twice", 4) == 8


async def test_the_client_has_the_id_that_the_server_behind_knows(front: str, bare: tuple[Bare, str]) -> None:
    """Clients tell their id to one another, and the upstream server finds them by it."""
    async with connected(front) as client:
        assert ("connect", client.sid) in bare[0].seen


@pytest.mark.parametrize(
    ("event", "arguments", "code"),
    [
        pytest.param("note", (7,), "invalid_payload", id="another type"),
        pytest.param("note", (), "invalid_payload", id="no argument"),
        pytest.param("secret", (), "unknown_event", id="undeclared"),
    ],
)
async def test_what_misses_the_document_never_reaches_the_server(
    front: str, bare: tuple[Bare, str], event: str, arguments: tuple[Any, ...], code: str
) -> None:
    """The client gets the standard refusal, and the upstream server sees the next event alone."""
    async with connected(front) as client:
        before = len(bare[0].seen)
        answer = await client.call(event, *arguments)
        assert answer["error"]["code"] == code
        await client.emit(event, *arguments)
        refusal = await client.receive()
        assert (refusal[0], refusal[1]["error"]["code"]) == ("exception", code)
        await client.emit("note", "hi")
        assert await client.receive() == ("said", "hi")
        assert bare[0].seen[before:] == [("note", "hi")]


async def test_refusals_from_behind_pass_as_they_are(front: str) -> None:
    """An acknowledgement that refuses is not checked against ``x-ack``, and keeps members of its own."""
    async with connected(front) as client:
        body = {"error": {"code": "forbidden", "message": "no", "retry": 5}}
        assert await client.call("refuse", "no") == body
        await client.emit("emit", "exception", body)
        assert await client.receive() == ("exception", body)


async def test_what_the_server_sends_is_checked(front: str, caplog: pytest.LogCaptureFixture) -> None:
    """A bad acknowledgement becomes a refusal, a bad event is dropped, and the log names the server."""
    async with connected(front) as client:
        assert (await client.call("twice", 100))["error"]["code"] == "invalid_ack"
        await client.emit("emit", "said", 7)
        await client.emit("emit", "unsaid", "x")
        await client.emit("emit", "said", "right")
        assert await client.receive() == ("said", "right")
    lines = [record.getMessage() for record in caplog.records if "upstream server" in record.getMessage()]
    assert len(lines) == 3
    assert all("the upstream server, http://127.0.0.1:" in line for line in lines)
    assert sorted(line.split()[0] for line in lines) == ["ack", "dropped", "dropped"]


async def test_the_server_behind_may_ask_clients(front: str) -> None:
    """A valid answer reaches it, and an invalid one does not."""
    async with connected(front, on={"asked": len}) as client:
        assert await client.call("ask", "four") == 4
    async with connected(front, on={"asked": lambda text: text}) as client:
        waiting = asyncio.create_task(client.call("ask", "four"))
        await client.emit("note", "still here")
        assert await client.receive() == ("said", "still here")
        assert not waiting.done()
        waiting.cancel()


async def test_the_handshake_reaches_the_server_behind(front: str, bare: tuple[Bare, str]) -> None:
    """Auth, query, and the headers with credentials do, besides the client's address; others don't."""
    headers = {"Authorization": "Bearer abc", "Cookie": "a=1; b=2", "X-Other": "no"}
    async with connected(f"{front}?room=7&tag=a%26b", auth={"token": "t"}, headers=headers) as client:
        environ = bare[0].environs[client.sid]
    assert environ["auth"] == {"token": "t"}
    assert "room=7&tag=a%26b&" in environ["QUERY_STRING"]
    assert environ["HTTP_AUTHORIZATION"] == "Bearer abc"
    assert {"a=1", "b=2"} == set(environ["HTTP_COOKIE"].split("; "))
    assert environ["HTTP_X_FORWARDED_FOR"] == "127.0.0.1"
    assert "HTTP_X_OTHER" not in environ


async def test_a_refused_connection_is_refused_in_the_same_words(front: str) -> None:
    """CONNECT_ERROR passes as it is, and each namespace has a connection of its own."""
    with pytest.raises(ConnectError) as refused:
        async with connected(front, "/closed", auth={"password": "guess"}):
            pass
    assert refused.value.answer == {"message": "members only", "data": {"ask": "Ada"}}
    async with connected(front, "/closed", auth={"password": "open"}) as client:
        assert await client.call("echo", 1) == 1


async def test_an_event_does_not_wait_for_earlier_answers(front: str) -> None:
    """Events arrive in order, whether or not those before them are answered."""
    async with connected(front) as client:
        waiting = [asyncio.create_task(client.call("silent", "x")) for _ in range(100)]
        for number in range(100):
            await client.emit("note", str(number))
        assert [await client.receive() for _ in range(100)] == [("said", str(n)) for n in range(100)]
        for task in waiting:
            task.cancel()


async def test_a_flood_from_behind_arrives_whole_and_in_order(front: str) -> None:
    """Reading from the upstream server pauses while events wait."""
    async with connected(front) as client:
        await client.emit("count", 1_500)
        assert [await client.receive() for _ in range(1_500)] == [("counted", n) for n in range(1_500)]


async def test_a_flood_to_the_server_behind_arrives_whole(front: str) -> None:
    """Events wait for the upstream server, and none is lost."""
    async with connected(front) as client:
        answers = await asyncio.gather(*(client.call("echo", n, b"x" * 1_000) for n in range(500)))
        assert [answer[0] for answer in answers] == list(range(500))


@TRANSPORTS
async def test_each_side_leaves_with_the_other(front: str, bare: tuple[Bare, str], transport: str) -> None:
    """The upstream server sees the client leave; a client that it disconnects is disconnected."""
    async with connected(front, transports=[transport]) as client:
        sid = client.sid
    await until(lambda: ("disconnect", sid) in bare[0].seen)
    async with connected(front) as client:  # by polling, python-engineio's client leaves a session open
        await client.emit("leave")
        await client.wait_gone()


async def test_a_server_behind_may_speak_polling_alone(bare: tuple[Bare, str]) -> None:
    """Bursts in both directions arrive whole and in order, though few packets fit one request."""
    with in_front(bare[1], transports=("polling",)) as (url, _):
        async with connected(url) as client:
            answers = await asyncio.gather(*(client.call("echo", number, b"x") for number in range(40)))
            assert [answer[0] for answer in answers] == list(range(40))
            await client.emit("count", 100)
            assert [await client.receive() for _ in range(100)] == [("counted", n) for n in range(100)]


async def test_no_answer_in_time_is_a_refusal(bare: tuple[Bare, str]) -> None:
    """The client gets ``timeout`` after the proxy's patience."""
    with in_front(bare[1], seconds=2) as (url, _):
        async with connected(url) as client:
            assert (await client.call("silent", "x"))["error"]["code"] == "timeout"
            assert await client.call("twice", 1) == 2


async def test_a_lost_server_ends_the_connections_of_its_clients(caplog: pytest.LogCaptureFixture) -> None:
    """A call fails with ``unavailable``, and transports close, so that clients connect again by themselves."""
    serving = Bare().serving(timeout_graceful_shutdown=1)
    with serving as behind, in_front(behind) as (url, _):
        async with connected(url) as client:
            waiting = asyncio.create_task(client.call("silent", "x"))
            await client.emit("note", "x")
            await client.receive()
            await asyncio.to_thread(serving.__exit__, None, None, None)
            assert (await waiting)["error"]["code"] == "unavailable"
            await client.wait_gone()
        with pytest.raises(ConnectError):
            async with connected(url, wait_timeout=0.5):  # it does not notice that the transport closes
                pass
    await until(lambda: "was lost" in caplog.text)
    await until(lambda: "no connection to the upstream server, http://127.0.0.1:" in caplog.text)


async def test_warn_lets_everything_pass_and_counts(bare: tuple[Bare, str]) -> None:
    """Undeclared events and wrong values reach the other side, in both directions, and are counted."""
    with in_front(bare[1], validation="warn") as (url, app):
        async with connected(url) as client:
            await client.emit("emit", "unsaid", 1, [2])
            assert await client.receive() == ("unsaid", 1, [2])
            assert await client.call("twice", 100) == "many"
            await client.emit("undeclared", 1)
            assert await client.call("twice", 1) == 2
    assert app.violations == {
        ("/", "unsaid", "arguments"): 1,
        ("/", "twice", "ack"): 1,
        ("/", "*", "arguments"): 1,
    }


def test_clients_in_javascript_chat_through_it(run_js: Callable[..., list[Any]]) -> None:
    """Those of versions 3 and 4 get what they get from the server itself, and its refusals."""
    with serve(create_app()) as behind:
        direct = run_js("chat.cjs", behind)
    with serve(create_app()) as behind, in_front(behind, CHAT) as (url, _):
        assert run_js("chat.cjs", url) == direct


async def test_no_connection_is_left_behind(bare: tuple[Bare, str]) -> None:
    """When clients have gone, however they went, so have the connections to the upstream server."""
    with in_front(bare[1]) as (url, _):
        for _ in range(5):
            async with connected(url) as client:
                await client.call("twice", 1)
                waiting = asyncio.create_task(client.call("silent", "x"))
                await client.sio.eio.ws.close()
            waiting.cancel()
        async with connected(url, "/closed", auth={"password": "open"}):
            pass

        def is_left() -> bool:
            gc.collect()
            # Not `isinstance`, which asks proxies of the dead for their class.
            return any(type(thing) is ClientLink for thing in gc.get_objects())

        await until(lambda: not is_left())


async def test_a_failure_of_the_proxy_ends_the_connection(
    bare: tuple[Bare, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A client does not stay connected to a proxy that can't deliver, and the log has the traceback."""

    async def fail(*_: Any) -> None:
        raise OverflowError("planted")

    monkeypatch.setattr(Relay, "_deliver", fail)
    with in_front(bare[1]) as (url, _):
        async with connected(url) as client:
            await client.emit("note", "hi")
            await client.wait_gone()
    assert "relaying failed" in caplog.text
    assert "planted" in caplog.text


def test_a_document_that_cannot_be_served_is_refused() -> None:
    """The error is the one of a server."""
    with pytest.raises(SpecError):
        proxy_of({"asyncapi": "2.6.0"}, Behind(server=Address(url="http://127.0.0.1:9")))


async def test_rates_are_left_to_the_server_behind(bare: tuple[Bare, str]) -> None:
    """The upstream server counts, by addresses and users that it knows; the proxy refuses nothing for it."""
    rate = {"limit": 1, "per": 3600}
    spec = document(root={**channel([message("twice", **{"x-ack": True, "x-rate": rate})]), "x-rate": rate})
    with in_front(bare[1], spec, seconds=20) as (url, _):
        async with connected(url) as client:
            assert [await client.call("twice", number) for number in (1, 2, 3)] == [2, 4, 6]


async def test_keys_of_security_are_left_to_the_server_behind(bare: tuple[Bare, str]) -> None:
    """Fresh credentials pass like any event, and neither scopes nor users are asked for."""
    keys = {"x-ack": True, "x-reauth": True, "x-scopes": ["write"], "x-rate": {"limit": 1, "by": "user"}}
    root = {**channel([message("twice", NUMBER, **keys)]), "x-security": [{"key": []}], "x-scopes": ["read"]}
    spec = document(root=root) | {
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}}
    }
    with in_front(bare[1], spec, seconds=20) as (url, _):
        async with connected(url) as client:
            assert await client.call("twice", 2) == 4
            assert (await client.call("twice", "two"))["error"]["code"] == "invalid_payload"
