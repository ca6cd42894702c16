"""Documents made of records: what they declare, and that the recorded traffic passes them."""

from __future__ import annotations

import contextlib
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from asynction_asgi.demo import create_app
from asynction_asgi.errors import PayloadValidationError
from asynction_asgi.infer import Seen, make_document
from asynction_asgi.proxy import Recorder
from asynction_asgi.spec import check_document
from asynction_asgi.spec.instances import Choices, Instances
from asynction_asgi.spec.model.offered import served_spec
from asynction_asgi.testing.cases import contract_cases
from asynction_asgi.testing.contract import Contract
from asynction_asgi.traffic import Connected, Happened, Head, Line, RecordError, read_record, veil, written
from tests.cases import each_case
from tests.clients import connected
from tests.proxy.scene import in_front
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from asynction_asgi.spec.model import Spec

DIRECTIONS: dict[Literal["inbound", "outbound"], str] = {"inbound": "receives", "outbound": "sends"}
VERSIONS = pytest.mark.parametrize("version", ["2.6", "3.0"])


def inferred(lines: Iterable[Line], version: Literal["2.6", "3.0"] = "2.6", **options: Any) -> Spec:
    """Return the contract that is inferred from lines, which `check --strict` accepts."""
    seen = Seen()
    for line in lines:
        seen.add(line)
    return strictly_checked(make_document(seen, version=version, **options))


def strictly_checked(text: str) -> Spec:
    path = Path(__file__).with_name("never-there.yaml")
    outcome = check_document(path, strict=True, read=lambda _: text.encode())
    assert not [finding for finding in outcome.diagnostics if finding.severity == "error"], text
    assert outcome.spec is not None
    return served_spec(outcome.spec)


def said(*values: Any, veiled: bool = False, **fields: Any) -> Happened:
    """Return the line of a client's event ``say``."""
    kept = tuple(veil(value, salt=b"x") for value in values) if veiled else values
    members: dict[str, Any] = {
        "connection": "a",
        "namespace": "/",
        "direction": "inbound",
        "event": "say",
        "args": kept,
    }
    return Happened(**{**members, **fields})


def payload(lines: Iterable[Line]) -> Any:
    """Return the schema of the arguments of ``say``."""
    return inferred(lines).namespaces["/"].receives["say"].message["payload"]


async def chat(url: str) -> None:
    """Talk to the demo, as its clients do."""
    async with connected(url) as ada:
        await ada.call("add user", "Ada")
        assert (await ada.call("add user", "Ada"))["error"]["code"] == "forbidden"
        async with connected(url) as grace:
            await grace.call("add user", "Grace")
            for number in range(12):
                await grace.emit("typing")
                await grace.emit("stop typing")
                await grace.call("new message", f"message {number}")  # what is emitted last may not be sent
        events = [(await ada.receive())[0] for _ in range(2 + 3 * 12 + 1)]
        assert events[-1] == "user left"


@VERSIONS
@pytest.mark.parametrize("values", [True, False], ids=["values", "veiled"])
async def test_recorded_traffic_passes_the_inferred_document(
    tmp_path: Path, version: Literal["2.6", "3.0"], *, values: bool
) -> None:
    """What clients and the demo did is recorded, inferred, and passes without a violation."""
    path = tmp_path / "record.jsonl"
    with (
        contextlib.closing(Recorder(path, values=values, engine_path="/socket.io")) as recorder,
        serve(create_app()) as behind,
        in_front(behind, None, recorder=recorder) as (url, _),
    ):
        await chat(url)
    spec = inferred(read_record(path.read_text("utf-8").splitlines(keepends=True), "r"), version)
    assert set(spec.namespaces["/"].receives) == {"add user", "new message", "typing", "stop typing"}
    with serve(create_app()) as behind:
        with in_front(behind, spec, validation="warn") as (url, app):
            await chat(url)
            assert app.violations == {}
        with in_front(behind, spec) as (url, _):
            await chat(url)


def drawn(spec: Spec, count: int) -> Iterator[tuple[str, Literal["inbound", "outbound"], str, list[Any]]]:
    """Yield namespace, direction, name and some lists of arguments of each event of a contract."""
    instances, choices = Instances(spec), Choices.seeded(1)
    for name, namespace in spec.namespaces.items():
        for direction, events in DIRECTIONS.items():
            for event_name, event in getattr(namespace, events).items():
                if event_name != "*":
                    lists = [instances.arguments(event.arguments, choices) for _ in range(count)]
                    yield concrete(name), direction, event_name, lists


def concrete(namespace: str) -> str:
    return namespace.replace("{", "").replace("}", "")


def is_accepted(contract: Contract, namespace: str, direction: Any, event: str, values: Any) -> bool:
    try:
        contract.of_namespace(namespace).check_event(direction, event, values)
    except PayloadValidationError:
        return False
    return True


