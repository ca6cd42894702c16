"""``x-rate`` over the real wire, with a clock that stands still until a test puts it forward."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from asynction_asgi import AsynctionSocketIO, Limits, Socket
from asynction_asgi.engine import Bucket, exceeded
from asynction_asgi.server.rate_keys import key_of_address
from asynction_asgi.server.rates import Rates
from asynction_asgi.spec import load_spec
from tests.clients import connected
from tests.engine.returner import Returner
from tests.engine.stage import Script, Stage, serve_app, until
from tests.serving import serve

from .documents import TEXT, channel, document, message
from .secured import bearer, namespace, secured
from .test_metrics import Reading
from .test_security_limits import talk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.clients import Client

TWO = {"limit": 2, "per": 60}
HANDLED: list[tuple[Any, ...]] = []


class Clock:
    """Stands still until it is put forward."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    standing = Clock()
    monkeypatch.setattr("asynction_asgi.engine.buckets.monotonic", standing)
    HANDLED.clear()
    return standing


async def said(*arguments: Any) -> Any:
    HANDLED.append(arguments)
    return len(arguments)


class Restless:
    """A user who is only equal to itself, and whose repr is another each time."""

    numbers = count()

    def __repr__(self) -> str:
        return str(next(self.numbers))


@dataclass(unsafe_hash=True)
class Account(Restless):
    """A user who is equal by value, which handlers may change."""

    name: str
    seen: int = 0


class Rejecting(dict[str, Any]):
    """A user with whom nothing can be done."""

    def items(self) -> Any:
        raise LookupError


class Quarrelsome(Account):
    """A user whom its class can't compare."""

    __hash__ = Account.__hash__

    def __eq__(self, other: object) -> bool:
        raise LookupError


USERS: dict[str, Callable[[], Any]] = {
    "int": lambda: 7,
    "bool": lambda: True,
    "list": lambda: ["a", "list"],
    "dict": lambda: {"name": "ada", "roles": ["admin"]},
    "tuple": lambda: ("a", ["tuple"]),
    "uuid": lambda: UUID(int=1),
    "account": lambda: Account("ada"),
    "object": Restless,
    "account-again": lambda: Account("grace"),
    "list-of-object": lambda: [Restless()],
    "rejecting": lambda: Rejecting(a=1),
    "quarrelsome": lambda: Quarrelsome("ada"),
}


async def identify(token: str) -> dict[str, Any] | None:
    """Take a token for the user of that kind, else for the user's name; '-' is nobody by name."""
    if token == "-":
        return {"scope": ""}
    return {"scope": "", "sub": USERS[token]() if token in USERS else token}


