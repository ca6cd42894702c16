"""Handlers receive objects of their annotated types, and answer and emit such objects."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import logging
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import pydantic
import pytest

from asynction_asgi import AsynctionSocketIO, PayloadValidationError
from asynction_asgi.server.binding import bind_event_handler
from tests.clients import ConnectError, connected
from tests.server.documents import channel, document, message
from tests.serving import serve

from .models import LINE, ORDER, ORDERS, UUID_TEXT, VALUE, DataLine, PydanticLine, Status, StructLine, seen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asynction_asgi import Socket

NOTED = {**VALUE, "note": "thanks"}
X_AUTH: dict[str, Any] = {"x-auth": LINE}
ID = {"type": "string", "format": "uuid"}
MOVE = {
    "type": "array",
    "items": [LINE, ID, {"type": "string", "format": "date"}],
    "minItems": 1,
    "additionalItems": False,
}
LINES = {"type": "array", "items": [ID], "additionalItems": LINE, "minItems": 1}
PAIR = {"type": "array", "items": [LINE, {"type": "integer"}], "minItems": 2, "additionalItems": False}


def echo(order_type: Any) -> Any:
    async def order(data: Any) -> Any:
        order = seen(data)
        kinds = [type(value) for value in (order.id, order.at, order.status)]
        assert kinds == [uuid.UUID, dt.datetime, Status]
        return data

    order.__annotations__.update(data=order_type, **{"return": order_type})
    return order


def tell(order_type: Any) -> Any:
    async def tell(socket: Socket, data: Any) -> None:
        await socket.emit("told", data)  # its note is None, which the document does not allow there
        await socket.emit("several", [data, data])

    tell.__annotations__["data"] = order_type
    return tell


async def move(
    socket: Socket, line: StructLine, to: uuid.UUID | None = None, on: dt.date | None = None
) -> Any:
    kinds = [type(value).__name__ for value in (socket, line, to, on)]
    return [*kinds, line.sku]


async def lines(first: uuid.UUID, *rest: PydanticLine) -> Any:
    return [str(first), [line.sku for line in rest]]


async def pair(line: DataLine, count: int) -> tuple[DataLine, int]:
    return dataclasses.replace(line, quantity=count), count


class Desk:
    async def bound(self, line: StructLine) -> str:
        return line.sku


async def with_prefix(prefix: str, line: Annotated[StructLine, "for people"]) -> str:
    return prefix + line.sku


def in_thread(line: "DataLine") -> "list[DataLine]":  # noqa: UP037  # typical of names imported for types
    return [line]


async def unannotated(line: Any) -> Any:
    return StructLine(**line)


class Rule(pydantic.BaseModel):
    sku: str
    quantity: int

    @pydantic.field_validator("sku")
    @classmethod
    def is_known(cls, sku: str) -> str:
        if sku == "unknown":
            raise ValueError("there is no such article")
        return sku


class StructRule(msgspec.Struct):
    sku: str
    quantity: int

    def __post_init__(self) -> None:
        if self.sku == "unknown":
            raise ValueError("there is no such article")


async def by_rule(line: Rule) -> str:
    return line.sku


async def by_struct_rule(line: StructRule) -> str:
    return line.sku


async def ask(socket: Socket, line: StructLine) -> Any:
    return await socket.call("question", line)


SINGLE = {
    "bound": Desk().bound,
    "partial": functools.partial(with_prefix, "p-"),
    "in_thread": in_thread,
    "unannotated": unannotated,
    "by_rule": by_rule,
    "by_struct_rule": by_struct_rule,
    "ask": ask,
}


def desk_document() -> dict[str, Any]:
    def orders() -> dict[str, Any]:
        return channel(
            receives=[message("order", ORDER, **{"x-ack": {"args": ORDER}}), message("tell", ORDER)],
            sends=[message("told", ORDER), message("several", {"type": "array", "items": ORDER})],
        )

    return document(
        **{name: orders() for name in ORDERS},
        lines=channel(
            receives=[
                message("move", MOVE, **{"x-ack": True}),
                message("lines", LINES, **{"x-ack": True}),
                message("pair", PAIR, **{"x-ack": {"args": PAIR}}),
                *(message(name, LINE, **{"x-ack": True}) for name in SINGLE),
            ],
            sends=[message("question", LINE, **{"x-ack": True})],
        ),
    )


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    handlers: dict[str, Any] = {
        f"/{name}": {"order": echo(order), "tell": tell(order)} for name, order in ORDERS.items()
    }
    handlers["/lines"] = {"move": move, "lines": lines, "pair": pair, **SINGLE}
    with serve(AsynctionSocketIO.from_spec(desk_document(), handlers=handlers)) as url:
        yield url


@pytest.mark.parametrize("flavour", ORDERS)
async def test_models_travel_both_ways(url: str, flavour: str) -> None:
    """The handler has objects and the client JSON, and an optional member that is None is omitted."""
    async with connected(url, f"/{flavour}") as client:
        assert await client.call("order", NOTED) == NOTED
        assert await client.call("order", VALUE) == VALUE


@pytest.mark.parametrize("flavour", [name for name in ORDERS if name != "typeddict"])
async def test_models_are_emitted(url: str, flavour: str) -> None:
    """A model as an argument and several in a list are sent as JSON."""
    async with connected(url, f"/{flavour}") as client:
        await client.emit("tell", VALUE)
        assert await client.receive() == ("told", VALUE)
        assert await client.receive() == ("several", [VALUE, VALUE])


@pytest.mark.parametrize("flavour", ORDERS)
async def test_the_contract_refuses_before_the_model(url: str, flavour: str) -> None:
    """A value that both refuse gets the contract's refusal."""
    async with connected(url, f"/{flavour}") as client:
        refusal = await client.call("order", {**VALUE, "status": "lost"})
    assert refusal["error"]["details"][0]["keyword"] == "enum"


