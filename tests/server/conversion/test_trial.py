"""A type that contradicts the document is an error at start-up, with a value that proves it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import re
import uuid
from typing import Annotated, Any, Literal

import msgspec
import pydantic
import pytest
from pydantic import Field

from asynction_asgi import AsynctionSocketIO, BindingError, RefusedError
from asynction_asgi.testing import TestServer
from tests.cases import each_case
from tests.server.documents import channel, document, message

from .models import LINE, ORDER, ORDERS, DataLine

CIRCLE = {
    "type": "object",
    "properties": {
        "kind": {"const": "circle"},
        "radius": {"type": "number", "exclusiveMinimum": 0, "maximum": 50},
    },
    "required": ["kind", "radius"],
    "additionalProperties": False,
}
SQUARE = {
    "type": "object",
    "properties": {
        "kind": {"const": "square"},
        "side": {"type": "integer", "minimum": 1, "maximum": 20},
        "label": {"type": ["string", "null"], "minLength": 2, "maxLength": 8},
    },
    "required": ["kind", "side"],
}
DRAWING = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "pattern": "^[A-Z][a-z]+$"},
        "colour": {"enum": ["red", "green", "blue"]},
        "layers": {
            "type": "array",
            "maxItems": 4,
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "maxLength": 12},
                    "shapes": {"type": "array", "items": {"oneOf": [CIRCLE, SQUARE]}},
                    "opacity": {"type": "number", "minimum": 0, "maximum": 1},
                },
                "required": ["name", "shapes"],
            },
        },
        "owner": {"type": ["string", "null"], "format": "uuid"},
        "size": {
            "type": "array",
            "items": [{"type": "integer"}, {"type": "integer"}],
            "minItems": 2,
            "maxItems": 2,
        },
        "tags": {"type": "object", "additionalProperties": {"type": "integer", "maximum": 9}},
    },
    "required": ["title", "colour", "layers", "owner"],
}


def bind(event: str, payload: Any, handler: Any, *, ack: Any = None) -> AsynctionSocketIO:
    spec = document(
        root=channel([message(event, payload, **({} if ack is None else {"x-ack": {"args": ack}}))])
    )
    return AsynctionSocketIO.from_spec(spec, handlers={"/": {event: handler}})


def taking(annotation: Any, *, answering: Any = None) -> Any:
    async def handler(value: Any) -> Any:
        return value

    handler.__annotations__.update(value=annotation, **({} if answering is None else {"return": answering}))
    return handler


def model(name: str, base: Any = pydantic.BaseModel, /, **members: Any) -> Any:
    """Make a pydantic model; each member is a type, or a type and a default."""
    fields: dict[str, Any] = {
        key: member if isinstance(member, tuple) else (member, ...) for key, member in members.items()
    }
    return pydantic.create_model(name, __base__=base, **fields)


class Strict(pydantic.BaseModel):
    """A model that refuses undeclared members."""

    model_config = pydantic.ConfigDict(extra="forbid")


def drawing(**changed: Any) -> Any:
    """Make a model of the drawing with changed types; None omits a member."""
    circle = {
        "kind": Literal["circle"],
        "radius": Annotated[float, Field(gt=0, le=50)],
        **changed.pop("circle", {}),
    }
    square = {
        "kind": Literal["square"],
        "side": Annotated[int, Field(ge=1, le=20)],
        "label": (Annotated[str, Field(min_length=2, max_length=8)] | None, None),
        **changed.pop("square", {}),
    }
    shape = model("Circle", **circle) | model(
        "Square", changed.pop("square_base", pydantic.BaseModel), **square
    )
    layer = {
        "name": Annotated[str, Field(max_length=12)],
        "shapes": list[changed.pop("shape", shape)],  # type: ignore[misc]  # made in this function
        "opacity": (Annotated[float, Field(ge=0, le=1)] | None, None),
        **changed.pop("layer", {}),
    }
    members = {
        "title": Annotated[str, Field(pattern="^[A-Z][a-z]+$")],
        "colour": Literal["red", "green", "blue"],
        "layers": Annotated[list[model("Layer", **layer)], Field(max_length=4)],  # type: ignore[misc]  # as above
        "owner": uuid.UUID | None,
        "size": (tuple[int, int] | None, None),
        "tags": (dict[str, int] | None, None),
        **changed,
    }
    return model("Drawing", **{name: member for name, member in members.items() if member is not None})


PLANTED: dict[str, dict[str, Any]] = {
    "a bound off by one": {"circle": {"radius": Annotated[float, Field(gt=0, lt=50)]}},
    "a lower bound off by one": {"square": {"side": Annotated[int, Field(ge=2, le=20)]}},
    "a shorter text in a union": {"square": {"label": (Annotated[str, Field(max_length=7)] | None, None)}},
    "a longer text at least": {"square": {"label": (Annotated[str, Field(min_length=3)] | None, None)}},
    "null missing in a union": {"square": {"label": (str, "xx")}},
    "null missing": {"owner": uuid.UUID},
    "an enum value missing": {"colour": Literal["red", "green"]},
    "another pattern": {"title": Annotated[str, Field(pattern="^[A-Z][a-z]{1,40}s$")]},
    "an optional member required": {"layer": {"opacity": float}},
    "another required member": {"square": {"depth": int}},
    "a wrong type": {"layer": {"opacity": (int | None, None)}},
    "a bound within a list": {"layer": {"opacity": (Annotated[float, Field(lt=1)] | None, None)}},
    "fewer items": {"layers": Annotated[list[Any], Field(max_length=3), Field(min_length=0)]},
    "at least one item": {"layers": Annotated[list[Any], Field(min_length=1)]},
    "a branch missing": {"shape": model("Only", kind=Literal["circle"], radius=float)},
    "extras forbidden in a branch": {"square_base": Strict},
    "a bound within a map": {"tags": (dict[str, Annotated[int, Field(le=8)]] | None, None)},
    "a longer tuple": {"size": (tuple[int, int, int] | None, None)},
    "an integer for a fraction": {"circle": {"radius": int}},
    "a shorter open text": {"layer": {"name": Annotated[str, Field(max_length=11)]}},
    "a wrong alias": {"colour": Annotated[str, Field(alias="color")]},
}


def test_a_model_that_agrees_is_accepted(caplog: pytest.LogCaptureFixture) -> None:
    """A model with unions, null, maps and tuples is accepted, and nothing is logged."""
    bind("draw", DRAWING, taking(drawing(), answering=drawing()), ack=DRAWING)
    assert not caplog.records


@each_case("planted", PLANTED)
def test_a_contradiction_is_found(planted: str) -> None:
    """The diagnostic names parameter and model, and shows a value that the document accepts."""
    with pytest.raises(BindingError) as raised:
        bind("draw", DRAWING, taking(drawing(**PLANTED[planted])))
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "TYPE_MISMATCH"
    assert "parameter 'value': the document accepts " in diagnostic.message
    assert ", and Drawing refuses it at /0" in diagnostic.message


@pytest.mark.parametrize("flavour", ORDERS)
def test_models_of_every_kind_agree(flavour: str, caplog: pytest.LogCaptureFixture) -> None:
    """Models of all libraries are accepted, although they omit None when written."""
    order = ORDERS[flavour]
    bind("order", ORDER, taking(order, answering=order), ack=ORDER)
    assert not caplog.records


class Status(enum.Enum):
    OPEN = "open"


@dataclasses.dataclass
class DataStrict:
    sku: str
    quantity: int
    price: float


@dataclasses.dataclass
class Blank:
    nothing: None = None


class StructStrict(msgspec.Struct, forbid_unknown_fields=True):
    sku: str
    quantity: Annotated[int, msgspec.Meta(lt=999)]


class Open(pydantic.BaseModel):
    sku: str


@each_case(
    ("payload", "annotation", "place"),
    [
        pytest.param({"type": "string"}, uuid.UUID, "UUID refuses it at /0", id="any text for a UUID"),
        pytest.param({"enum": ["open", "paid"]}, Status, 'accepts "paid", and Status', id="Enum"),
        pytest.param({"type": "string", "format": "date"}, dt.datetime, "datetime refuses", id="a date"),
        pytest.param(LINE, DataStrict, "refuses it at /0/price: Object missing", id="dataclass"),
        pytest.param(LINE, StructStrict, 'accepts {"sku"', id="Struct"),
        pytest.param(
            {"type": "array", "items": LINE}, list[StructStrict], "refuses it at /0/", id="in a list"
        ),
    ],
)
def test_types_of_every_kind_are_tried(payload: Any, annotation: Any, place: str) -> None:
    """The diagnostic shows the refused value and its place."""
    with pytest.raises(BindingError, match="TYPE_MISMATCH") as raised:
        bind("order", {"type": "array", "items": [payload], "minItems": 1}, taking(annotation))
    assert place in raised.value.diagnostics[0].message


def test_each_parameter_and_the_answer_are_reported() -> None:
    """A single error has a diagnostic for each parameter and for the answer."""

    async def handler(line: StructStrict, status: Status) -> Open:
        return Open(sku=line.sku + status.value)

    pair = {"type": "array", "items": [LINE, {"enum": ["open", "paid"]}], "minItems": 2}
    spec = document(root=channel([message("order", pair, **{"x-ack": {"args": LINE}})]))
    with pytest.raises(BindingError) as raised:
        AsynctionSocketIO.from_spec(spec, handlers={"/": {"order": handler}})
    messages = [diagnostic.message for diagnostic in raised.value.diagnostics]
    assert [next(word for word in ("'line'", "'status'", "answer") if word in text) for text in messages] == [
        "'line'",
        "'status'",
        "answer",
    ]
    assert "Open writes" in messages[2]
    assert "the document refuses it at /0: 'quantity' is missing" in messages[2].replace('"', "'")


@pytest.mark.parametrize(
    ("annotation", "ack", "why"),
    [
        pytest.param(Open, {"type": "integer"}, "/0: must be an integer", id="another type"),
        pytest.param(Open, LINE, '/0: "quantity" is missing', id="a member is missing"),
        pytest.param(Status, {"enum": ["paid"]}, '/0: must be one of "paid"', id="other choices"),
        pytest.param(
            uuid.UUID,
            {"oneOf": [{"type": "integer"}, {"type": "null"}]},
            "/0: must be null or a number",
            id="a union",
        ),
        pytest.param(
            tuple[uuid.UUID, int],
            {"type": "string"},
            "/: expects 1 argument, got 2",
            id="another count",
        ),
    ],
)
def test_a_wrong_type_of_answer_is_an_error(annotation: Any, ack: Any, why: str) -> None:
    """A type of which the document accepts no value is an error for the answer, which shows one."""
    with pytest.raises(BindingError, match=r"the answer: \S.* writes .+ refuses it at " + re.escape(why)):
        bind("order", LINE, taking(dict, answering=annotation), ack=ack)


class Placed(pydantic.BaseModel):
    order: uuid.UUID
    price: decimal.Decimal


class Opaque:
    """No schema describes it."""


class Sealed(pydantic.BaseModel, arbitrary_types_allowed=True):
    order: Annotated[Opaque, pydantic.PlainSerializer(str)]


class Impossible(pydantic.BaseModel):
    order: Annotated[int, Field(gt=5, lt=6)]


@each_case(
    "annotation",
    [
        uuid.UUID,
        decimal.Decimal,
        dt.datetime,
        uuid.UUID | None,
        tuple[uuid.UUID, ...],
        Placed,
        list[Placed],
        Sealed,
        Impossible,
    ],
)
def test_an_answer_may_be_narrower_than_the_document(annotation: Any) -> None:
    """An answer of a UUID or the like passes where the document declares any text, also as a member."""
    text = {"type": "string"}
    schema = {"type": "object", "properties": {"order": text, "price": text}, "required": ["order"]}
    kinds: dict[Any, Any] = {
        **dict.fromkeys([Placed, Sealed, Impossible], schema),
        list[Placed]: {"type": "array", "items": schema, "minItems": 1},
    }
    bind("order", LINE, taking(dict, answering=annotation), ack=kinds.get(annotation, text))


async def test_a_narrower_answer_is_sent() -> None:
    """What is sent is the text of the UUID."""
    number = uuid.uuid4()

    async def order(line: dict[str, Any]) -> uuid.UUID:
        return number

    app = bind("order", LINE, order, ack={"type": "string"})
    async with TestServer(app) as server, server.connect() as client:
        assert await client.call("order", {"sku": "a", "quantity": 1}) == str(number)


def test_a_validator_in_python_is_not_a_contradiction(caplog: pytest.LogCaptureFixture) -> None:
    """A validator that refuses is not reported, as no schema can express it."""

    class Picky(pydantic.BaseModel):
        sku: str
        quantity: int

        @pydantic.field_validator("sku")
        @classmethod
        def never(cls, sku: str) -> str:
            raise ValueError(sku)

    bind("order", LINE, taking(Picky))
    assert not caplog.records


def _crash(value: Any) -> Any:
    return {"ours": value}[value]


class CrashingModel(pydantic.BaseModel):
    sku: Annotated[str, pydantic.AfterValidator(_crash)]


@dataclasses.dataclass
class CrashingDataclass:
    sku: str

    def __post_init__(self) -> None:
        _crash(self.sku)


class CrashingStruct(msgspec.Struct):
    sku: str

    def __post_init__(self) -> None:
        _crash(self.sku)


CRASHING = [CrashingModel, CrashingDataclass, CrashingStruct]


@each_case("annotation", CRASHING)
def test_a_validator_that_crashes_is_a_warning(annotation: Any, caplog: pytest.LogCaptureFixture) -> None:
    """It names handler, value, error and line."""
    caplog.clear()
    bind("order", LINE, taking(annotation, answering=annotation), ack=LINE)
    (warning,) = [record.getMessage() for record in caplog.records]
    assert "handler: parameter 'value': the document accepts {" in warning
    assert f", and {annotation.__name__} raises KeyError: " in warning
    assert "test_trial.py:" in warning


def _refuse(value: Any) -> Any:
    raise RefusedError("sold_out", f"no {value}")


class RefusingModel(pydantic.BaseModel):
    sku: Annotated[str, pydantic.AfterValidator(_refuse)]


@dataclasses.dataclass
class RefusingDataclass:
    sku: str

    def __post_init__(self) -> None:
        _refuse(self.sku)


class RefusingStruct(msgspec.Struct):
    sku: str

    def __post_init__(self) -> None:
        _refuse(self.sku)


@pytest.mark.parametrize("annotation", [RefusingModel, RefusingDataclass, RefusingStruct])
async def test_a_validator_may_refuse_by_itself(annotation: Any, caplog: pytest.LogCaptureFixture) -> None:
    """What it raises is what the client receives, and no warning at start-up."""
    app = bind("order", LINE, taking(annotation))
    assert not caplog.records
    async with TestServer(app) as server, server.connect() as client:
        with pytest.raises(RefusedError, match="no tea") as raised:
            await client.call("order", {"sku": "tea", "quantity": 1})
    assert raised.value.code == "sold_out"


def test_a_crash_does_not_hide_a_contradiction() -> None:
    """Of another value."""

    class Both(pydantic.BaseModel):
        quantity: Annotated[int, pydantic.AfterValidator(_crash)]
        price: float | None = None
        extra: int

    quantities = {"type": "object", "properties": {"quantity": {"enum": [1, "many"]}, "extra": {"const": 1}}}
    with pytest.raises(BindingError, match="Both refuses it at /0/quantity"):
        bind("order", {**quantities, "required": ["quantity", "extra"]}, taking(Both))


def test_a_crash_on_the_auth_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """As for arguments."""

    async def connect(socket: Any, auth: CrashingModel) -> None: ...

    auth = {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]}
    fields: dict[str, Any] = {"x-auth": auth}
    spec = document(root=channel([], **fields))
    AsynctionSocketIO.from_spec(spec, handlers={"/": {"connect": connect}})
    assert "connect: parameter 'auth': the document accepts {" in caplog.text
    assert ", and CrashingModel raises KeyError: " in caplog.text


def test_a_lost_member_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """A model that drops a declared member is a warning, as the handler cannot see it."""
    bind("order", LINE, taking(Open))
    assert "parameter 'value': Open drops 'quantity', which the document accepts" in caplog.text


def test_an_excluded_plain_type_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """A plain type is not converted, but a wrong annotation is a warning."""

    async def handler(line: int) -> None: ...

    bind("order", LINE, handler)
    assert "parameter 'line' is annotated int, and the document declares object" in caplog.text


def test_an_unresolved_annotation_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """A model imported only for type checkers converts nothing, and the log says how to import it."""

    async def handler(line: Nowhere) -> None:  # type: ignore[name-defined]  # noqa: F821  # nothing has this name
        ...

    bind("order", LINE, handler)
    assert "the annotation of parameter 'line' can't be resolved" in caplog.text
    assert "import its names outside TYPE_CHECKING" in caplog.text


def test_the_trial_can_be_disabled() -> None:
    """With ``check_types=False`` a contradiction does not prevent start-up."""
    spec = document(root=channel([message("draw", DRAWING)]))
    handlers = {"/": {"draw": taking(drawing(owner=uuid.UUID))}}
    AsynctionSocketIO.from_spec(spec, handlers=handlers, check_types=False)


def test_the_trial_takes_few_values_per_handler() -> None:
    """Dozens of values are tried per handler, so that a hundred typed handlers start in a second."""
    tried = 0
    order: Any = ORDERS["pydantic"]

    class Counted(order):
        @pydantic.model_validator(mode="before")
        @classmethod
        def count(cls, value: object) -> object:
            nonlocal tried
            tried += 1
            return value

    names = [f"order {number}" for number in range(10)]
    spec = document(root=channel([message(name, ORDER) for name in names]))
    AsynctionSocketIO.from_spec(spec, handlers={"/": dict.fromkeys(names, taking(Counted))})
    assert 10 * len(names) < tried < 100 * len(names)


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a library for the annotation, start-up fails and names the extra to install."""
    monkeypatch.setattr("asynction_asgi.server.conversion.choosing.is_installed", lambda _: False)
    with pytest.raises(BindingError, match=r"pip install 'asynction-asgi\[typed\]'"):
        bind("order", {"type": "string", "format": "uuid"}, taking(uuid.UUID))


