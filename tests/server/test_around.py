"""Hooks around handlers and emits, and what error handlers are told."""

from __future__ import annotations

import contextlib
import contextvars
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO, BindingError, PayloadValidationError, RefusedError
from asynction_asgi.server.binding import bind_event_handler
from tests.clients import ConnectError, connected
from tests.serving import serve

from .documents import TEXT, channel, document, message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asynction_asgi import Call, Emission, Socket

TENANT: contextvars.ContextVar[str] = contextvars.ContextVar("tenant")
HI = {"text": "hi"}
SEEN: list[Any] = []


def spec() -> dict[str, Any]:
    events = [
        *(
            message(name, TEXT, **{"x-ack": {"args": TEXT}})
            for name in ("say", "fail", "tell", "twice", "ask")
        ),
        message("spare", TEXT, **{"x-ack": True}),
    ]
    sends = [message("told", TEXT), message("question", TEXT, **{"x-ack": {"args": TEXT}})]
    return document(root=channel(events, sends), other=channel(events, sends), quiet=channel(events, sends))


async def say(data: Any) -> Any:
    return {"text": f"{data['text']} {TENANT.get('nobody')}"}


async def fail(data: Any) -> Any:
    raise LookupError("no such thing")


async def tell(socket: Socket, data: Any) -> Any:
    await socket.emit("told", data)
    return data


async def ask(socket: Socket, data: Any) -> Any:
    return await socket.call("question", data)


async def catch_all(event: str, data: Any) -> Any:
    return event


async def disconnect(sid: str, reason: str) -> None:
    SEEN.append("disconnect handler")


def application(**options: Any) -> AsynctionSocketIO:
    handlers = {"say": say, "fail": fail, "tell": tell, "twice": say, "ask": ask, "*": catch_all}
    each: Any = {"/": {**handlers, "disconnect": disconnect}, "/other": handlers, "/quiet": handlers}
    return AsynctionSocketIO.from_spec(spec(), handlers=each, **options)


def hooked() -> AsynctionSocketIO:
    app = application()

    @app.around
    async def outermost(call: Call, proceed: Any) -> Any:
        TENANT.set("acme")
        SEEN.append(("before", call.kind, call.namespace, call.event, list(call.arguments), call.wants_ack))
        answer = await proceed()
        SEEN.append(("after", call.event, answer))
        return answer

    @app.around("/other")
    async def refuse_or_alter(call: Call, proceed: Any) -> Any:
        text = call.arguments[0]["text"] if call.kind == "event" else ""
        if text == "refuse":
            raise RefusedError("forbidden", "not today")
        if text == "instead":
            return {"text": "instead"}
        if text == "wrong":
            await proceed()
            return {"text": 7}
        return await proceed()

    @app.around("/other", "twice")
    async def twice(call: Call, proceed: Any) -> Any:
        await proceed()
        return await proceed()

    @app.around("/other", "fail")
    async def swallow(call: Call, proceed: Any) -> Any:
        try:
            return await proceed()
        except LookupError:
            return {"text": "nothing found"}

    @app.around_emit
    async def emits(emission: Emission, proceed: Any) -> Any:
        SEEN.append((emission.kind, emission.event, emission.data, emission.namespace))
        text = emission.data[0]["text"]
        if text == "drop":
            return None
        if text == "change":
            return await proceed({"text": "changed"})
        if text == "spoil":
            return await proceed({"text": 7})
        return await proceed()

    return app


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve(hooked()) as url:
        yield url


@pytest.fixture(autouse=True)
def forget() -> None:
    SEEN.clear()


async def test_a_hook_runs_around_connections_events_and_their_end(url: str) -> None:
    """A context variable that it sets reaches the handler."""
    async with connected(url) as client:
        assert await client.call("say", HI) == {"text": "hi acme"}
        await client.emit("say", HI)
        await client.call("spare", HI)
    assert SEEN[0][:4] == ("before", "connect", "/", "connect")
    assert SEEN[2:4] == [
        ("before", "event", "/", "say", [HI], True),
        ("after", "say", {"text": "hi acme"}),
    ]
    assert ("before", "event", "/", "say", [HI], False) in SEEN
    assert ("before", "event", "/", "spare", [HI], True) in SEEN


