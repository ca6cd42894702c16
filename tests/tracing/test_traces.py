"""Spans of connections, events and emits, over the wire."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.trace import SpanKind, StatusCode

from asynction_asgi import AsynctionSocketIO, NoAnswerError, Observer, RefusedError, Socket, Tracing
from asynction_asgi.metrics import families
from asynction_asgi.server.dispatch import Dispatcher
from tests.clients import ConnectError, connected
from tests.engine.stage import until
from tests.server.documents import TEXT, channel, document, message
from tests.serving import serve

from .recorder import Recorder, attributes, linked, span_id, trace_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from asynction_asgi import Peer

HI = {"text": "hi"}
SECRET = "a secret that no span may hold"
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"
MEMBERS = {"type": "object", "properties": {"traceparent": {"type": "string"}, "refuse": {}, "crash": {}}}


def spec() -> dict[str, Any]:
    receives = [message("say", TEXT, **{"x-ack": TEXT}), message("fail", TEXT), message("tell", TEXT)]
    receives.append(message("odd", **{"x-ack": True}))
    sends = [message("told", TEXT), message("question", **{"x-ack": TEXT})]
    return document(
        root=channel(receives, sends, **{"x-auth": MEMBERS}),
        **{
            "rooms/{id}": channel(
                [message("*")],
                sends,
                parameters={"id": {"schema": {"type": "string"}}},
                bindings={"ws": {"query": MEMBERS}},
            )
        },
    )


def application(tracing: Tracing | bool, **options: Any) -> AsynctionSocketIO:
    app = AsynctionSocketIO.from_spec(spec(), tracing=tracing, **options)
    tracer = trace.get_tracer("tests", tracer_provider=getattr(tracing, "provider", None))

    @app.on("connect", namespace="/")
    async def connect(auth: Any) -> None:
        if isinstance(auth, dict) and "refuse" in auth:
            raise RefusedError("forbidden")
        if isinstance(auth, dict) and "crash" in auth:
            raise LookupError(SECRET)

    @app.on("say", namespace="/")
    async def say(data: Any) -> Any:
        if data["text"] == "refuse":
            raise RefusedError("closed", SECRET)
        if data["text"] == "crash":
            raise LookupError(SECRET)
        return {"text": 7} if data["text"] == "spoil" else data

    @app.on("fail", namespace="/")
    def fail(data: Any) -> None:
        with tracer.start_as_current_span("in a thread"):
            logging.getLogger("tests.traced").warning(
                "%032x", trace.get_current_span().get_span_context().trace_id
            )

    @app.on("odd", namespace="/")
    async def odd() -> object:
        return object()

    @app.on("tell", namespace="/")
    async def tell(socket: Socket, data: Any) -> None:
        await socket.emit("told", data)
        with contextlib.suppress(NoAnswerError):
            await socket.call("question", timeout=0.05 if data["text"] == "late" else 20)

    @app.on("disconnect", namespace="/")
    async def disconnect(socket: Socket) -> None:
        if socket.auth and "leave" in socket.auth:
            raise LookupError(SECRET)

    @app.on("*", namespace="/rooms/{id}")
    async def anything(event: str) -> None: ...

    return app


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def url(recorder: Recorder) -> Iterator[str]:
    with serve(application(Tracing(provider=recorder.provider))) as url:
        yield url


@pytest.fixture(autouse=True)
def no_secrets(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test whose spans hold what a handler or a client said."""
    kept = request.getfixturevalue("recorder") if "recorder" in request.fixturenames else Recorder()
    yield
    assert SECRET not in "".join(span.to_json() for span in kept.spans)


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_each_event_is_a_trace_with_a_link_to_its_connection(
    recorder: Recorder, url: str, transport: str
) -> None:
    """The connection's span ends with its acceptance, and an event's with its answer."""
    async with connected(url, transports=[transport]) as client:
        sid = client.sid
        assert await client.call("say", HI) == HI
        assert recorder.names == ["connect /", "process say /"]
        await client.call("say", HI)
    left = await recorder.only("process disconnect /")
    connecting, *saying = recorder.spans[:3]
    assert connecting.kind is SpanKind.SERVER
    assert attributes(connecting) == {
        "messaging.system": "socketio",
        "messaging.operation.name": "connect",
        "messaging.destination.template": "/",
        "messaging.destination.name": "/",
        "network.peer.address": "127.0.0.1",
        "asynction.sid": sid,
    }
    assert attributes(saying[0]) == {
        "messaging.system": "socketio",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.template": "/",
        "messaging.destination.name": "/",
        "asynction.event": "say",
        "asynction.sid": sid,
    }
    assert attributes(left)["asynction.reason"] in {"client disconnect", "transport close"}
    for span in (*saying, left):
        assert (span.parent, span.kind, linked(span)) == (None, SpanKind.CONSUMER, [span_id(connecting)])
        assert span.status.status_code is StatusCode.UNSET
    assert len({trace_id(span) for span in recorder.spans}) == 4


