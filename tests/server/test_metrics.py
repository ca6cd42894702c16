"""Metrics of a server, moved over the wire by real clients and read back by a real parser."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from asynction_asgi import AsynctionSocketIO, DisconnectedError, NoAnswerError, RefusedError, Validation
from asynction_asgi.engine.transport.session import EngineSocket
from asynction_asgi.engine.transport.websocket import WebSocket
from asynction_asgi.metrics import families
from asynction_asgi.server.times import NamespaceTimes
from tests.clients import WAIT_SECONDS, ConnectError, connected
from tests.engine.stage import until
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asynction_asgi import Socket

TEXT = {"type": "string", "maxLength": 5}
ACK = {"x-ack": {"args": TEXT}}
DOCUMENT: dict[str, Any] = {
    "asyncapi": "2.6.0",
    "info": {"title": "Counted", "version": "1.2"},
    "channels": {
        "/": {
            "bindings": {"ws": {"query": {"type": "object", "properties": {"room": TEXT}}}},
            "publish": {
                "message": {
                    "oneOf": [
                        {"name": "say", "payload": TEXT, **ACK},
                        {"name": "crash", "payload": TEXT},
                        {"name": "ask", "payload": TEXT, **ACK},
                        {"name": "tell", "payload": TEXT},
                        {"name": "lie", "payload": TEXT, **ACK},
                        {"name": "deny", "payload": TEXT},
                        {"name": "odd", "payload": TEXT, "x-ack": {"args": {}}},
                    ]
                }
            },
            "subscribe": {
                "message": {
                    "oneOf": [
                        {"name": "said", "payload": TEXT},
                        {"name": "asked", "payload": TEXT, **ACK},
                    ]
                }
            },
        },
        "/rooms/{id}": {
            "parameters": {"id": {"schema": {"type": "string"}}},
            "x-recovery": {"seconds": 60},
            "publish": {"message": {"name": "say", "payload": TEXT, **ACK}},
            "subscribe": {"message": {"name": "*", "payload": TEXT, **ACK}},
        },
    },
}


async def say(text: str) -> str:
    return text


async def crash(_: str) -> None:
    raise ZeroDivisionError


async def ask(socket: Socket, text: str) -> str:
    answer: str = await socket.call("asked", text)
    return answer


async def tell(socket: Socket, text: str) -> None:
    await socket.app.emit("said", text * 3)


async def lie(_: str) -> str:
    return "too long for it"


async def deny(_: str) -> None:
    raise RefusedError("my_own", "no")


async def odd(_: str) -> object:
    return object()


HANDLERS: dict[str, dict[str, Any]] = {
    "/": {"say": say, "crash": crash, "ask": ask, "tell": tell, "lie": lie, "deny": deny, "odd": odd},
    "/rooms/{id}": {"say": say},
}


@pytest.fixture(scope="module")
def app() -> AsynctionSocketIO:
    """A server with metrics."""
    return AsynctionSocketIO.from_spec(DOCUMENT, handlers=HANDLERS, metrics=True)


@pytest.fixture(scope="module")
def url(app: AsynctionSocketIO) -> Iterator[str]:
    """The URL of that server."""
    with serve(app) as url:
        yield url


class Reading:
    """The metrics at the end of a block, less those at its beginning."""

    def __init__(self, app: AsynctionSocketIO) -> None:
        self._app = app
        self._before = self._read()

    def _read(self) -> dict[tuple[str, ...], float]:
        assert self._app.metrics is not None
        samples = [sample for family in parse(self._app.metrics.exposition()) for sample in family.samples]
        return {(sample.name, *sample.labels.values()): sample.value for sample in samples}

    def of(self, name: str, *labels: str) -> float:
        """Return by how much a series has grown."""
        key = (f"asynction_{name}", *labels)
        return self._read().get(key, 0) - self._before.get(key, 0)

    @property
    def series(self) -> int:
        """How many series there are."""
        return len(self._read())


def no_client_is_connected(app: AsynctionSocketIO) -> bool:
    assert app.metrics is not None
    return not any(sample.value for sample in app.metrics.sample(families.CONNECTIONS))


@pytest.mark.parametrize(
    ("event", "argument", "outcome", "timed"),
    [
        ("say", "hi", "handled", True),
        ("say", "far too long", "invalid_payload", False),
        ("crash", "hi", "internal_error", True),
        ("lie", "hi", "invalid_ack", True),
        ("odd", "hi", "internal_error", True),
        ("deny", "hi", "other", False),
        ("nothing", "hi", "unknown_event", False),
        ("connect_error", "hi", "reserved_event", False),
    ],
)
async def test_each_event_moves_its_own_counter(
    app: AsynctionSocketIO, url: str, event: str, argument: str, outcome: str, timed: bool
) -> None:
    """The outcome of an event is counted once, and its duration if it reached an end in the server."""
    name = event if event in HANDLERS["/"] else ""
    async with connected(url) as client:
        reading = Reading(app)
        await client.call(event, argument)
        assert reading.of("events_total", "/", name, outcome) == 1
        assert reading.of("events_total", "/", name, "handled") == (outcome == "handled")
        assert reading.of("event_duration_seconds_count", "/", name) == timed
        assert (reading.of("event_duration_seconds_sum", "/", name) > 0) == timed


def test_durations_fall_into_their_buckets() -> None:
    """A duration counts in the first bucket whose bound is not shorter, each once however often metrics are read."""
    app = AsynctionSocketIO.from_spec(DOCUMENT, handlers=HANDLERS, metrics=True)
    with serve(app):
        assert app.metrics is not None
        (ends,) = (ends for routes, ends in app._dispatcher.ends.items() if routes.declared.name == "/")
        assert ends is not None
        assert ends.times is not None
        ends.times["say"] += [0.0001, 0.0005, 0.0006, 0.001, 7.5, 60.0]
        for _ in range(2):
            samples = app.metrics.sample(families.EVENT_SECONDS, families.EVENTS)
            (said,) = (sample for sample in samples if sample.labels.get("event") == "say" and sample.sum)
    assert said.buckets == (2, *[4] * 12, 5)
    assert said.value == 6
    assert said.sum == pytest.approx(67.5022)


async def test_violations_are_told_apart_by_keyword(app: AsynctionSocketIO, url: str) -> None:
    """A violation counts by direction, part and keyword: of arguments, acks, emits and handshakes."""
    reading = Reading(app)
    async with connected(url, on={"asked": lambda text: text * 9}) as client:
        await client.call("say", "far too long")
        await client.call("lie", "hi")
        await client.call("tell", "hi")
        await client.call("ask", "hi")
    with pytest.raises(ConnectError):
        async with connected(f"{url}?room=far-too-long"):
            pass
    for labels in [
        ("say", "inbound", "arguments", "maxLength"),
        ("lie", "outbound", "ack", "maxLength"),
        ("said", "outbound", "arguments", "maxLength"),
        ("asked", "inbound", "ack", "maxLength"),
        ("", "inbound", "query", "maxLength"),
    ]:
        assert reading.of("violations_total", "/", *labels) == 1, labels
    assert reading.of("emits_total", "/", "said", "invalid_payload") == 1
    assert reading.of("acks_total", "/", "asked", "invalid") == 1
    assert reading.of("connects_total", "/", "invalid_handshake") == 1


async def test_calls_are_counted_and_measured(app: AsynctionSocketIO, url: str) -> None:
    """An answer has a duration; one that does not come in time, or whose client leaves, has a reason."""
    reading = Reading(app)
    ended = asyncio.Event()

    async def keep_silent(_: str) -> None:
        await ended.wait()

    async with connected(url, on={"asked": lambda text: text}) as client:
        await client.call("ask", "hi")
        with pytest.raises(DisconnectedError):
            await app.call("asked", "hi", to="gone")
    async with connected(url, on={"asked": keep_silent}) as client:
        with pytest.raises(NoAnswerError):
            await app.call("asked", "hi", to=client.sid, timeout=0.01)
        ended.set()
    assert reading.of("ack_duration_seconds_count", "/", "asked") == 1
    for reason in ("answered", "gone", "timeout"):
        assert reading.of("acks_total", "/", "asked", reason) == 1
    assert reading.of("emits_total", "/", "asked", "sent") == 3


async def test_calls_of_other_events_are_measured(app: AsynctionSocketIO, url: str) -> None:
    """An event that the document declares by the wildcard counts and is measured under its name."""
    async with connected(url, "/rooms/7", on={"whatever": lambda text: text}) as client:
        reading = Reading(app)
        await app.call("whatever", "hi", to=client.sid, namespace="/rooms/7")
        assert reading.of("emits_total", "/rooms/{id}", "*", "sent") == 1
        assert reading.of("acks_total", "/rooms/{id}", "*", "answered") == 1
        assert reading.of("ack_duration_seconds_count", "/rooms/{id}", "*") == 1


async def test_answers_of_many_are_counted(app: AsynctionSocketIO, url: str) -> None:
    """A question to many counts what became of it for each client."""
    asked, ended = asyncio.Event(), asyncio.Event()

    async def keep_silent(_: str) -> None:
        asked.set()
        await ended.wait()

    async def ask(to: str | None, seconds: float) -> list[str]:
        return [type(answer.error).__name__ async for answer in app.ask("asked", "hi", to, timeout=seconds)]

    def reply(times: int) -> dict[str, Any]:
        return {"asked": lambda text: text * times}

    reading = Reading(app)
    async with connected(url, on=reply(1)), connected(url, on=reply(9)):
        async with connected(url, on={"asked": keep_silent}):
            answers = asyncio.ensure_future(ask(None, WAIT_SECONDS))
            await asked.wait()
        async with connected(url, on={"asked": keep_silent}) as silent:
            late = await ask(silent.sid, 0.01)
            ended.set()
    assert sorted(await answers) == ["AckValidationError", "DisconnectedError", "NoneType"]
    assert late == ["NoAnswerError"]
    for outcome in ("answered", "invalid", "gone", "timeout"):
        assert reading.of("acks_total", "/", "asked", outcome) == 1, outcome


async def test_answers_of_an_error_handler_are_timed_if_the_server_failed() -> None:
    """An error handler that answers does not make the figure better by what clients did wrong."""
    app = AsynctionSocketIO.from_spec(DOCUMENT, handlers=HANDLERS, metrics=True)

    @app.on_error
    async def answer(error: Exception) -> str:
        return type(error).__name__

    with serve(app) as url:
        async with connected(url) as client:
            for event, text, timed in (
                ("say", "far too long", False),
                ("deny", "hi", False),
                ("crash", "hi", True),
                ("lie", "hi", True),
                ("tell", "hi", True),
            ):
                reading = Reading(app)
                assert await client.call(event, text)
                assert reading.of("events_total", "/", event, "other") == 1
                assert reading.of("event_duration_seconds_count", "/", event) == timed, event


async def test_connections_and_bytes_are_counted(app: AsynctionSocketIO, url: str) -> None:
    """Clients count while they are there, dynamic namespaces by their template, bytes by transport."""
    await until(lambda: no_client_is_connected(app), "clients of other tests are gone")
    reading = Reading(app)
    for transport in ("websocket", "polling"):
        before = Reading(app)
        async with connected(url, "/rooms/7", transports=[transport]) as client:
            await client.call("say", "hi")
            assert before.of("connections", "/rooms/{id}") == 1
            assert before.of("transports", transport) == 1
            assert before.of("received_bytes_total", transport) >= len('421["say","hi"]')
            assert before.of("sent_bytes_total", transport) >= len('431["hi"]')
        await until(lambda: no_client_is_connected(app), "the client is gone")
    async with connected(url, "/rooms/8"):
        pass
    with pytest.raises(ConnectError):
        async with connected(url, "/nowhere"):
            pass
    assert reading.of("connects_total", "/rooms/{id}", "accepted") == 3
    assert reading.of("connects_total", "", "forbidden") == 1


async def test_deliveries_are_counted(app: AsynctionSocketIO, url: str) -> None:
    """An emit counts once, and once more for each client that gets it."""
    async with connected(url) as first, connected(url) as second:
        reading = Reading(app)
        await app.emit("said", "hi")
        assert await first.receive() == await second.receive() == ("said", "hi")
        assert reading.of("emits_total", "/", "said", "sent") == 1
        assert reading.of("deliveries_total", "/") == 2


async def test_clients_add_no_series(app: AsynctionSocketIO, url: str) -> None:
    """Names that clients make up count as one, however many they are, and the outcomes add up."""

    def outcomes() -> float:
        assert app.metrics is not None
        return sum(sample.value for sample in app.metrics.sample(families.EVENTS))

    async def flood(number: int) -> None:
        async with connected(url, f"/rooms/{number}") as client:
            for event in range(20):
                await client.emit(f"event {number} {event}", "x" * event)
            await client.call("say", "hi")

    async with connected(url, "/rooms/first") as client:
        await client.call("unheard of")
        await client.call("say", "hi")
    with pytest.raises(ConnectError):
        async with connected(url, "/first"):
            pass
    reading, before = Reading(app), outcomes()
    series = reading.series
    await asyncio.gather(*map(flood, range(10)))
    for number in range(10):
        with pytest.raises(ConnectError):
            async with connected(url, f"/unknown/{number}"):
                pass
    assert reading.series == series
    assert reading.of("events_total", "/rooms/{id}", "", "unknown_event") == 200
    assert outcomes() - before == 210


def test_without_metrics_no_clock_is_looked_at() -> None:
    """What is off is not there: neither an observer, nor a clock, nor a count of bytes."""
    off = AsynctionSocketIO.from_spec(DOCUMENT, handlers=HANDLERS)
    on = AsynctionSocketIO.from_spec(DOCUMENT, handlers=HANDLERS, metrics=True)
    for app in (off, on):
        with serve(app):
            pass
    assert off.metrics is None
    assert {*off._dispatcher.ends.values()} == {None}
    assert off._dispatcher.sending.measure_answer is None
    assert off._contract.outcomes.sent is None
    assert off.server.eio.socket_class is EngineSocket
    assert off.server.eio._async["websocket"] is WebSocket
    assert off.server.delivered is None
    assert {type(ends) for ends in on._dispatcher.ends.values()} == {NamespaceTimes}
    assert all(ends is not None and ends.times is not None for ends in on._dispatcher.ends.values())
    assert on._contract.outcomes.handled is None  # counted where it is measured
    assert on.server.eio.socket_class is not EngineSocket


@pytest.mark.parametrize("option", [1, None, ""])
def test_the_option_is_checked(option: Any) -> None:
    """The option takes True, False or a name."""
    with pytest.raises(TypeError, match="metrics takes True, False, or the name of the application"):
        AsynctionSocketIO.from_spec(DOCUMENT, handlers=HANDLERS, metrics=option)


async def test_a_name_is_a_label_of_every_series() -> None:
    """Several applications in one process are told apart by the label ``app``, the settings by ``info``."""
    validation = Validation(inbound="warn", outbound="off")
    app = AsynctionSocketIO.from_spec(DOCUMENT, handlers=HANDLERS, metrics="chat", validation=validation)
    assert app.metrics is not None
    samples = app.metrics.sample()
    assert {sample.labels["app"] for sample in samples} == {"chat"}
    info = samples[0].labels
    assert (info["document"], info["document_version"], info["inbound"]) == ("Counted", "1.2", "warn")


async def test_refused_credentials_have_a_reason() -> None:
    """A missing credential counts under its scheme and the reason in the log, besides the refused connection."""
    schemes = {"key": {"type": "httpApiKey", "in": "header", "name": "x-key"}}
    secured = {
        **DOCUMENT,
        "servers": {"only": {"url": "test", "protocol": "ws", "security": [{"key": []}]}},
        "components": {"securitySchemes": schemes},
    }
    options: dict[str, Any] = {"handlers": HANDLERS, "security_handlers": {"key": lambda _: None}}
    app = AsynctionSocketIO.from_spec(secured, metrics=True, **options)
    with serve(app) as url:
        reading = Reading(app)
        with pytest.raises(ConnectError):
            async with connected(url):
                pass
        assert reading.of("credentials_refused_total", "key", "missing") == 1
        assert reading.of("connects_total", "/", "unauthorized") == 1


async def test_warnings_are_counted_too() -> None:
    """With ``warn``, an event is handled, and its violation counted."""
    app = AsynctionSocketIO.from_spec(DOCUMENT, handlers=HANDLERS, metrics=True, validation="warn")
    with serve(app) as url:
        async with connected(url) as client:
            reading = Reading(app)
            await client.call("say", "far too long")
            assert reading.of("violations_total", "/", "say", "inbound", "arguments", "maxLength") == 1
            assert reading.of("events_total", "/", "say", "handled") == 1