@pytest.mark.parametrize(
    ("text", "answer"),
    [("instead", {"text": "instead"}), ("hi", {"text": "hi acme"})],
)
async def test_a_hook_answers_instead_of_the_handler(url: str, text: str, answer: Any) -> None:
    """Or lets it answer."""
    async with connected(url, "/other") as client:
        assert await client.call("say", {"text": text}) == answer


@pytest.mark.parametrize(
    ("event", "text", "code"),
    [
        pytest.param("say", "refuse", "forbidden", id="refuses"),
        pytest.param("say", "wrong", "invalid_ack", id="answers wrongly"),
        pytest.param("twice", "hi", "internal_error", id="proceeds twice"),
    ],
)
async def test_what_a_hook_does_wrong_is_refused(url: str, event: str, text: str, code: str) -> None:
    """Its answer is checked like the handler's."""
    async with connected(url, "/other") as client:
        assert (await client.call(event, {"text": text}))["error"]["code"] == code


@pytest.fixture(scope="module")
def lenient() -> Iterator[str]:
    """A server with a catch-all in ``/``, a declared wildcard in ``/wild``, and hooks on undeclared events."""
    events = [message(name, **{"x-ack": True}) for name in ("say", "*")]
    both = document(root=channel(events[:1]), wild=channel(events), free=channel(events[:1]))
    handlers = {"*": catch_all}
    app = AsynctionSocketIO.from_spec(
        both,
        validation="warn",
        handlers={"/": handlers, "/wild": {**handlers, "say": say}, "/free": handlers},
    )

    async def refuse(call: Call, proceed: Any) -> Any:
        raise RefusedError("forbidden", "not for you")

    async def surround(call: Call, proceed: Any) -> Any:
        return f"<{await proceed()}>"

    for namespace in ("/", "/wild"):
        app.around(namespace, "stray")(refuse)
        app.around(namespace, "*")(surround)
    app.around("/free", "stray")(refuse)
    with serve(app) as url:
        yield url


@pytest.mark.parametrize(("namespace", "other"), [("/", "<other>"), ("/wild", "<other>"), ("/free", "other")])
async def test_a_hook_on_an_undeclared_event_guards_it(lenient: str, namespace: str, other: str) -> None:
    """Whatever handles it: a catch-all, or the handler of a declared wildcard, which may have hooks, too."""
    async with connected(lenient, namespace) as client:
        assert (await client.call("stray", HI))["error"]["code"] == "forbidden"
        assert await client.call("other", HI) == other


async def test_a_hook_deals_with_an_error(url: str) -> None:
    """As if the handler had answered."""
    async with connected(url, "/other") as client:
        assert await client.call("fail", HI) == {"text": "nothing found"}


async def test_a_hook_around_emits_drops_and_changes(url: str) -> None:
    """Other data are checked, too; a call's answer passes through it."""

    async def question(data: Any) -> Any:
        return {"text": data["text"].upper()}

    async with connected(url, on={"question": question}) as client:
        await client.call("tell", {"text": "drop"})
        await client.call("tell", {"text": "change"})
        assert await client.receive() == ("told", {"text": "changed"})
        assert (await client.call("tell", {"text": "spoil"}))["error"]["code"] == "internal_error"
        assert await client.call("ask", {"text": "change"}) == {"text": "CHANGED"}
    assert ("emit", "told", ({"text": "drop"},), "/") in SEEN
    assert ("call", "question", ({"text": "changed"},), "/") not in SEEN


