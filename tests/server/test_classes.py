"""Objects whose methods are handlers: registered in code, named in the document, or python-socketio's."""

from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING, Any

import pytest
import socketio

from asynction_asgi import AsynctionSocketIO, BindingError, Provide, RefusedError, handles
from asynction_asgi.testing import TestServer
from tests.cases import each_case
from tests.clients import connected
from tests.serving import serve

from .documents import TEXT, channel, document, message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from asynction_asgi import Socket

HI = {"text": "hi"}
EVENTS = [message(name, TEXT, **{"x-ack": True}) for name in ("say", "send message", "spare")]
SENDS = [message("said", TEXT)]


def spec(**fields: Any) -> dict[str, Any]:
    return document(root=channel(EVENTS, SENDS, **fields), chat=channel(EVENTS, SENDS))


class Desk:
    def __init__(self) -> None:
        self.seen: list[str] = []

    async def on_connect(self, socket: Socket) -> None:
        self.seen.append("connect")

    async def on_disconnect(self, sid: str, reason: str) -> None:
        self.seen.append("disconnect")

    async def on_say(self, data: Any) -> Any:
        return ["say", data["text"]]

    @handles("send message")
    @handles("spare")
    def both(self, sid: str, data: Any) -> Any:
        if data["text"] == "fail":
            raise LookupError
        return ["both", len(self.seen)]

    @staticmethod
    def on_error(error: Exception) -> Any:
        return ["error", type(error).__name__]

    def helper(self) -> None: ...


class Chat(socketio.AsyncNamespace):  # type: ignore[misc]  # python-socketio has no types
    """As python-socketio's users write it."""

    async def on_connect(self, sid: str, environ: Any, auth: Any) -> None:
        await self.enter_room(sid, "all")

    async def on_say(self, sid: str, data: Any) -> Any:
        await self.emit("said", data, room="all", skip_sid=None)
        async with self.session(sid) as session:
            session["said"] = session.get("said", 0) + 1
            return [session["said"], self.rooms(sid)[0]]

    def on_spare(self, sid: str, data: Any) -> str:
        return "spare"

    @handles("send message")
    async def invalid(self, sid: str, data: Any) -> None:
        await self.emit("said", {"text": 7})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    app = AsynctionSocketIO.from_spec(spec())
    app.register("/", Desk())
    app.register_namespace(Chat("/chat"))
    with serve(app) as url:
        yield url


async def test_the_methods_of_an_object_are_handlers(url: str) -> None:
    """By their names or marks; one object for all of them."""
    async with connected(url) as client:
        assert await client.call("say", HI) == ["say", "hi"]
        assert await client.call("send message", HI) == ["both", 1]
        assert await client.call("spare", HI) == ["both", 1]
        assert await client.call("spare", {"text": "fail"}) == ["error", "LookupError"]


async def test_a_namespace_of_python_socketio_is_registered(url: str) -> None:
    """Its own emits, rooms and sessions work, and are checked."""
    async with connected(url, "/chat") as client:
        assert await client.call("say", HI) == [1, client.sid]
        assert await client.receive() == ("said", HI)
        assert (await client.call("say", HI))[0] == 2
        assert await client.receive() == ("said", HI)
        assert await client.call("spare", HI) == "spare"
        assert (await client.call("send message", HI))["error"]["code"] == "internal_error"


class Misfit:
    async def on_sya(self, data: Any) -> None: ...
    async def on_say(self, data: Any, more: Any) -> None: ...


class Twice:
    async def on_say(self, data: Any) -> None: ...
    @handles("say")
    async def other(self, data: Any) -> None: ...


class Own(socketio.AsyncNamespace):  # type: ignore[misc]  # as above
    async def trigger_event(self, event: str, *arguments: Any) -> None: ...
    async def on_say(self, sid: str, data: Any) -> None: ...


class Blocking(socketio.Namespace):  # type: ignore[misc]  # as above
    def on_say(self, sid: str, data: Any) -> None: ...


def test_all_methods_that_do_not_fit_are_reported() -> None:
    """What nothing declares, and another arity."""
    app = AsynctionSocketIO.from_spec(spec())
    with pytest.raises(BindingError) as raised:
        app.register("/", Misfit())
    codes = sorted(diagnostic.code for diagnostic in raised.value.diagnostics)
    assert codes == ["ARITY", "HANDLER"]
    assert "did you mean 'say'" in str(raised.value)


async def test_an_object_is_registered_as_a_whole() -> None:
    """If one of its methods does not fit, earlier handlers stay and none is added."""

    class Half:
        async def on_connect(self, socket: Socket) -> None:
            raise RefusedError("half", "never attached")

        async def on_say(self, data: Any) -> Any:
            return ["half"]

        async def on_spare(self, data: Any) -> Any:
            return ["half"]

        async def on_nothing(self, data: Any) -> None: ...

    app = AsynctionSocketIO.from_spec(spec())
    app.on("say")(Desk().on_say)
    with pytest.raises(BindingError, match="no event 'nothing'"):
        app.register("/", Half())
    with pytest.raises(BindingError, match=r"(?s)'send message'.*has no handler") as raised:
        app.check_handlers()
    assert "'spare'" in str(raised.value)
    for event in ("send message", "spare"):
        app.on(event)(Desk().on_say)
        app.on(event, namespace="/chat")(Desk().on_say)
    app.on("say", namespace="/chat")(Desk().on_say)
    async with TestServer(app) as server, server.connect() as client:
        assert await client.call("say", HI) == ["say", "hi"]