def test_an_unconvertible_type_is_an_error() -> None:
    """The error has the reasons of both libraries."""

    class Opaque:
        def __init__(self, value: int) -> None: ...

    with pytest.raises(BindingError, match=r"can't be converted: msgspec: .*; pydantic: "):
        bind("order", LINE, taking(dict[uuid.UUID, Opaque] | DataStrict | DataLine))


class Hooked:
    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        raise LookupError("no schema")


@each_case(
    ("annotation", "why"),
    [
        pytest.param(Hooked, "pydantic: LookupError: no schema", id="a hook"),
        pytest.param(Annotated[str, Field(pattern="(?=a)")], "look-around", id="a pattern"),
    ],
)
def test_a_type_that_raises_is_an_error_with_its_place(annotation: Any, why: str) -> None:
    """Of an argument, and of the answer."""
    with pytest.raises(BindingError) as raised:
        bind("order", LINE, taking(annotation))
    assert why in raised.value.diagnostics[0].message
    with pytest.raises(BindingError) as raised:
        bind("order", LINE, taking(dict, answering=annotation), ack=LINE)
    assert why in raised.value.diagnostics[0].message


def test_pydantic_converts_unions_unknown_to_msgspec() -> None:
    """A union of several classes is converted by pydantic, as msgspec allows only one."""
    bind("order", LINE, taking(DataLine | Blank))