async def test_an_emission_is_changed_by_proceed_alone() -> None:
    """An attribute that is set is an error instead of being ignored; the next hook sees what was passed on."""
    app = AsynctionSocketIO.from_spec(document(root=channel([], [message("told", TEXT)])))
    refused: list[str] = []
    seen: list[Any] = []

    @app.around_emit
    async def outer(emission: Emission, proceed: Any) -> None:
        for name, value in {
            "event": "x",
            "data": ({"text": 7},),
            "to": "x",
            "namespace": "/x",
            "skip_sid": "x",
        }.items():
            try:
                setattr(emission, name, value)
            except AttributeError:
                refused.append(name)
        await proceed({"text": "changed"})

    @app.around_emit
    async def inner(emission: Emission, proceed: Any) -> None:
        seen.append((emission.event, emission.data))
        await proceed()

    with serve(app) as url:
        async with connected(url) as client:
            await app.emit("told", {"text": "hi"})
            assert await client.receive() == ("told", {"text": "changed"})
    assert refused == ["event", "data", "to", "namespace", "skip_sid"]
    assert [(event, list(data)) for event, data in seen] == [("told", [{"text": "changed"}])]


async def test_other_data_that_miss_the_document_raise() -> None:
    """In the code that emits."""
    with pytest.raises(PayloadValidationError):
        await hooked().emit("told", {"text": "spoil"})


@pytest.fixture(scope="module")
def gate() -> Iterator[str]:
    """A server whose connect handler, and the hook around it, do as the client's auth says."""
    auth = {"type": "object", "properties": {"hook": {"type": "string"}, "handler": {"type": "string"}}}
    gated = document(root={**channel([message("spare", TEXT, **{"x-ack": True})]), "x-auth": auth})

    async def connect(sid: str, environ: Any, auth: Any) -> Any:
        if auth["handler"] == "raises":
            raise RefusedError("unauthorized", "who are you?")
        return auth["handler"] != "answers False"

    app = AsynctionSocketIO.from_spec(gated, handlers={"/": {"connect": connect, "*": catch_all}})

    @app.around("/", "connect")
    async def hook(call: Call, proceed: Any) -> Any:
        if call.socket.auth["hook"] == "proceeds":
            with contextlib.suppress(RefusedError):
                await proceed()
        return call.socket.auth["hook"] != "refuses"

    with serve(app) as url:
        yield url


@pytest.mark.parametrize(
    ("hook", "handler", "code"),
    [
        ("proceeds", "accepts", None),
        ("proceeds", "raises", "unauthorized"),
        ("proceeds", "answers False", "forbidden"),
        ("does not proceed", "accepts", "forbidden"),
        ("refuses", "accepts", "forbidden"),
    ],
)
async def test_no_hook_turns_a_refusal_into_an_acceptance(
    gate: str, hook: str, handler: str, code: str | None
) -> None:
    """Only a connect handler that ran and accepted lets a client in, even if the hook swallows its refusal."""
    auth = {"hook": hook, "handler": handler}
    if code is None:
        async with connected(gate, auth=auth) as client:
            assert await client.call("spare", HI) == "spare"
        return
    with pytest.raises(ConnectError) as refused:
        async with connected(gate, auth=auth):
            pass
    assert refused.value.answer["data"]["code"] == code


def test_a_hook_is_checked_when_it_is_registered() -> None:
    """Its target must be declared, and it must be a coroutine function of two parameters."""
    app = application()

    async def hook(call: Any, proceed: Any) -> None: ...
    async def single(call: Any) -> None: ...
    def plain(call: Any, proceed: Any) -> None: ...

    with pytest.raises(BindingError, match="no namespace '/othr'; did you mean '/other'"):
        app.around("/othr")(hook)
    with pytest.raises(
        BindingError, match="declares no event 'sya' that clients may emit; did you mean 'say'"
    ):
        app.around("/", "sya")(hook)
    for wrong in (single, plain):
        with pytest.raises(TypeError, match=r"async def hook\(call, proceed\)"):
            app.around(wrong)
        with pytest.raises(TypeError, match=r"async def hook\(emission, proceed\)"):
            app.around_emit(wrong)