@each_case(
    ("register", "words"),
    [
        pytest.param(lambda app: app.register("/", Desk), "takes an object", id="class"),
        pytest.param(lambda app: app.register("/", object()), "has no handlers", id="no handlers"),
        pytest.param(lambda app: app.register("/", Twice()), "two methods for the event 'say'", id="twice"),
        pytest.param(lambda app: app.register_namespace(Own("/")), "trigger_event of its own", id="own"),
        pytest.param(lambda app: app.register_namespace(Blocking("/")), "AsyncNamespace", id="blocking"),
        pytest.param(lambda app: app.register_namespace(Desk()), "app.register", id="not a namespace"),
        pytest.param(
            lambda app: handles(Desk),  # type: ignore[arg-type]  # on purpose
            "takes the event's name",
            id="a mark without a name",
        ),
    ],
)
def test_what_cannot_be_registered_is_refused(register: Any, words: str) -> None:
    """With what to do."""
    with pytest.raises((TypeError, ValueError), match=words):
        register(AsynctionSocketIO.from_spec(spec()))


@pytest.fixture
def desk_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module with classes of handlers."""
    (tmp_path / "desk_module.py").write_text(
        textwrap.dedent(
            """
            from asynction_asgi import handles

            class Database:
                made = 0

                def __init__(self):
                    Database.made += 1

            class Desk:
                def __init__(self, database: Database):
                    self.database = database

                async def on_connect(self, socket):
                    socket.state.connected = True

                async def on_say(self, socket, data, *, database: Database):
                    return [Database.made, database is self.database, socket.state.connected]

                @handles("send message")
                async def send(self, data):
                    return "class"

                async def on_spare(self, data):
                    return "class"

            async def open_database():
                return Database()

            def closed_database():
                raise OSError("no database")

            class Wrong:
                async def on_sya(self, data): ...

            class Failing:
                def __init__(self):
                    raise RuntimeError("no settings")

                async def on_say(self, data): ...

            async def spare(data):
                return "function"
            """
        )
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "desk_module"
    sys.modules.pop("desk_module", None)


def with_class(path: str) -> dict[str, Any]:
    events = [EVENTS[0], EVENTS[1], {**EVENTS[2], "x-handler": "desk_module.spare"}]
    named: dict[str, Any] = {"x-handlers": {"class": path}}
    return document(root=channel(events, **named))


async def test_a_class_is_named_in_the_document(desk_module: str) -> None:
    """Its constructor is provided, and it handles what names no handler and has none in code."""
    module = __import__(desk_module)
    app = AsynctionSocketIO.from_spec(
        with_class("desk_module:Desk"),
        provide={module.Database: Provide(module.Database, scope="app")},
    )

    @app.on("send message")
    async def other(data: Any) -> str:
        return "code"

    with serve(app) as url:
        async with connected(url) as client:
            assert await client.call("say", HI) == [1, True, True]
            assert await client.call("send message", HI) == "code"
            assert await client.call("spare", HI) == "function"


@pytest.mark.parametrize(
    ("path", "provide", "words"),
    [
        pytest.param(
            "desk_module:Desk", None, "Desk asks for 'database', and nothing provides", id="nothing"
        ),
        pytest.param("desk_module:Desk", "open_database", "is asynchronous", id="asynchronous"),
        pytest.param(
            "desk_module:Desk",
            "closed_database",
            "closed_database() failed before the start: OSError: no",
            id="a provider fails",
        ),
        pytest.param(
            "desk_module:Failing",
            None,
            "Failing() failed before the start: RuntimeError: no",
            id="constructor fails",
        ),
        pytest.param("desk_module:Dsek", None, "did you mean 'Desk'", id="misspelt"),
        pytest.param("desk_module:spare", None, "is not a class", id="function"),
        pytest.param("desk_module:Wrong", None, "did you mean 'say'", id="undeclared"),
    ],
)
def test_a_class_that_does_not_fit_is_reported(
    desk_module: str, path: str, provide: str | None, words: str
) -> None:
    """At the place of its name."""
    module = __import__(desk_module)
    given = {} if provide is None else {module.Database: Provide(getattr(module, provide), scope="app")}
    with pytest.raises(BindingError) as raised:
        AsynctionSocketIO.from_spec(with_class(path), provide=given)
    assert words in str(raised.value)
    assert "x-handlers/class" in str(raised.value)


def test_a_class_that_fails_is_reported_with_all_other_problems(desk_module: str) -> None:
    """With the line that raised."""
    spec = with_class(f"{desk_module}:Failing")
    with pytest.raises(BindingError) as raised:
        AsynctionSocketIO.from_spec(spec, handlers={"/": {"send message": "desk_module.nobody"}})
    first, second = raised.value.diagnostics
    assert "'nobody'" in first.message
    assert "desk_module.py:" in second.message


class Complete(AsynctionSocketIO):
    """An application to which no code attaches handlers."""

    handlers_follow = False


def test_a_class_that_fails_is_the_only_problem_of_its_events(desk_module: str) -> None:
    """They are not reported as events without a handler; those of other namespaces are."""
    spec = with_class(f"{desk_module}:Dsek")
    spec["channels"]["/other"] = channel([message("idle")])
    with pytest.raises(BindingError) as raised:
        Complete.from_spec(spec)
    misspelt, unhandled = raised.value.diagnostics
    assert "did you mean 'Desk'" in misspelt.message
    assert "event 'idle' of namespace '/other' has no handler" in unhandled.message