def say(name: str = "say", rate: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return message(name, **{"x-ack": True}, **({} if rate is None else {"x-rate": rate}), **fields)


DOCUMENT = secured(
    {"user": {"type": "http", "scheme": "bearer"}},
    {
        "root": channel([say(rate=TWO), say("free")]),
        "strict": channel([message("say", TEXT, **{"x-ack": True, "x-rate": TWO})]),
        "whole": {**channel([say(rate=TWO), say("free")]), "x-rate": {"limit": 3, "per": 60}},
        "burst": channel([say(rate={"limit": 1, "per": 60, "burst": 3})]),
        "half": channel([say(rate={"limit": 0.5})]),
        "any": channel([say("*", TWO), say("own", TWO)]),
        "rooms/{id}": channel([say(rate=TWO), say("all", {**TWO, "by": "address"})], parameters={"id": {}}),
        "users": namespace(say(rate={**TWO, "by": "user"}), security=[{"user": []}]),
        "address": channel([say(rate={**TWO, "by": "address"})]),
        "flood": channel([say(rate={**TWO, "by": "address"})]),
        "serial": channel([say(rate=TWO, **{"x-ordering": "serial"})]),
        "plain": channel([say()]),
    },
)


@pytest.fixture(scope="module")
def app() -> AsynctionSocketIO:
    return AsynctionSocketIO.from_spec(
        DOCUMENT,
        handlers={
            name: {declared["name"]: said for declared in item["publish"]["message"]["oneOf"]}
            for name, item in DOCUMENT["channels"].items()
        },
        security_handlers={"user": identify},
        metrics=True,
    )


@pytest.fixture(scope="module")
def url(app: AsynctionSocketIO) -> Iterator[str]:
    with serve(app) as address:
        yield address


async def outcomes(client: Client, event: str = "say", times: int = 3) -> str:
    """Emit an event several times; return a letter for each: handled, limited, or what else came."""
    letters = ""
    for _ in range(times):
        answer = await client.call(event)
        code = answer["error"]["code"] if isinstance(answer, dict) else "handled"
        letters += {"handled": "h", "rate_limited": "l"}.get(code, f"({code})")
    return letters


async def test_events_beyond_the_rate_are_refused(url: str, clock: Clock) -> None:
    """The refusal says after how many seconds another event may come, and then it may; others are free."""
    async with connected(url) as client:
        assert await outcomes(client) == "hhl"
        assert await client.call("say") == {
            "error": {
                "code": "rate_limited",
                "message": "too many events; try again in 30 s",
                "retryAfter": 30,
            }
        }
        assert await outcomes(client, "free", 5) == "hhhhh"
        clock.now += 29.9996
        assert (await client.call("say"))["error"]["retryAfter"] == 0.001
        clock.now += 0.001
        assert await outcomes(client) == "hll"
        clock.now += 1e6
        assert await outcomes(client) == "hhl"


async def test_an_event_without_an_ack_is_refused_by_an_event(url: str) -> None:
    """A client that did not ask for an acknowledgement gets the event ``exception``."""
    async with connected(url) as client:
        for _ in range(3):
            await client.emit("say", 1)
        name, body = await client.receive()
    assert (name, body["event"], body["error"]["retryAfter"]) == ("exception", "say", 30)
    assert HANDLED == [(1,), (1,)]


async def test_the_rate_comes_before_validation(url: str) -> None:
    """Events that the document refuses are counted, and beyond the rate nothing is validated."""
    async with connected(url, "/strict") as client:
        assert await outcomes(client) == "(invalid_payload)(invalid_payload)l"
        assert (await client.call("say", {"text": "valid"}))["error"]["code"] == "rate_limited"


async def test_a_channel_counts_all_events_together(url: str) -> None:
    """An event must pass the rate of its message and that of the channel; undeclared ones count as well."""
    async with connected(url, "/whole") as client:
        assert await outcomes(client) == "hhl"
        assert await outcomes(client, "nothing", 2) == "(unknown_event)l"
        assert (await client.call("say"))["error"]["retryAfter"] == 30  # of the message, the longer one
        assert (await client.call("free"))["error"]["retryAfter"] == 20


async def test_what_one_rate_refuses_does_not_count_for_the_other(url: str) -> None:
    """An event that its message's rate refuses leaves the channel's supply as it was."""
    async with connected(url, "/whole") as client:
        assert await outcomes(client, times=10) == "hhllllllll"
        assert await outcomes(client, "free") == "hll"


async def test_a_burst_is_more_than_the_rate(url: str, clock: Clock) -> None:
    """`burst` events may come at once, and then as many as the rate lets through."""
    async with connected(url, "/burst") as client:
        assert await outcomes(client, times=4) == "hhhl"
        clock.now += 60
        assert await outcomes(client) == "hll"
    async with connected(url, "/half") as client:
        assert await outcomes(client, times=2) == "hl"
        assert (await client.call("say"))["error"]["retryAfter"] == 2


async def test_all_events_of_a_wildcard_are_one(url: str) -> None:
    """Names that clients invent share the wildcard's rate; a declared event has its own."""
    async with connected(url, "/any") as client:
        assert [await outcomes(client, name, 1) for name in ("a", "b", "c")] == ["h", "h", "l"]
        assert await outcomes(client, "own") == "hhl"


async def test_each_connection_has_its_own_supply(url: str) -> None:
    """So has each concrete namespace, and a client that connects again; an address is the same everywhere."""
    async with connected(url, "/rooms/1") as first, connected(url, "/rooms/2") as second:
        assert await outcomes(first) == await outcomes(second) == "hhl"
        assert await outcomes(first, "all", 1) + await outcomes(second, "all", 2) == "hhl"
    async with connected(url, "/rooms/1") as again:
        assert await outcomes(again) == "hhl"
        assert await outcomes(again, "all", 1) == "l"


async def test_a_client_that_comes_back_has_a_full_supply() -> None:
    """By `connection`, recovery is another connection; what counts over connections goes on counting."""
    events = [say(rate=TWO), say("all", {**TWO, "by": "address"})]
    spec = document(root={**channel(events, [message("news")]), "x-recovery": True})
    app = AsynctionSocketIO.from_spec(spec, handlers={"/": {"say": said, "all": said}})
    async with serve_app(app) as url:
        client = Returner(Stage(url, app.server, Script()))
        answers = ""
        for _ in range(2):
            async with client.there():
                for event in ("say", "say", "say", "all", "all"):
                    await client.client.send(f'421["{event}"]')
                    answers += "l" if "rate_limited" in await client.client.receive() else "h"
        assert client.recovered
    assert answers == "hhlhhhhlll"


async def test_a_user_is_counted_over_all_connections(url: str) -> None:
    """Whoever the security function says: any JSON value of any length, and objects that are equal by value."""
    for name in ("ada", "x" * 5000, "int", "bool", "list", "dict", "tuple", "uuid", "account"):
        async with (
            connected(url, "/users", headers=bearer(name)) as first,
            connected(url, "/users", headers=bearer(name)) as second,
        ):
            assert await outcomes(first, times=1) + await outcomes(second, times=2) == "hhl", name
    for name in ("x" * 4999 + "y", "7", "true", "1"):
        async with connected(url, "/users", headers=bearer(name)) as other:
            assert await outcomes(other) == "hhl", name


@pytest.mark.parametrize(
    ("name", "warned"),
    [
        ("-", None),
        ("object", "Restless"),
        ("list-of-object", "list"),
        ("rejecting", "Rejecting"),
        ("quarrelsome", None),
    ],
)
async def test_a_user_that_is_not_known_again_is_counted_by_connection(
    caplog: pytest.LogCaptureFixture, name: str, warned: str | None
) -> None:
    """Every client has a rate, whatever its user is; one line says what to do about such users."""
    spec = {**DOCUMENT, "channels": {"/users": DOCUMENT["channels"]["/users"]}}
    app = AsynctionSocketIO.from_spec(
        spec, handlers={"/users": {"say": said}}, security_handlers={"user": identify}
    )
    with serve(app) as url:
        for _ in range(2):
            async with connected(url, "/users", headers=bearer(name)) as client:
                assert await outcomes(client) == "hhl"
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(lines) == (warned is not None)
    for line in lines:
        assert (
            "x-rate of 'say', 2 per 60 s by user: each connection is counted by itself, because users of type"
            f" {warned!r} are neither JSON nor hashable by value; let the security function return"
        ) in line


async def test_a_user_that_changes_stays_counted(url: str, app: AsynctionSocketIO) -> None:
    """A handler that changes the user's object, and so its hash, gives the client no full supply."""
    async with connected(url, "/users", headers=bearer("account-again")) as client:
        assert await outcomes(client, times=1) == "h"
        member = app.server.manager.find(client.sid, client.namespace)
        assert member is not None
        member.state.socket.user.seen += 1
        assert await outcomes(client, times=2) == "hl"


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.2", "192.0.2.3", False),
        ("::ffff:192.0.2.4", "192.0.2.4", True),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:3::1", "2001:db8:1:4::1", False),
        ("unknown", "unknown", True),
        ("203.0.113.1, 192.0.2.5", "203.0.113.2, 192.0.2.5", True),  # a proxy appends to what clients write
    ],
)
async def test_an_address_is_counted_over_all_connections(
    url: str, first: str, second: str, *, shared: bool
) -> None:
    """The address is what the ASGI server takes from the proxy; of IPv6 it is the network."""
    letters = ""
    for address, times in ((first, 2), (second, 1)):
        async with connected(url, "/address", headers={"X-Forwarded-For": address}) as client:
            letters += await outcomes(client, times=times)
    assert letters == ("hhl" if shared else "hhh")