async def test_arguments_are_converted_one_by_one(url: str) -> None:
    """Optional arguments may be missing, a starred parameter takes several, and a tuple is several answers."""
    line = {"sku": "S-1", "quantity": 2}
    async with connected(url, "/lines") as client:
        assert await client.call("move", line) == ["Socket", "StructLine", "NoneType", "NoneType", "S-1"]
        moved = await client.call("move", line, UUID_TEXT, "2026-11-29")
        assert moved == ["Socket", "StructLine", "UUID", "date", "S-1"]
        assert await client.call("lines", UUID_TEXT, line, line) == [UUID_TEXT, ["S-1", "S-1"]]
        assert await client.call("pair", line, 7) == ({"sku": "S-1", "quantity": 7}, 7)


@pytest.mark.parametrize(
    ("event", "answer"),
    [
        ("bound", "S-1"),
        ("partial", "p-S-1"),
        ("in_thread", [{"sku": "S-1", "quantity": 2}]),
        ("unannotated", {"sku": "S-1", "quantity": 2}),
    ],
)
async def test_every_form_of_handler_is_converted(url: str, event: str, answer: Any) -> None:
    """Methods, partials, plain functions and quoted annotations work, and unannotated answers may be models."""
    async with connected(url, "/lines") as client:
        assert await client.call(event, {"sku": "S-1", "quantity": 2}) == answer


async def test_fractions_of_zero_are_integers(url: str) -> None:
    """A number such as 2.0 is an integer, as in the contract."""
    async with connected(url, "/lines") as client:
        answer = await client.call("unannotated", {"sku": "S-1", "quantity": 2.0})
        assert await client.call("bound", {"sku": "S-1", "quantity": 2.0}) == "S-1"
    assert answer == {"sku": "S-1", "quantity": 2}