@pytest.mark.parametrize("document", ["chat/chat-2.6.yaml", "chat/chat-3.0.yaml"])
def test_fifty_messages_tell_valid_from_invalid(document: str) -> None:
    """Of others at least 98 % are accepted; of near misses all of a type, a member or an arity are refused."""
    path = Path(__file__).parent.parent / "spec" / document
    outcome = check_document(path)
    assert outcome.spec is not None
    events = list(drawn(served_spec(outcome.spec), 150))
    lines = [
        said(*(veil(value, salt=b"x") for value in values), namespace=name, direction=direction, event=event)
        for name, direction, event, lists in events
        for values in lists[:50]
    ]
    contract = Contract(inferred(lines))
    unseen = [(*event, values) for *event, lists in events for values in lists[50:]]
    assert sum(is_accepted(contract, *case) for case in unseen) >= 0.98 * len(unseen)
    faults = [case for case in contract_cases(path) if case.phase == "faults" and case.declared is not None]
    missed = [
        case.keyword
        for case in faults
        if is_accepted(contract, concrete(case.namespace), "inbound", case.event, case.arguments)
    ]
    assert not {"type", "required", "minItems", "maxItems"} & set(missed)
    assert len(missed) <= 0.25 * len(faults)


@each_case("veiled", [False, True], ids=["values", "veiled"])
@each_case(
    ("values", "schema"),
    [
        pytest.param(["a", "b"], {"type": "string"}, id="texts"),
        pytest.param([1, 2.5, 3.0], {"type": "number"}, id="integer and number join"),
        pytest.param([1, None, True], {"type": ["integer", "boolean", "null"]}, id="null enters the types"),
        pytest.param([b"x"], {"type": "string", "format": "binary"}, id="bytes"),
        pytest.param(
            [b"x", "a"],
            {"anyOf": [{"type": "string", "format": "binary"}, {"type": "string"}]},
            id="bytes or text",
        ),
        pytest.param([[1, 2], []], {"type": "array", "items": {"type": "integer"}}, id="lists"),
        pytest.param(
            [{"a": 1}] * 9, {"type": "object", "properties": {"a": {"type": "integer"}}}, id="nine objects"
        ),
        pytest.param(
            [{"a": 1}] * 9 + [{"a": 1, "b": None}],
            {
                "type": "object",
                "required": ["a"],
                "properties": {"a": {"type": "integer"}, "b": {"type": "null"}},
            },
            id="ten objects",
        ),
        pytest.param(
            [{f"name{number}": number for number in range(33)}],
            {"type": "object", "additionalProperties": {"type": "integer"}},
            id="many names are keys",
        ),
        pytest.param(
            [{f"name{number}": number} for number in range(3)],
            {"type": "object", "additionalProperties": {"type": "integer"}},
            id="names that differ are keys",
        ),
        pytest.param(
            [f"2026-11-0{day}" for day in range(1, 6)], {"type": "string", "format": "date"}, id="dates"
        ),
        pytest.param(["2026-11-01"] * 9, {"type": "string"}, id="one date"),
        pytest.param(
            [*(f"2026-11-0{day}" for day in range(1, 6)), "soon"], {"type": "string"}, id="dates and a word"
        ),
        pytest.param(
            [str(uuid.UUID(int=number)) for number in range(9)],
            {"type": "string", "format": "uuid"},
            id="ids",
        ),
    ],
)
def test_types_merge_by_place(values: list[Any], schema: Any, *, veiled: bool) -> None:
    """Types, members and formats are those that were seen, whether or not values were recorded."""
    assert payload(said(value, veiled=veiled) for value in as_recorded(values, veiled=veiled)) == schema


def as_recorded(values: list[Any], *, veiled: bool) -> list[Any]:
    return values if veiled else [{"$binary": "eA=="} if value == b"x" else value for value in values]


@pytest.mark.parametrize(
    ("lists", "schema"),
    [
        pytest.param([(), ()], {"type": "array", "maxItems": 0}, id="none"),
        pytest.param(
            [(1, "a")],
            {
                "type": "array",
                "items": [{"type": "integer"}, {"type": "string"}],
                "minItems": 2,
                "additionalItems": False,
            },
            id="two",
        ),
        pytest.param(
            [(1,), ()],
            {"type": "array", "items": [{"type": "integer"}], "minItems": 0, "additionalItems": False},
            id="one or none",
        ),
        pytest.param(
            [tuple(range(20))],
            {
                "type": "array",
                "items": [{"type": "integer"}] * 16,
                "minItems": 20,
                "additionalItems": {"type": "integer"},
            },
            id="many",
        ),
    ],
)
def test_arity_is_what_was_seen(lists: list[tuple[Any, ...]], schema: Any) -> None:
    """A list of another length than one is declared as the list of arguments."""
    assert payload(said(*values) for values in lists) == schema


