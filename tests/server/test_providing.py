"""Values that handlers ask for by type: made once for each event, connection or application, and closed."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any
from unittest.mock import Mock

import pytest
from fastapi import Depends

from asynction_asgi import AsynctionSocketIO, BindingError, Provide, RefusedError
from asynction_asgi.server.providing.sources import Providers
from asynction_asgi.server.signatures import UnbindableError
from asynction_asgi.testing import TestServer
from tests.cases import each_case
from tests.clients import ConnectError, connected
from tests.engine.stage import serve_app, until
from tests.serving import serve

from .documents import TEXT, channel, document, message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from asynction_asgi import Socket

HI = {"text": "hi"}
EVENTS = ("save", "read", "wait", "slow")
AUTH = {"type": "object", "properties": {"refuse": {"type": "boolean"}}}


class Settings:
    """One for the application."""


class Pool:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings


class Cache(dict[str, Any]):
    """One for each connection."""


class Session:
    """One for each event; commits, or rolls back."""

    def __init__(self, pool: Pool, cache: Cache, event: str) -> None:
        self.pool, self.cache, self.event = pool, cache, event


class Resource:
    is_open = True


class Log:
    """What became of everything that was provided."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.opened = self.closed = 0
        self.changed = asyncio.Event()

    def add(self, line: str) -> None:
        self.lines.append(line)

    @contextlib.contextmanager
    def open(self, what: str) -> Iterator[None]:
        self.opened += 1
        self.add(f"open {what}")
        try:
            yield
        except BaseException as error:
            self.add(f"roll back {what}: {type(error).__name__}")
            raise
        else:
            self.add(f"commit {what}")
        finally:
            self.closed += 1


LOG = Log()


async def settings() -> Settings:
    LOG.add("settings")
    return Settings()


async def pool(settings: Settings, app: AsynctionSocketIO) -> AsyncIterator[Pool]:
    assert isinstance(app, AsynctionSocketIO)
    with LOG.open("pool"):
        yield Pool(settings)


async def cache(sid: str) -> AsyncIterator[Cache]:
    await asyncio.sleep(0)  # so that two events at once ask for it
    with LOG.open("cache"):
        yield Cache(sid=sid)


async def session(pool: Pool, cache: Cache, *, event: str, ref: str) -> AsyncIterator[Session]:
    assert ref
    with LOG.open(f"session of {event}"):
        yield Session(pool, cache, event)
        if event == "slow":
            raise OSError("the commit failed")


def current_name(socket: Socket) -> str:
    return f"name of {socket.id}"


Name = Annotated[str, Provide(current_name, scope="connection")]


async def save(data: Any, *, session: Session, name: Name) -> Any:
    assert name.endswith(str(session.cache["sid"]))
    if data["text"] == "refuse":
        raise RefusedError("forbidden", "no")
    return {"text": 7} if data["text"] == "wrong" else {"text": "saved"}


async def read(socket: Socket, data: Any, *, pool: Pool, cache: Cache, session: Session) -> Any:
    assert session.pool is pool
    assert session.cache is cache
    assert isinstance(pool.settings, Settings)
    cache["count"] = cache.get("count", 0) + 1
    return {"text": f"{cache['count']}"}


async def wait(data: Any, *, session: Session) -> Any:
    await asyncio.Event().wait()


async def slow(data: Any, *, session: Session) -> Any:
    return data


async def connect(socket: Socket, *, cache: Cache) -> None:
    if socket.auth.get("refuse"):
        raise RefusedError("forbidden", "no")


async def disconnect(*, cache: Cache) -> None:
    LOG.add("disconnect")


PROVIDE: dict[Any, Any] = {
    Settings: Provide(settings, scope="app"),
    Pool: Provide(pool, scope="app"),
    Cache: Provide(cache, scope="connection"),
    Session: session,
}


def application(**options: Any) -> AsynctionSocketIO:
    events = [message(name, TEXT, **{"x-ack": {"args": TEXT}}) for name in EVENTS]
    spec = document(root={**channel(events), "x-auth": AUTH})
    handlers: Any = {
        "save": save,
        "read": read,
        "wait": wait,
        "slow": slow,
        "connect": connect,
        "disconnect": disconnect,
    }
    return AsynctionSocketIO.from_spec(spec, handlers={"/": handlers}, **{"provide": PROVIDE, **options})


@pytest.fixture(autouse=True)
def log() -> Iterator[Log]:
    """A new log; what was opened in a test has been closed once in the end."""
    global LOG  # noqa: PLW0603  # the providers are module-level functions, as people write them
    LOG = Log()
    yield LOG
    assert LOG.opened == LOG.closed