async def test_names_come_from_the_document(recorder: Recorder, url: str) -> None:
    """Whatever clients send: the wildcard's event is ``*``, and an undeclared one has no name."""
    async with connected(url, "/rooms/7") as client:
        await client.call("whatever", 1)
    async with connected(url) as client:
        await client.call("nonsense", 1)
    wild = await recorder.only("process * /rooms/{id}")
    assert attributes(wild)["asynction.event"] == "*"
    assert attributes(wild)["messaging.destination.name"] == "/rooms/7"
    unknown = await recorder.only("process /")
    assert attributes(unknown)["error.type"] == "unknown_event"
    assert "asynction.event" not in attributes(unknown)
    assert "nonsense" not in unknown.to_json()


@pytest.mark.parametrize(
    ("text", "expected", "failed"),
    [
        ("", {"error.type": "invalid_payload", "asynction.code": "invalid_payload"}, False),
        ("refuse", {"error.type": "other", "asynction.code": "closed"}, False),
        ("crash", {"error.type": "internal_error", "asynction.code": "internal_error"}, True),
        ("spoil", {"error.type": "invalid_ack", "asynction.code": "invalid_ack"}, True),
    ],
    ids=["invalid", "refused", "crash", "invalid answer"],
)
async def test_refusals_and_crashes_are_told_apart(
    recorder: Recorder, url: str, text: str, expected: dict[str, str], failed: bool
) -> None:
    """A refusal leaves the status unset; a crash is an error, with the ref that client and log have."""
    async with connected(url) as client:
        answer = (await client.call("say", {"text": text}))["error"]
    span = await recorder.only("process say /")
    about = attributes(span)
    assert {name: about[name] for name in expected} == expected
    assert about.get("asynction.ref") == answer.get("ref")
    assert span.status.status_code is (StatusCode.ERROR if failed else StatusCode.UNSET)
    assert (about.get("asynction.keyword"), len(span.events)) == (
        {"": "minLength", "spoil": "type"}.get(text),
        int(failed),
    )
    if text == "crash":
        recorded = span.events[0].attributes
        assert recorded is not None
        assert recorded["exception.type"] == "LookupError"
        assert "in say" in str(recorded["exception.stacktrace"])


async def test_an_answer_that_can_not_be_encoded_is_an_error(recorder: Recorder, url: str) -> None:
    """The event's span says so, and ends once; the connection goes on."""
    async with connected(url) as client:
        answer = await client.call("odd")
        span = await recorder.only("process odd /")
        assert span.status.status_code is StatusCode.ERROR
        assert attributes(span)["error.type"] == answer["error"]["code"] == "internal_error"
        assert attributes(span)["asynction.ref"] == answer["error"]["ref"]
        assert await client.call("say", HI) == HI
    assert (await recorder.only("process say /")).status.status_code is StatusCode.UNSET


@pytest.mark.parametrize(("how", "failed"), [("refuse", False), ("crash", True)])
async def test_connections_are_refused_or_crash(recorder: Recorder, url: str, how: str, failed: bool) -> None:
    """The span of the connection says which, and no other span follows."""
    with pytest.raises(ConnectError) as raised:
        async with connected(url, auth={how: 1}):
            pass
    span = await recorder.only("connect /")
    assert span.status.status_code is (StatusCode.ERROR if failed else StatusCode.UNSET)
    assert attributes(span)["error.type"] == ("internal_error" if failed else "forbidden")
    assert attributes(span).get("asynction.ref") == raised.value.answer["data"].get("ref")
    assert recorder.names == ["connect /"]