@pytest.mark.parametrize("event", ["by_rule", "by_struct_rule"])
async def test_a_validator_in_python_refuses_without_logging(
    url: str, caplog: pytest.LogCaptureFixture, event: str
) -> None:
    """The client gets the validator's message, and nothing is logged, as no schema could express the rule."""
    async with connected(url, "/lines") as client:
        assert await client.call(event, {"sku": "S-1", "quantity": 2}) == "S-1"
        refusal = await client.call(event, {"sku": "unknown", "quantity": 2})
    error = refusal["error"]
    assert error["code"] == "invalid_payload"
    assert error["details"][0]["keyword"] == "value_error"
    assert "there is no such article" in error["details"][0]["message"]
    assert not caplog.records


async def test_a_call_takes_a_model(url: str) -> None:
    """A model in a call of the server is written as JSON, too."""

    async def question(line: Any) -> Any:
        return line

    async with connected(url, "/lines", on={"question": question}) as client:
        assert await client.call("ask", {"sku": "S-1", "quantity": 2}) == {"sku": "S-1", "quantity": 2}


class Few(pydantic.BaseModel):
    sku: str
    quantity: int = pydantic.Field(le=5)


class FewStruct(msgspec.Struct):
    sku: str
    quantity: Annotated[int, msgspec.Meta(le=5)]


@pytest.mark.parametrize("model", [Few, FewStruct])
async def test_a_narrower_model_refuses_and_is_logged_once(
    caplog: pytest.LogCaptureFixture, model: Any
) -> None:
    """The client gets the place without its value, and the log names type and event."""

    async def add(line: Any) -> Any:
        return line.quantity

    add.__annotations__["line"] = model
    spec = document(root=channel(receives=[message("add", LINE, **{"x-ack": True})]))
    app = AsynctionSocketIO.from_spec(spec, handlers={"/": {"add": add}}, check_types=False)
    with serve(app) as url:
        async with connected(url) as client:
            assert await client.call("add", {"sku": "S-1", "quantity": 5}) == 5
            refusals = [await client.call("add", {"sku": "S-1", "quantity": 6}) for _ in range(2)]
    details = refusals[1]["error"]["details"]
    assert (details[0]["pointer"], details[0]["keyword"]) == ("/0/quantity", "maximum")
    assert "6" not in str(details)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert f"{model.__name__} refuses what the document accepts of event 'add'" in caplog.text


async def test_an_admitted_but_unconvertible_event_is_refused() -> None:
    """With ``warn``, an event that cannot be converted is refused with the contract's violation."""

    async def add(line: DataLine) -> int:
        return line.quantity

    spec = document(root=channel(receives=[message("add", LINE, **{"x-ack": True})]))
    app = AsynctionSocketIO.from_spec(spec, handlers={"/": {"add": add}}, validation="warn")
    with serve(app) as url:
        async with connected(url) as client:
            refusal = await client.call("add", {"sku": "S-1"})
            assert await client.call("add", {"sku": "S-1", "quantity": 9999}) == 9999
    assert refusal["error"]["details"][0]["keyword"] == "required"


@pytest.mark.parametrize("form", ["by place", "by name"])
async def test_auth_is_converted_for_connect(form: Literal["by place", "by name"]) -> None:
    """A connect handler receives the model, and auth that only the document accepts is refused."""
    received: list[Any] = []

    async def by_place(sid: str, environ: Any, auth: Rule) -> None:
        received.append(auth)

    async def by_name(*, auth: Rule) -> None:
        received.append(auth)

    spec = document(root=channel(receives=[message("ping")], **X_AUTH))
    handlers: Any = {"/": {"connect": by_place if form == "by place" else by_name, "ping": unannotated}}
    with serve(AsynctionSocketIO.from_spec(spec, handlers=handlers)) as url:
        async with connected(url, auth={"sku": "S-1", "quantity": 1}):
            assert [type(auth) for auth in received] == [Rule]
        with pytest.raises(ConnectError) as refused:
            async with connected(url, auth={"sku": "unknown", "quantity": 1}):
                pass
    assert refused.value.answer["data"]["code"] == "invalid_handshake"
    assert refused.value.answer["data"]["details"][0]["pointer"] == "/sku"