async def test_each_scope_makes_its_values_once_and_closes_them(log: Log) -> None:
    """The narrow before the wide, after the handlers that use them."""
    with serve(application()) as url:
        async with connected(url) as first, connected(url) as second:
            assert await first.call("read", HI) == {"text": "1"}
            assert await first.call("read", HI) == {"text": "2"}
            assert await second.call("read", HI) == {"text": "1"}
    counted = {line: log.lines.count(line) for line in log.lines}
    assert counted == {
        "open cache": 2,
        "settings": 1,
        "open pool": 1,
        "open session of read": 3,
        "commit session of read": 3,
        "disconnect": 2,
        "commit cache": 2,
        "commit pool": 1,
    }
    assert log.lines[-1] == "commit pool"
    assert log.lines.index("disconnect") < log.lines.index("commit cache")


@pytest.mark.parametrize(
    ("text", "code", "error"),
    [
        pytest.param("wrong", "invalid_ack", "AckValidationError", id="an invalid answer"),
        pytest.param("refuse", "forbidden", "RefusedError", id="a refusal"),
    ],
)
async def test_a_transaction_rolls_back(log: Log, text: str, code: str, error: str) -> None:
    """Before the client has its answer."""
    with serve(application()) as url:
        async with connected(url) as client:
            assert (await client.call("save", {"text": text}))["error"]["code"] == code
            assert log.lines[-1] == f"roll back session of save: {error}"
            assert await client.call("save", HI) == {"text": "saved"}
            assert log.lines[-1] == "commit session of save"


async def test_a_transaction_of_a_client_that_leaves_rolls_back(log: Log) -> None:
    """Its handler is cancelled when the server stops, at the latest; what it uses is kept until then."""
    with serve(application()) as url:
        async with connected(url) as client:
            await client.emit("wait", HI)
            await client.call("save", HI)
            assert "open session of wait" in log.lines
    assert log.lines.index("disconnect") < log.lines.index("roll back session of wait: CancelledError")
    assert log.lines.index("roll back session of wait: CancelledError") < log.lines.index("commit cache")


async def test_nothing_stays_open_after_many_clients(log: Log) -> None:
    """Whether clients are answered, refused, failed, not let in, or gone before their answer."""

    async def talk(url: str, number: int) -> None:
        if number % 5 == 0:
            with pytest.raises(ConnectError):
                async with connected(url, auth={"refuse": True}):
                    pass
            return
        async with connected(url) as client:
            await client.call("read", HI)
            await client.call("save", {"text": ("hi", "wrong", "refuse")[number % 3]})
            await client.call("slow", HI)
            for event in ("read", "save", "slow"):
                await client.emit(event, HI)

    with serve(application()) as url:
        await asyncio.gather(*(talk(url, number) for number in range(50)))
        await until(lambda: log.opened - log.closed == 1)
        assert log.lines.count("open pool") == 1
        assert log.lines.count("open cache") == 50


