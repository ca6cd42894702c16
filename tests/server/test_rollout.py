"""Introducing a contract step by step: undeclared events still pass."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from asynction_asgi import AsynctionSocketIO, BindingError, Validation
from tests.clients import ConnectError, connected
from tests.serving import serve

from .documents import TEXT, channel, document, message

ONE = document(root=channel(receives=[message("say", TEXT, **{"x-ack": True})]))


async def say(sid: str, data: Any) -> Any:
    return data


async def add(sid: str, first: int, second: int) -> int:
    return first + second


LENIENT = pytest.mark.parametrize(
    ("validation", "counted"),
    [
        pytest.param("warn", True, id="warn"),
        pytest.param("off", False, id="off"),
        pytest.param(False, False, id="False"),
        pytest.param(Validation(inbound="warn", outbound="warn"), True, id="per direction"),
    ],
)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the messages of start-up, which are all warnings."""
    records = [record for record in caplog.records if record.name == "asynction_asgi"]
    assert {record.levelno for record in records} <= {logging.WARNING}
    return [record.getMessage() for record in records]


@LENIENT
async def test_undeclared_events_pass_both_ways(
    validation: Any, counted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Undeclared events and their answers pass however their handler is registered, and ``warn`` counts them."""
    app = AsynctionSocketIO.from_spec(ONE, handlers={"/": {"say": say, "add": add}}, validation=validation)

    @app.on("tell")
    async def tell(socket: Any, text: str) -> None:
        await socket.emit("told", text)

    with serve(app, lifespan="on") as url:
        async with connected(url) as client:
            assert await client.call("add", 1, 2) == 3
            assert await client.call("tell", "x") is None
            assert await client.receive() == ("told", "x")
            assert await client.call("say", {"text": "x"}) == {"text": "x"}
    expected = {
        ("/", "add", "arguments"): 1,
        ("/", "add", "ack"): 1,
        ("/", "tell", "arguments"): 1,
        ("/", "told", "arguments"): 1,
    }
    assert app.violations == (expected if counted else {})
    lines = [record for record in caplog.records if record.name == "asynction_asgi.validation"]
    assert len(lines) == (4 if counted else 0)
    assert ["'add'" in line or "'tell'" in line for line in warnings(caplog)] == [True, True]


@LENIENT
async def test_a_declared_event_without_handler_is_a_warning(
    validation: Any, counted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The server starts, the event is answered `unavailable`, and an unknown event `unknown_event`."""
    app = AsynctionSocketIO.from_spec(ONE, validation=validation)
    app.check_handlers()
    with serve(app, lifespan="on") as url:
        async with connected(url) as client:
            assert (await client.call("say", {"text": "x"}))["error"]["code"] == "unavailable"
            assert (await client.call("nothing", 1))["error"]["code"] == "unknown_event"
    assert not app.violations, "nothing was let through"
    (line,) = warnings(caplog)
    assert "event 'say' of namespace '/' has no handler" in line


@LENIENT
async def test_a_handler_of_another_arity_is_a_warning(
    validation: Any, counted: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """The handler is called with arguments that it accepts, even if the document is wrong."""

    async def three(sid: str, first: int, second: int, third: int) -> int:
        return first + second + third

    app = AsynctionSocketIO.from_spec(ONE, handlers={"/": {"say": three}}, validation=validation)
    with serve(app) as url:
        async with connected(url) as client:
            assert await client.call("say", 1, 2, 3) == 6
            assert (await client.call("say", {"text": "x"}))["error"]["code"] == "invalid_payload"
    assert app.violations == ({("/", "say", "arguments"): 1} if counted else {})
    assert any("ARITY" in line for line in warnings(caplog))


async def test_outbound_enforcement_drops_undeclared_answers() -> None:
    """With ``warn`` for clients alone their events pass, but an undeclared answer is not sent."""
    app = AsynctionSocketIO.from_spec(
        ONE,
        handlers={"/": {"say": say, "add": add}},
        validation=Validation(inbound="warn", outbound="enforce"),
    )
    with serve(app) as url:
        async with connected(url) as client:
            assert await client.call("add", 1, 2) is None
    assert app.violations == {("/", "add", "arguments"): 1}


async def test_names_of_a_catch_all_are_counted_together() -> None:
    """Names that clients choose share one counter, so that they cannot fill the memory."""

    async def anything(sid: str, event: str, *arguments: Any) -> int:
        return len(arguments)

    app = AsynctionSocketIO.from_spec(ONE, handlers={"/": {"say": say, "*": anything}}, validation="warn")
    with serve(app) as url:
        async with connected(url) as client:
            for number in range(20):
                assert await client.call(f"made up {number}", 1) == 1
    assert app.violations == {("/", "*", "arguments"): 20}


@pytest.mark.parametrize("validation", ["warn", "off"])
async def test_a_wildcards_rules_apply_to_named_handlers(validation: Any) -> None:
    """Payload and security of ``*`` apply to an event with its own handler, which does not get the name."""
    spec = document(root=channel(receives=[message("*", TEXT, **{"x-ack": True})]))
    spec["channels"]["/"]["publish"]["security"] = [{"key": []}]
    spec["components"] = {"securitySchemes": {"key": {"type": "httpApiKey", "in": "header", "name": "x-key"}}}

    def check(key: str) -> dict[str, Any] | None:
        return {"sub": "ada"} if key == "right" else None

    async def rest(sid: str, event: str, *arguments: Any) -> str:
        return event

    app = AsynctionSocketIO.from_spec(
        spec,
        handlers={"/": {"*": rest, "say": say}},
        security_handlers={"key": check},
        validation=validation,
    )
    with serve(app) as url:
        async with connected(url) as client:
            assert (await client.call("say", "wrong"))["error"]["code"] == "unauthorized"
        async with connected(url, headers={"x-key": "right"}) as client:
            assert await client.call("say", {"text": "x"}) == {"text": "x"}
            assert await client.call("say", "wrong") == "wrong"
            assert await client.call("other", {"text": "x"}) == "other"
    # Payloads are validated before credentials are checked.
    assert app.violations == ({("/", "*", "arguments"): 2} if validation == "warn" else {})


async def test_namespaces_must_be_declared_in_every_mode() -> None:
    """An undeclared namespace is an error in every mode, and the error suggests an empty channel."""
    with pytest.raises(BindingError, match=r"by an empty channel: '/new': \{\}"):
        AsynctionSocketIO.from_spec(ONE, handlers={"/new": {"say": say}}, validation="warn")
    app = AsynctionSocketIO.from_spec(
        document(new=channel()), handlers={"/new": {"say": say}}, validation="warn"
    )
    with serve(app) as url:
        async with connected(url, "/new") as client:
            assert await client.call("say", 1) == 1
        with pytest.raises(ConnectError):
            async with connected(url, "/other"):
                pass


@pytest.mark.parametrize("validation", ["warn", "off"])
@pytest.mark.parametrize("name", ["connect_error", "newListener"])
def test_a_reserved_name_gets_no_handler(name: str, validation: Any) -> None:
    """A handler for a reserved name is an error in every mode, as clients may not emit it."""
    app = AsynctionSocketIO.from_spec(ONE, handlers={"/": {"say": say}}, validation=validation)
    with pytest.raises(BindingError, match=name):
        app.on(name, say)


def test_a_later_handler_logs_its_warning(caplog: pytest.LogCaptureFixture) -> None:
    """A handler attached by a decorator logs the same warning as one passed in the mapping."""
    spec = document(
        root=channel(receives=[message("say", {"type": "array", "items": [TEXT], "minItems": 1})])
    )
    app = AsynctionSocketIO.from_spec(spec)
    assert not warnings(caplog)
    app.on("say", say)
    assert "ARITY" in warnings(caplog)[0]