async def test_bytes_stay_bytes_in_models() -> None:
    """Bytes are not turned into texts, as in pydantic's JSON mode, and other members are written as JSON."""
    blob = {
        "type": "object",
        "properties": {"id": ID, "body": {"type": "string", "format": "binary"}},
        "required": ["id", "body"],
        "additionalProperties": False,
    }

    class Blob(pydantic.BaseModel):
        id: uuid.UUID
        body: bytes

    async def by_pydantic(blob: Blob) -> Blob:
        return blob

    class StructBlob(msgspec.Struct):
        id: uuid.UUID
        body: bytes

    async def by_msgspec(blob: StructBlob) -> StructBlob:
        return blob

    by_pydantic.__annotations__.update(blob=Blob, **{"return": Blob})
    by_msgspec.__annotations__.update(blob=StructBlob, **{"return": StructBlob})
    events: dict[str, Any] = {"pydantic": by_pydantic, "msgspec": by_msgspec}
    spec = document(root=channel([message(name, blob, **{"x-ack": {"args": blob}}) for name in events]))
    value = {"id": UUID_TEXT, "body": b"\xff\x00"}
    with serve(AsynctionSocketIO.from_spec(spec, handlers={"/": events})) as url:
        async with connected(url) as client:
            for event in events:
                assert await client.call(event, value) == value


async def test_an_invalid_emitted_model_raises() -> None:
    """An emitted model is validated like JSON, and nothing is sent."""
    spec = document(root=channel(sends=[message("line", LINE)]))
    app = AsynctionSocketIO.from_spec(spec)
    with pytest.raises(PayloadValidationError) as raised:
        await app.emit("line", PydanticLine(sku="", quantity=1))
    assert raised.value.pointer == "/0/sku"


def test_a_handler_without_models_costs_nothing() -> None:
    """It is called by the same closure as without conversion, and its answer is not converted."""

    async def plain(text: str, *, sid: str) -> dict[str, int]:
        return {}

    async def named(sid: str, data: dict[str, Any]) -> None: ...

    for handler in (plain, named):
        spec = document(root=channel([message("say", {}, **{"x-ack": True})]))
        app = AsynctionSocketIO.from_spec(spec, handlers={"/": {"say": handler}})
        bound = app._contract.routes.namespaces["/"].events["say"].handler
        assert bound is not None
        unconverted: Any = bind_event_handler(handler).invoke
        assert getattr(bound.invoke, "__code__", None) is unconverted.__code__
        assert bound.writes == ()


async def test_only_what_is_none_by_default_is_left_out() -> None:
    """A member that is required and nullable stays beside one that may be missing."""
    schema = {
        "type": "object",
        "properties": {"note": {"type": "string"}, "owner": {"type": ["string", "null"]}},
        "required": ["owner"],
    }

    @dataclasses.dataclass
    class Ticket:
        owner: str | None
        note: str | None = None

    async def ticket(socket: Socket) -> None:
        await socket.emit("ticket", Ticket(owner=None))
        await socket.emit("ticket", [Ticket(owner=None), {"inner": Ticket(owner="ada", note="x")}])

    anything = {"type": "array", "items": {"type": "object", "properties": {"note": {"type": "string"}}}}
    both = {"oneOf": [schema, anything]}
    spec = document(
        root=channel([message("ticket", {"type": "array", "maxItems": 0})], [message("ticket", both)])
    )
    with serve(AsynctionSocketIO.from_spec(spec, handlers={"/": {"ticket": ticket}})) as url:
        async with connected(url) as client:
            await client.emit("ticket")
            assert await client.receive() == ("ticket", {"owner": None})
            several = [{"owner": None}, {"inner": {"owner": "ada", "note": "x"}}]
            assert await client.receive() == ("ticket", several)