async def test_an_unknown_address_is_named_in_the_log(
    url: str, app: AsynctionSocketIO, caplog: pytest.LogCaptureFixture
) -> None:
    """Without an address, as over a Unix socket, each connection is counted by itself, and one line says so."""

    async def nameless(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "client": None} if scope["type"] != "lifespan" else scope, receive, send)

    with serve(nameless, lifespan="off") as other:
        for _ in range(2):
            async with connected(other, "/address") as client:
                assert await outcomes(client) == "hhl"
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(lines) == 1
    assert (
        "by address: each connection is counted by itself, because the ASGI server does not know" in lines[0]
    )


@pytest.mark.parametrize("host", ["198.51.100.77", "198.51.100.77:5001", "[::ffff:198.51.100.77]:443"])
def test_a_port_does_not_belong_to_an_address(host: str) -> None:
    """Some servers and middleware leave brackets and port in it, which differ per connection."""
    assert key_of_address(host) == "198.51.100.77"


def test_a_port_does_not_belong_to_a_network() -> None:
    """In brackets, an IPv6 address may have a port; without them, it has none."""
    hosts = ("2001:db8:9::1", "[2001:db8:9::2]", "[2001:db8:9::3]:443", "2001:db8:9::1:443")
    assert {key_of_address(host) for host in hosts} == {"20010db800090000"}
    assert key_of_address("unknown:7") == key_of_address("unknown") == "unknown"
    assert key_of_address("[]:7") == "[]"