async def test_a_crash_of_a_disconnect_handler_is_an_error(
    recorder: Recorder, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """With the ref of its log line."""
    async with connected(url, auth={"leave": 1}):
        pass
    span = await recorder.only("process disconnect /")
    assert (span.status.status_code, len(span.events)) == (StatusCode.ERROR, 1)
    await until(lambda: str(attributes(span)["asynction.ref"]) in caplog.text, "the log line")


async def test_emits_and_calls_belong_to_what_sends_them(recorder: Recorder, url: str) -> None:
    """A call's span ends with its answer, and names why there is none."""

    async def question() -> Any:
        return HI

    async with connected(url, on={"question": question}) as client:
        await client.call("tell", HI)
        parent = await recorder.only("process tell /")
        told, asked = await recorder.only("send told /"), await recorder.only("send question /")
        for span in (told, asked):
            assert span.parent is not None
            assert (span.kind, span.parent.span_id) == (SpanKind.PRODUCER, span_id(parent))
            assert (trace_id(span), span.status.status_code) == (trace_id(parent), StatusCode.UNSET)
            assert "error.type" not in attributes(span)
        assert attributes(told)["messaging.operation.type"] == "send"
    recorder.exporter.clear()

    async def silent() -> Any:
        await until(lambda: "send question /" in recorder.names)

    async with connected(url, on={"question": silent}) as client:
        await client.call("tell", {"text": "late"})
        asked = await recorder.only("send question /")
        assert attributes(asked)["error.type"] == "timeout"
        assert asked.status.status_code is StatusCode.UNSET


async def test_handlers_in_threads_are_in_the_span(
    recorder: Recorder, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Spans that they begin are children, and log records have the trace."""
    async with connected(url) as client:
        await client.call("fail", HI)
    parent, child = await recorder.only("process fail /"), await recorder.only("in a thread")
    assert child.parent is not None
    assert child.parent.span_id == span_id(parent)
    assert f"{trace_id(parent):032x}" in caplog.messages


@pytest.mark.parametrize("trusted", [False, True], ids=["by default", "trusted"])
@pytest.mark.parametrize("place", ["headers", "auth", "query"])
async def test_a_client_names_its_trace(recorder: Recorder, place: str, trusted: bool) -> None:
    """By headers, or where the document declares it; it is linked, and continued only if clients are trusted."""
    tracing = Tracing(provider=recorder.provider, trust_clients=trusted)
    options: dict[str, Any] = {"headers": {"traceparent": PARENT}} if place == "headers" else {}
    with serve(application(tracing)) as url:
        if place == "auth":
            options["auth"] = {"traceparent": PARENT}
        query, namespace = (f"?traceparent={PARENT}", "/rooms/7") if place == "query" else ("", "/")
        async with connected(url + query, namespace, **options):
            pass
    span = recorder.spans[0]
    assert span.name.startswith("connect ")
    assert linked(span) == ([] if trusted else [int(SPAN, 16)])
    assert (trace_id(span) == int(TRACE, 16)) == trusted
    assert (span.parent is not None) == trusted
    assert trace_id(recorder.spans[-1]) != int(TRACE, 16), "each event is a trace of its own"


@pytest.mark.parametrize("trusted", [False, True], ids=["by default", "trusted"])
async def test_an_event_names_its_trace(recorder: Recorder, trusted: bool) -> None:
    """Where the document says; the link to the connection stays."""
    declared = message("move", **{"x-trace": "/1/meta", "x-ack": True})
    tracing = Tracing(provider=recorder.provider, trust_clients=trusted)
    handlers: Any = {"/": {"move": lambda *_: None}}
    app = AsynctionSocketIO.from_spec(document(root=channel([declared])), tracing=tracing, handlers=handlers)
    with serve(app) as url:
        async with connected(url) as client:
            await client.call("move", 1, {"meta": {"traceparent": PARENT}})
            for nothing in ([], [1], [1, []], [1, {"meta": PARENT}], [{"meta": {"traceparent": PARENT}}, 1]):
                await client.call("move", *nothing)
    named, *others = (span for span in recorder.spans if span.name == "process move /")
    connecting = span_id(await recorder.only("connect /"))
    assert linked(named) == ([connecting] if trusted else [connecting, int(SPAN, 16)])
    assert (trace_id(named) == int(TRACE, 16)) == (named.parent is not None) == trusted
    assert [(span.parent, linked(span)) for span in others] == [(None, [connecting])] * 5


@pytest.mark.parametrize(
    "parent",
    [f"00-{TRACE}-{SPAN}", f"00-{'0' * 32}-{SPAN}-01", "x", "00" * 10_000, 7, {"a": PARENT}, None],
    ids=["short", "zero", "text", "long", "number", "object", "null"],
)
async def test_a_hostile_trace_changes_nothing(parent: Any) -> None:
    """It is ignored, as is one in a place that the document does not declare."""
    recorder = Recorder()
    auth_schema: Any = {"x-auth": {"properties": {"traceparent": {}}}}
    app = AsynctionSocketIO.from_spec(
        document(root=channel([message("say", **{"x-ack": True})], **auth_schema)),
        tracing=Tracing(provider=recorder.provider, trust_clients=True),
        handlers={"/": {"say": lambda data: data}},
    )
    with serve(app) as url:
        auth = {"traceparent": parent, "tracestate": parent}
        async with connected(f"{url}?traceparent={PARENT}", auth=auth) as client:
            assert await client.call("say", 1) == 1
    for span in recorder.spans:
        assert span.parent is None
        assert len(span.links) == (span.name != "connect /")


@pytest.mark.parametrize("excluded", [[], ["receive", "send"]], ids=["as it is", "as advised"])
async def test_a_middleware_has_the_connection_in_its_span(
    recorder: Recorder, excluded: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    """The span of the connection is its child, those of events are traces of their own; the log says what it costs."""
    app = application(Tracing(provider=recorder.provider))
    middleware = OpenTelemetryMiddleware(app, tracer_provider=recorder.provider, exclude_spans=excluded)
    with serve(middleware) as url:
        for _ in range(2):
            async with connected(url, transports=["websocket"]) as client:
                await client.call("say", HI)
    connecting, saying = (
        next(span for span in recorder.spans if span.name == name) for name in ("connect /", "process say /")
    )
    outer = next(span for span in recorder.spans if span_id(span) == connecting.parent.span_id)
    assert outer.instrumentation_scope.name == "opentelemetry.instrumentation.asgi"
    assert (saying.parent, linked(saying)) == (None, [span_id(connecting)])
    advice = [line for line in caplog.messages if 'exclude_spans=["receive", "send"]' in line]
    assert len(advice) == (not excluded)


async def test_text_and_users_are_recorded_if_asked_for() -> None:
    """The message of an exception, and who caused it."""
    recorder = Recorder()
    tracing = Tracing(provider=recorder.provider, exception_text=True, users=True)
    app = application(tracing, default_error_handler=lambda error: {"text": "dealt with"})
    with serve(app) as url:
        async with connected(url) as client:
            app.socket(client.sid).user = "ada"  # type: ignore[union-attr]  # it is connected
            assert await client.call("say", {"text": "crash"}) == {"text": "dealt with"}
    span = await recorder.only("process say /")
    assert attributes(span)["enduser.id"] == "ada"
    assert attributes(span)["error.type"] == "other"
    assert span.status.status_code is StatusCode.UNSET, "the error handler has dealt with it"
    (event,) = span.events
    assert (event.attributes or {})["exception.message"] == SECRET


async def test_all_learn_how_an_event_has_ended(recorder: Recorder) -> None:
    """Observers, metrics and spans do, once for each event of each connection."""

    class Handled(Observer):
        def handled(self, peer: Peer[Any], event: str, schemes: Collection[str], *, ack: bool) -> None:
            events.append((event, ack))

    events: list[tuple[str, bool]] = []
    app = application(Tracing(provider=recorder.provider), metrics=True, observers=[Handled()])
    with serve(app) as url:
        for _ in range(2):
            async with connected(url) as client:
                await client.call("say", HI)
    assert events == [("say", True)] * 2
    assert recorder.names.count("process say /") == 2
    assert app.metrics is not None
    (counted,) = (sample for sample in app.metrics.sample(families.EVENTS) if sample.value)
    assert (counted.labels["event"], counted.value) == ("say", 2)


def test_without_tracing_nothing_is_there() -> None:
    """The same endpoint and handlers, no hooks, and no observer."""
    app = application(False)
    server: Any = app.server
    assert type(server._endpoint) is Dispatcher
    assert not app._dispatcher.sending.around
    assert not [
        watcher for watcher in app._contract.outcomes._observers if "tracing" in type(watcher).__module__
    ]
    traced = application(Tracing(provider=Recorder().provider))._contract.outcomes._observers
    assert [watcher for watcher in traced if "tracing" in type(watcher).__module__]
    app._contract.routes.start()
    assert app._contract.routes.namespaces["/"].events["say"].handler.perform is None  # type: ignore[union-attr]  # bound


def test_other_values_of_the_option_are_refused() -> None:
    """With what it takes."""
    with pytest.raises(TypeError, match="tracing takes True, False or Tracing"):
        AsynctionSocketIO.from_spec(spec(), tracing="yes")  # type: ignore[arg-type]  # wrong on purpose