async def test_a_failed_commit_is_a_failed_event(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    """The client learns that it failed, and the log why."""
    with serve(application()) as url:
        async with connected(url) as client:
            refusal = (await client.call("slow", HI))["error"]
    assert refusal["code"] == "internal_error"
    assert f"[ref {refusal['ref']}]" in caplog.text
    assert "the commit failed" in caplog.text


@pytest.mark.parametrize("commits", [True, False], ids=["committed", "not committed"])
async def test_what_was_asked_for_first_ends_last(log: Log, *, commits: bool) -> None:
    """So that it may emit what was committed; it learns of a failed commit."""

    class News: ...

    class Transaction: ...

    async def news() -> AsyncIterator[News]:
        with log.open("news"):
            yield News()

    async def transaction() -> AsyncIterator[Transaction]:
        yield Transaction()
        log.add("commit")
        if not commits:
            raise OSError("the commit failed")

    async def tell(data: Any, *, news: News, transaction: Transaction) -> Any:
        return data

    tell.__annotations__ |= {"news": News, "transaction": Transaction}
    spec = document(root=channel([message("tell", TEXT, **{"x-ack": {"args": TEXT}})]))
    provide = {Transaction: transaction, News: news}
    app = AsynctionSocketIO.from_spec(spec, handlers={"/": {"tell": tell}}, provide=provide)
    with serve(app) as url:
        async with connected(url) as client:
            assert (await client.call("tell", HI) == HI) is commits
    assert log.lines == ["open news", "commit", "commit news" if commits else "roll back news: OSError"]


async def test_a_refused_connection_closes_what_it_was_provided_with(log: Log) -> None:
    """With the refusal."""
    with serve(application()) as url:
        with pytest.raises(ConnectError):
            async with connected(url, auth={"refuse": True}):
                pass
        assert log.lines == ["open cache", "roll back cache: RefusedError"]


async def test_events_at_once_share_what_one_of_them_makes(log: Log) -> None:
    """In a connection, and none is left open after many."""
    with serve(application()) as url:
        async with connected(url) as client:
            answers = await asyncio.gather(*(client.call("read", HI) for _ in range(40)))
    assert sorted(int(answer["text"]) for answer in answers) == list(range(1, 41))
    assert log.lines.count("open cache") == 1
    assert log.lines.count("commit session of read") == 40


async def test_a_slow_provider_delays_only_what_needs_it() -> None:
    """Other values of the application are made meanwhile, and what both need is made once."""
    made: list[str] = []
    gate = asyncio.Event()

    async def settle() -> Settings:
        made.append("settings")
        return Settings()

    async def fill(settings: Settings) -> Cache:
        await gate.wait()
        return Cache(settings=settings)

    async def draw(settings: Settings) -> Pool:
        return Pool(settings)

    async def save(data: Any, *, cache: Cache) -> Any:
        return data

    async def read(data: Any, *, pool: Pool) -> Any:
        return data

    events = [message(name, TEXT, **{"x-ack": {"args": TEXT}}) for name in ("save", "read")]
    by_type: dict[Any, Callable[..., Any]] = {Settings: settle, Cache: fill, Pool: draw}
    sio = AsynctionSocketIO.from_spec(
        document(root=channel(events)),
        handlers={"/": {"save": save, "read": read}},
        provide={key: Provide(function, scope="app") for key, function in by_type.items()},
    )
    async with TestServer(sio) as server, server.connect() as client, server.connect() as other:
        saving = asyncio.create_task(client.call("save", HI))
        while not made:  # noqa: ASYNC110  # the provider before the slow one has begun
            await asyncio.sleep(0)
        assert await other.call("read", HI) == HI
        assert not saving.done()
        gate.set()
        assert await saving == HI
    assert made == ["settings"]


class Opener:
    """A provider that is an object, and an async generator function by its ``__call__``."""

    async def __call__(self) -> AsyncIterator[Resource]:
        with LOG.open("resource"):
            yield Resource()


@pytest.mark.parametrize("opener", [Opener(), partial(Opener())], ids=["object", "partial"])
async def test_an_object_provides_by_its_call(log: Log, opener: Any) -> None:
    """Like a function of the same kind; the generator is closed."""

    async def ask(data: Any, *, resource: Resource) -> Any:
        return {"text": type(resource).__name__}

    app = application(provide={**PROVIDE, Resource: opener})
    app.on("save")(ask)
    with serve(app) as url:
        async with connected(url) as client:
            assert await client.call("save", HI) == {"text": "Resource"}
    assert log.lines[:3] == ["open cache", "open resource", "commit resource"]


class Asking:
    """A provider that is an object, and a coroutine function by its ``__call__``."""

    async def __call__(self) -> Settings:
        return Settings()


@pytest.mark.parametrize("provider", [settings, Asking(), Opener(), partial(Asking())])
def test_a_class_of_handlers_is_made_of_what_needs_no_event_loop(provider: Any) -> None:
    """It is made before the start."""

    class Handlers:
        def __init__(self, value: Settings) -> None:
            self.value = value

    providers = Providers({Settings: Provide(provider, scope="app")})
    with pytest.raises(UnbindableError, match="is asynchronous"):
        providers.construct(Handlers)


async def test_a_provider_can_be_replaced(log: Log) -> None:
    """By another, or by a value; by the type or by the function that an annotation names."""
    app = application()
    fake = Mock(settings=Settings())

    async def fake_cache(socket: Socket) -> AsyncIterator[Cache]:
        with LOG.open("fake"):
            yield Cache(sid="other", count=10)

    with serve(app) as url:
        async with connected(url) as client:
            assert await client.call("read", HI) == {"text": "1"}
        with app.override({Pool: fake, Cache: fake_cache, current_name: "my other"}):
            async with connected(url) as client:
                assert await client.call("read", HI) == {"text": "11"}
                assert await client.call("save", HI) == {"text": "saved"}
        async with connected(url) as client:
            assert await client.call("read", HI) == {"text": "1"}
    assert log.lines.count("open pool") == 1
    with pytest.raises(ValueError, match="nothing provides int"), app.override({int: 1}):
        pass


class MakesCaches:
    """An object that can be called."""

    def __call__(self, socket: Socket) -> Cache:
        return Cache(sid=socket.id, count=30)


async def test_a_provide_replaces_a_provider(log: Log) -> None:
    """It lasts as long as it says, at least as long as the other; an object that can be called needs it."""
    app = application()
    made: list[str] = []

    async def kept(socket: Socket) -> Cache:
        made.append(socket.id)
        return Cache(sid=socket.id, count=20)

    with serve(app) as url:
        for provide, answers in ((kept, ["21", "22"]), (MakesCaches(), ["31", "32"])):
            with app.override({Cache: Provide(provide, scope="connection")}):
                async with connected(url) as client:
                    assert [(await client.call("read", HI))["text"] for _ in range(2)] == answers
        with app.override({Session: Provide(lambda: Mock(cache={"sid": ""}), scope="app")}):
            async with connected(url) as client:
                assert await client.call("save", HI) == {"text": "saved"}
    assert len(made) == 1
    assert not [line for line in log.lines if "session of save" in line]


@pytest.mark.parametrize("scope", ["event", "connection"])
async def test_a_replacement_lasts_as_long_as_what_it_replaces(log: Log, scope: Any) -> None:
    """At least; nothing is replaced otherwise."""
    app = application()
    with (
        pytest.raises(TypeError, match="replaces what lasts as long as the app"),
        app.override({Settings: Provide(settings, scope=scope)}),
    ):
        pass
    with serve(app) as url:
        async with connected(url) as client:
            assert await client.call("save", HI) == {"text": "saved"}


async def test_what_the_application_was_provided_with_can_be_closed_early(log: Log) -> None:
    """And is made again where it is needed."""
    app = application()
    with serve(app) as url:
        async with connected(url) as client:
            await client.call("read", HI)
    before = list(log.lines)
    await app.aclose()
    assert log.lines == before


async def test_the_application_closes_all_that_it_was_provided_with(
    log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    """Even if one provider yields twice and raises CancelledError; the log says so, and the stop goes on."""

    async def stubborn(pool: Pool) -> AsyncIterator[Unknown]:
        try:
            for _ in range(2):
                yield Unknown()
        finally:
            raise asyncio.CancelledError

    async def ask(data: Any, *, unknown: Unknown) -> Any:
        return data

    app = application(provide={**PROVIDE, Unknown: Provide(stubborn, scope="app")})
    app.on("save")(ask)
    with serve(app) as url:
        async with connected(url) as client:
            assert await client.call("save", HI) == HI
    assert "closing what was provided for one app" in caplog.messages
    assert log.lines[-1] == "roll back pool: CancelledError"


@pytest.mark.parametrize("scope", ["event", "connection", "app"])
async def test_a_thread_keeps_what_its_handler_was_provided_with(scope: Any) -> None:
    """Until it ends, although its client has left, its task was cancelled and the server has stopped."""
    resource, entered, gate = Resource(), threading.Event(), threading.Event()
    used: list[bool] = []

    async def opened() -> AsyncIterator[Resource]:
        try:
            yield resource
        finally:
            resource.is_open = False

    def block(data: Any, *, resource: Resource) -> None:
        entered.set()
        assert gate.wait(20)
        used.append(resource.is_open)

    app = application(provide={**PROVIDE, Resource: Provide(opened, scope=scope)})
    app.on("save")(block)
    async with serve_app(app) as url:
        try:
            async with connected(url) as client:
                await client.emit("save", HI)
                await until(entered.is_set, "the thread")
                await app.server.shutdown(0.05)
                await app.aclose()
            assert resource.is_open
        finally:
            gate.set()
        await until(lambda: not resource.is_open, "the end of the resource")
    assert used == [True]


async def test_hooks_are_outside_of_what_is_provided(log: Log) -> None:
    """Their alterations are part of the transaction, as the answer is checked after them."""
    app = application()

    @app.around("/", "save")
    async def hook(call: Any, proceed: Any) -> Any:
        log.add("before")
        await proceed()
        log.add("after")
        return {"text": 7}

    with serve(app) as url:
        async with connected(url) as client:
            assert (await client.call("save", HI))["error"]["code"] == "invalid_ack"
    start = log.lines.index("before")
    assert log.lines[start + 1 :][-5:-2] == [
        "after",
        "roll back session of save: AckValidationError",
        "disconnect",
    ]


def bind(handler: Any, **provide: Any) -> None:
    spec = document(root=channel([message("say", TEXT)]))
    AsynctionSocketIO.from_spec(spec, handlers={"/": {"say": handler}}, provide=provide.pop("provide", None))


class Unknown: ...


class First: ...


class Second: ...


def first(second: Second) -> First:
    return First()


def second(first: First) -> Second:
    return Second()


def broken(missing: int) -> First:
    return First()


def generator() -> Iterator[First]:
    yield First()


async def asks_unknown(data: Any, *, unknown: Unknown) -> None: ...
async def asks_first(data: Any, *, first: First) -> None: ...
async def asks_in_place(data: Any, first: First) -> None: ...
async def annotated_in_place(data: Any, first: Annotated[First, Depends(first)]) -> None: ...
async def depends(data: Any, *, first: First = Depends(first)) -> None: ...  # noqa: B008  # as in FastAPI
async def annotated(data: Any, *, first: Annotated[First, Depends(first)]) -> None: ...


def needs_socket(socket: Socket) -> First:
    return First()


def error_handler(error: Exception, *, first: First) -> None: ...


@each_case(
    ("handler", "provide", "words"),
    [
        pytest.param(asks_unknown, {}, "no value is known for the parameter 'unknown'", id="unknown type"),
        pytest.param(
            asks_first, {First: first, Second: second}, "circle (First → Second → First)", id="circle"
        ),
        pytest.param(
            asks_first,
            {First: Provide(needs_socket, scope="app")},
            "needs_socket lasts as long as the app, and its parameter 'socket' only as long as the connection"
            " (First → socket); provide needs_socket with scope='connection'",
            id="wide asks narrow",
        ),
        pytest.param(
            asks_first,
            {First: Provide(first, scope="connection"), Second: Second},
            "first lasts as long as the connection, and its parameter 'second' (Second) only as long as the"
            " event (First → Second); provide Second with scope='connection', or first with scope='event'",
            id="connection asks event",
        ),
        pytest.param(asks_first, {First: broken}, "broken asks for 'missing', and nothing", id="broken"),
        pytest.param(asks_first, {First: generator}, "make it an async generator", id="generator"),
        pytest.param(depends, {}, "FastAPI's Depends, which works in its routes alone", id="Depends"),
        pytest.param(annotated, {}, "FastAPI's Depends", id="Annotated Depends"),
        pytest.param(annotated_in_place, {}, "FastAPI's Depends", id="Annotated Depends, not keyword-only"),
        pytest.param(
            asks_in_place,
            {First: broken},
            "broken asks for 'missing', and nothing",
            id="broken, not keyword-only",
        ),
    ],
)
def test_what_cannot_be_provided_is_an_error_at_start_up(handler: Any, provide: Any, words: str) -> None:
    """With who asks for it."""
    with pytest.raises(BindingError) as raised:
        bind(handler, provide=provide)
    assert words in str(raised.value)
    assert "handler of 'say' in namespace '/'" in str(raised.value)


def test_a_provided_value_in_the_place_of_an_argument_is_an_error_at_start_up() -> None:
    """Of the parameters, with who asks for it and the signature to write."""
    with pytest.raises(BindingError) as raised:
        bind(asks_in_place, provide={First: First})
    (problem,) = raised.value.diagnostics
    assert problem.code == "ARITY"
    assert "handler of 'say' in namespace '/'" in str(problem)
    cure = "takes the place of an argument; make it keyword-only: (…, *, first: …) ("
    assert f"'first' is of a type that is provided, and {cure}" in str(problem)


def test_an_error_handler_is_not_provided_with_values() -> None:
    """The event's have been closed when it runs."""
    app = application(provide={**PROVIDE, First: First})
    app.on_error("/")(lambda error: None)
    with pytest.raises(
        BindingError, match="an error handler is not provided with values, and asks for 'name'"
    ):

        @app.on_error("/")
        def failed(error: Exception, *, name: Name) -> None: ...


@pytest.mark.parametrize("wrong", [{"function": 7}, {"function": first, "scope": "session"}])
def test_a_provider_is_checked_when_it_is_made(wrong: Any) -> None:
    """Its function and its scope."""
    with pytest.raises((TypeError, ValueError), match=r"Provide takes a function|scope must be one of"):
        Provide(**wrong)


def test_one_object_is_provided_by_a_function() -> None:
    """An object in place of its provider is an error that says how to give it."""
    with pytest.raises(TypeError, match=r'write Provide\(lambda: object, scope="app"\)'):
        application(provide={First: First()})