@VERSIONS
def test_eight_namespaces_that_differ_in_a_segment_are_a_template(version: Literal["2.6", "3.0"]) -> None:
    """Their events join; seven stay as they are."""
    rooms = [said(number or "a", namespace=f"/rooms/{number}") for number in range(8)]
    desks = [said(1, namespace=f"/desks/{number}") for number in range(7)]
    spec = inferred([*rooms, *desks], version)
    assert sorted(spec.namespaces) == [*(f"/desks/{number}" for number in range(7)), "/rooms/{room}"]
    assert spec.namespaces["/rooms/{room}"].receives["say"].message["payload"] == {
        "type": ["string", "integer"]
    }


@VERSIONS
def test_the_handshake_is_declared_by_its_names(version: Literal["2.6", "3.0"]) -> None:
    """Members of auth and query are texts; credentials among the headers are a hint."""
    connection = Connected(
        connection="a", namespace="/", auth={"token": {"$text": {}}}, query=("room",), headers=("cookie",)
    )
    refused = Connected(connection="b", namespace="/admin", refused=True)
    spec = inferred([Head(path="/rt"), refused, *[connection] * 10, said(1)], version)
    assert (spec.path, list(spec.namespaces)) == ("/rt", ["/"])
    handshake = spec.namespaces["/"].handshake
    assert handshake.auth is not None
    assert handshake.auth.value == {
        "type": "object",
        "required": ["token"],
        "properties": {"token": {"type": "string"}},
    }
    assert handshake.query is not None
    assert handshake.query.value["properties"] == {"room": {"type": "string"}}
    assert "cookie" in spec.namespaces["/"].description


def test_refusals_declare_nothing() -> None:
    """They are no acknowledgements, and what was refused as invalid is left out."""
    lines = [
        said("a", asked=True, ack=(1,)),
        said("b", asked=True, refused="forbidden"),
        said({"never": 1}, asked=True, refused="invalid_payload"),
        said({"error": {}}, direction="outbound", event="exception", refused="forbidden"),
        said(1, direction="outbound", event="connect"),
    ]
    event = inferred(lines).namespaces["/"].receives["say"].message
    assert (event["payload"], event["x-ack"]) == ({"type": "string"}, {"args": {"type": "integer"}})
    assert event["x-seen"] == {"messages": 2, "connections": 1}
    assert inferred(lines).namespaces["/"].sends == {}


def test_the_order_of_records_makes_no_difference() -> None:
    """The same lines give the same text, in whatever order they come."""
    lines = [
        *(said(number, namespace=f"/rooms/{number}") for number in range(9)),
        *(said({"b": 1, "a": "x"}, event=event) for event in ("one", "two")),
    ]
    texts = set()
    for order in (lines, lines[::-1]):
        seen = Seen()
        for line in order:
            seen.add(line)
        texts.add(make_document(seen))
    assert len(texts) == 1


def test_guesses_are_comments() -> None:
    """Texts that come again and again are suggested as an enum, which declares nothing."""
    seen = Seen()
    for number in range(30):
        seen.add(said({"colour": ("red", "it's")[number % 2]}))
    text = make_document(seen, guesses=True)
    assert '# guess: enum: ["it\'s", "red"]\n' in text
    assert "guess" not in make_document(seen)
    strictly_checked(text)


@VERSIONS
@each_case(
    "line",
    [
        *(
            said(1, namespace=name)
            for name in ("/a b", "/{id}", "/a?b", "/a#b", "/a%zz", "/:x", "/\ud800", "", "x")
        ),
        said(1, event="\ud800"),
        said({"a": [{"\ud800": 1}]}),
        Connected(connection="a", namespace="/", query=("\ud800",)),
        Connected(connection="a", namespace="/", auth={"\ud800": 1}),
    ],
)
def test_what_no_document_can_declare_is_left_out(version: Literal["2.6", "3.0"], line: Line) -> None:
    """The rest is a document without a finding, and the lines are counted."""
    seen = Seen()
    for each in (line, said("a", namespace="/caf\u00e9")):
        seen.add(each)
    assert seen.left_out.total() == 1
    text = make_document(seen, version=version)
    assert list(strictly_checked(text).namespaces) == ["/caf\u00e9"]


@each_case("member", ['"query":[{}]', '"headers":[1,"a"]', '"query":[["a"]]'])
def test_names_in_a_record_are_texts(member: str) -> None:
    """A line that names a parameter or a header by something else is reported with its number."""
    text = f'{{"connection":"a","namespace":"/",{member}}}\n'
    with pytest.raises(
        RecordError, match=r"r:1: not a line of a record: .* holds something other than names"
    ):
        list(read_record([text], "r"))


def test_lines_are_read_as_they_were_written() -> None:
    """A record that was written and read again holds the same."""
    lines: list[Line] = [Head(values=True), Connected(connection="a", namespace="/"), said(1, [2], ack=())]
    assert list(read_record(map(written, lines), "r"))[:2] == lines[:2]
    assert list(read_record(map(written, lines), "r"))[2] == lines[2]