async def test_hooks_are_registered_before_the_start() -> None:
    """Handlers may follow, and have the hooks around them."""
    app = hooked()
    with serve(app) as url:
        async with connected(url) as client:

            async def hook(call: Any, proceed: Any) -> None: ...

            with pytest.raises(RuntimeError, match="before the application starts"):
                app.around(hook)
            with pytest.raises(RuntimeError, match="before the application starts"):
                app.around_emit(hook)

            @app.on("say")
            async def other(data: Any) -> Any:
                return {"text": TENANT.get()}

            assert await client.call("say", HI) == {"text": "acme"}


async def test_handlers_without_hooks_stay_as_they_are() -> None:
    """By the same closure, whatever hooks other namespaces have."""
    app = application()

    @app.around("/other")
    async def hook(call: Any, proceed: Any) -> Any:
        return await proceed()

    with serve(app) as url:
        async with connected(url, "/quiet") as client:
            assert await client.call("say", HI) == {"text": "hi nobody"}
    namespaces = app._contract.routes.namespaces
    handler, wrapped = namespaces["/quiet"].events["say"].handler, namespaces["/other"].events["say"].handler
    plainly: Any = bind_event_handler(say).invoke
    assert handler is not None
    assert getattr(handler.invoke, "__code__", None) is plainly.__code__
    assert handler.perform is None
    assert wrapped is not None
    assert wrapped.perform is not None


async def test_an_error_handler_is_told_what_failed(caplog: pytest.LogCaptureFixture) -> None:
    """Its ref is that of the log and of the refusal; refused arguments reach it as they were sent."""
    told: list[Any] = []
    app = application()

    @app.on_error("/")
    async def failed(
        socket: Socket, exc: Exception, *, event: str, arguments: Any, kind: str, ref: str, namespace: str
    ) -> None:
        told.append((type(exc).__name__, kind, event, list(arguments), namespace))
        told.append(ref)

    with serve(app) as url:
        async with connected(url) as client:
            crash = (await client.call("fail", HI))["error"]
            await client.call("say", {"text": ""})
    assert told[0] == ("LookupError", "event", "fail", [HI], "/")
    assert told[1] == crash["ref"]
    assert f"[ref {told[1]}]" in caplog.text
    assert told[2] == ("PayloadValidationError", "event", "say", [{"text": ""}], "/")


async def test_a_hook_knows_the_ref_of_a_crash() -> None:
    """Before it happens."""
    refs: list[str] = []
    app = application()

    @app.around
    async def hook(call: Call, proceed: Any) -> Any:
        if call.kind == "event":
            refs.append(call.ref)
        return await proceed()

    with serve(app) as url:
        async with connected(url) as client:
            crash = (await client.call("fail", HI))["error"]
    assert refs == [crash["ref"]]


async def test_a_socket_leads_to_its_application_and_keeps_state() -> None:
    """One state for each connection, from connect to disconnect; injected by name, too."""
    left: list[Any] = []
    app = application()

    @app.on("connect")
    async def connect(socket: Socket) -> None:
        socket.state.count = 0
        await socket.join("all")

    @app.on("tell")
    async def count(socket: Socket, data: Any, *, app: AsynctionSocketIO, state: Any) -> Any:
        state.count += 1
        assert app is socket.app
        await socket.app.emit("told", {"text": str(socket.state.count)}, to="all")
        return data

    @app.on("disconnect")
    async def disconnect(*, state: Any) -> None:
        left.append(state.count)

    with serve(app) as url:
        async with connected(url) as first, connected(url) as second:
            await first.call("tell", HI)
            await second.call("tell", HI)
            await second.call("tell", HI)
            texts = [(await first.receive())[1]["text"] for _ in range(3)]
    assert texts == ["1", "1", "2"]
    assert sorted(left) == [1, 2]