async def test_the_one_that_was_idle_longest_makes_room(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of users or addresses costs bounded memory; who goes on is remembered."""
    monkeypatch.setattr("asynction_asgi.server.rates.MOST_BUCKETS", 3)

    async def from_address(address: str, times: int = 1) -> str:
        async with connected(url, "/flood", headers={"X-Forwarded-For": address}) as client:
            return await outcomes(client, times=times)

    assert await from_address("198.51.100.1", 3) == "hhl"
    for number in range(2, 9):
        assert await from_address(f"198.51.100.{number}") == "h"
        assert await from_address("198.51.100.1") == "l"
    assert await from_address("198.51.100.2", 3) == "hhl"  # forgotten, and full again


async def test_what_waits_in_a_lane_was_counted_when_it_came(url: str) -> None:
    """Events are refused while earlier ones wait, and those that wait are not counted twice."""
    async with connected(url, "/serial") as client:
        answers = await asyncio.gather(*(client.call("say") for _ in range(4)))
    assert [isinstance(answer, dict) for answer in answers] == [False, False, True, True]


async def test_binary_events_count_and_acknowledgements_do_not(url: str, app: AsynctionSocketIO) -> None:
    """An event with attachments is one event; answers of a client pass at any rate."""
    async with connected(url, on={"ask": lambda: "answer"}) as client:
        assert [await client.call("say", b"1", b"2") for _ in range(2)] == [2, 2]
        assert (await client.call("say", b"1"))["error"]["code"] == "rate_limited"
        assert await outcomes(client, times=1) == "l"


async def test_polling_is_counted_alike(url: str) -> None:
    """Each event of a request is counted."""
    async with connected(url, transports=["polling"]) as client:
        answers = await asyncio.gather(*(client.call("say") for _ in range(4)))
    assert [isinstance(answer, dict) for answer in answers] == [False, False, True, True]


async def test_events_before_the_answer_to_connect_are_counted() -> None:
    """A client that does not wait for its connect handler has no events for nothing."""
    app = AsynctionSocketIO.from_spec(document(root=channel([say(rate=TWO)])), handlers={"/": {"say": said}})

    @app.on("connect")
    async def connect(socket: Socket) -> None:
        (transport,) = app.server.eio.sockets.values()
        await until(lambda: transport.connection.waiting == 4)

    with serve(app) as url:
        answers = await talk(url, "40", *(f'42{number}["say"]' for number in range(4)), count=5)
    assert answers[0].startswith("40")
    assert sorted("rate_limited" in answer for answer in answers[1:]) == [False, False, True, True]
    assert sorted(answer[:4] for answer in answers[1:]) == ["430[", "431[", "432[", "433["]


async def test_both_limits_hold() -> None:
    """`events_per_second` counts for the whole connection, before the rates of its namespaces; it says when, too."""
    spec = document(root=channel([say(rate={"limit": 1, "per": 60})]), other=channel([say()]))
    app = AsynctionSocketIO.from_spec(
        spec,
        handlers={"/": {"say": said}, "/other": {"say": said}},
        limits=Limits(events_per_second=3),
    )
    with serve(app) as url:
        async with connected(url) as client:
            answers = [await client.call("say") for _ in range(4)]
    assert answers[0] == 0
    assert [answer["error"]["retryAfter"] for answer in answers[1:]] == [60, 60, 0.334]


async def test_refusals_are_counted_and_logged_seldom(
    url: str, app: AsynctionSocketIO, caplog: pytest.LogCaptureFixture
) -> None:
    """The metrics have each of them by its code; the log names the rate, once for many."""
    caplog.set_level(logging.INFO, "asynction_asgi.access")

    reading = Reading(app)
    async with connected(url, "/rooms/9") as client:
        assert await outcomes(client, times=12) == "hh" + 10 * "l"
    assert reading.of("events_total", "/rooms/{id}", "say", "rate_limited") == 10
    lines = [record.getMessage() for record in caplog.records if "rate_limited" in record.getMessage()]
    assert len(lines) == 1
    assert "'say' in /rooms/9: rate_limited: exceeds x-rate of 'say', 2 per 60 s by connection" in lines[0]


async def test_without_a_rate_nothing_is_called(url: str, app: AsynctionSocketIO) -> None:
    """A namespace without rates has no function that counts, so that its events cost what they did."""
    spec = load_spec(DOCUMENT)
    assert Rates.of(spec.namespaces["/plain"]) is None
    assert app._dispatcher._rates.keys() == spec.namespaces.keys() - {"/plain"}
    async with connected(url, "/plain") as plain, connected(url) as limited:
        for client, is_limited in ((plain, False), (limited, True)):
            member = app.server.manager.find(client.sid, client.namespace)
            assert member is not None
            assert (member.admit is not None) is is_limited
            assert member.state.tally is None


def test_an_infinite_rate_never_refuses() -> None:
    """`Limits` takes any number above zero; even no time at all refills such a supply."""
    bucket = Bucket(float("inf"), float("inf"))
    for _ in range(3):
        assert bucket.wait() == 0
        bucket.take()


def test_a_client_is_asked_to_wait_a_day_at_most() -> None:
    """A rate that never refills gives a number that JSON has."""
    bucket = Bucket(1e-320, 1.0)
    bucket.take()
    assert exceeded("", bucket.wait()).as_json()["retryAfter"] == 86_400
