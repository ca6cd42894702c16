"""Every surface of a contract, and what a change of it means to clients."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.diff import compare_specs
from asynction_asgi.spec import load_spec
from tests.cases import each_case

from .documents import compare, contract, document, found

TEXT: Any = {"type": "string"}
SHORT: Any = {"type": "string", "maxLength": 10}
NUMBER: Any = {"type": "integer"}
OPEN: Any = {"type": "object", "properties": {"a": NUMBER}}
CLOSED: Any = {**OPEN, "additionalProperties": False}
BOTH: Any = {"type": "object", "properties": {"a": NUMBER, "b": TEXT}}
AVRO: Any = {"schemaFormat": "application/vnd.apache.avro;version=1.9.0"}


def receives(payload: Any, **message: Any) -> dict[str, Any]:
    return {"receives": {"say": {"payload": payload, **message}}}


def sends(payload: Any, **message: Any) -> dict[str, Any]:
    return {"sends": {"said": {"payload": payload, **message}}}


Row = tuple[dict[str, Any], dict[str, Any], list[tuple[str, str]]]
ROWS: dict[str, Row] = {
    "no change": (receives(TEXT), receives(TEXT), []),
    "descriptions, examples and handlers": (
        receives(TEXT),
        receives({**TEXT, "description": "New.", "examples": ["a"]}, **{"x-handler": "a.b", "x-mock": {}}),
        [],
    ),
    "the same in other words": (
        receives({"enum": [1, 2]}),
        receives({**NUMBER, "minimum": 1, "maximum": 2}),
        [],
    ),
    "the same in another dialect": (
        receives(
            {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": True}
        ),
        receives({"exclusiveMinimum": 1}),
        [],
    ),
    "closed by an unevaluated keyword": (
        receives({**OPEN, "additionalProperties": False}),
        receives({"type": "object", "allOf": [OPEN], "unevaluatedProperties": False}),
        [],
    ),
    "a discriminator": (
        receives({"oneOf": [{"$ref": "#/$defs/a"}, TEXT], "$defs": {"a": OPEN}}),
        receives({"oneOf": [{"$ref": "#/$defs/a"}, TEXT], "$defs": {"a": OPEN}, "discriminator": "a"}),
        [],
    ),
    "closed where alternatives count": (
        receives({**OPEN, "anyOf": [CLOSED, {"required": ["b"]}]}),
        receives({**OPEN, "anyOf": [CLOSED, {"required": ["b"]}], "unevaluatedProperties": False}),
        [("breaking", "ARGUMENTS_NARROWED")],
    ),
    "more items must match": (
        receives({"type": "array", "items": {}, "contains": TEXT}),
        receives({"type": "array", "items": {}, "contains": TEXT, "minContains": 2}),
        [("breaking", "ARGUMENTS_NARROWED")],
    ),
    "no item need match": (
        receives({"type": "array", "items": {}, "contains": TEXT, "minContains": 0, "maxContains": 2}),
        receives({"type": "array", "items": {}, "contains": TEXT}),
        [("breaking", "ARGUMENTS_NARROWED")],
    ),
    # --- what clients emit
    "arguments narrowed": (receives(TEXT), receives(SHORT), [("breaking", "ARGUMENTS_NARROWED")]),
    "arguments widened": (receives(SHORT), receives(TEXT), [("compatible", "ARGUMENTS_WIDENED")]),
    "a declared payload in place of an unchecked one": (
        {"receives": {"say": {"x-ack": True}}},
        {"receives": {"say": {"payload": TEXT, "x-ack": True}}},
        [("breaking", "ARGUMENTS_NARROWED")],
    ),
    "one argument becomes two": (
        receives(TEXT),
        receives({"type": "array", "items": [TEXT, NUMBER], "minItems": 1, "additionalItems": False}),
        [("compatible", "ARGUMENTS_WIDENED")],
    ),
    "two arguments are required": (
        receives(TEXT),
        receives({"type": "array", "items": [TEXT, NUMBER], "minItems": 2, "additionalItems": False}),
        [("breaking", "ARGUMENTS_NARROWED")],
    ),
    "null may be omitted": (
        receives({"type": ["string", "null"]}),
        receives({"type": "array", "items": [{"type": ["string", "null"]}], "additionalItems": False}),
        [],
    ),
    "null may no longer be omitted": (
        receives({"type": ["string", "null"]}),
        receives(
            {
                "type": "array",
                "items": [{"type": ["string", "null"]}],
                "minItems": 1,
                "additionalItems": False,
            }
        ),
        [("breaking", "ARGUMENTS_NARROWED")],
    ),
    "bytes are a separate type": (
        receives(TEXT),
        receives({**TEXT, "format": "binary"}),
        [("breaking", "ARGUMENTS_NARROWED")],
    ),
    "a member declared": (receives(OPEN), receives(BOTH), [("info", "MEMBER_NOW_TYPED")]),
    "an object closed": (receives(OPEN), receives(CLOSED), [("breaking", "CLOSED")]),
    "an object opened": (receives(CLOSED), receives(OPEN), [("compatible", "ARGUMENTS_WIDENED")]),
    "an event removed": (
        {"receives": {"say": TEXT, "shout": TEXT}},
        receives(TEXT),
        [("breaking", "EVENT_REMOVED")],
    ),
    "an event removed that the wildcard accepts": (
        {"receives": {"say": TEXT, "shout": TEXT}},
        {"receives": {"say": TEXT, "*": TEXT}},
        [("compatible", "EVENT_ADDED")],
    ),
    "an event removed that the wildcard accepts partly": (
        {"receives": {"say": TEXT, "shout": TEXT}},
        {"receives": {"say": TEXT, "*": SHORT}},
        [("breaking", "ARGUMENTS_NARROWED"), ("compatible", "EVENT_ADDED")],
    ),
    "the wildcard removed": (
        {"receives": {"say": TEXT, "*": TEXT}},
        receives(TEXT),
        [("breaking", "EVENT_REMOVED")],
    ),
    "an event declared narrower than the wildcard": (
        {"receives": {"*": TEXT}},
        {"receives": {"*": TEXT, "say": SHORT}},
        [("info", "EVENT_NOW_DECLARED")],
    ),
    "an event declared like the wildcard": (
        {"receives": {"*": TEXT}},
        {"receives": {"*": TEXT, "say": TEXT}},
        [("compatible", "EVENT_NOW_DECLARED")],
    ),
    "an event added": (
        receives(TEXT),
        {"receives": {"say": TEXT, "shout": TEXT}},
        [("compatible", "EVENT_ADDED")],
    ),
    # --- what the server emits
    "the server says more": (sends(SHORT), sends(TEXT), [("breaking", "ARGUMENTS_WIDENED")]),
    "the server says less": (sends(TEXT), sends(SHORT), [("compatible", "ARGUMENTS_NARROWED")]),
    "the server no longer declares a member": (
        sends(BOTH),
        sends(OPEN),
        [("info", "MEMBER_NO_LONGER_TYPED")],
    ),
    "the server opens an object": (sends(CLOSED), sends(OPEN), [("breaking", "OPENED")]),
    "the server closes an object": (sends(OPEN), sends(CLOSED), [("compatible", "ARGUMENTS_NARROWED")]),
    "an emit removed": (
        {"sends": {"said": TEXT, "left": TEXT}},
        sends(TEXT),
        [("breaking", "EVENT_REMOVED")],
    ),
    "a deprecated emit removed": (
        {"sends": {"said": TEXT, "left": {"payload": TEXT, "x-deprecated": True}}},
        sends(TEXT),
        [("info", "EVENT_REMOVED")],
    ),
    "an emit added": (sends(TEXT), {"sends": {"said": TEXT, "left": TEXT}}, [("info", "EVENT_ADDED")]),
    # --- acks
    "the server's ack says more": (
        receives(TEXT, **{"x-ack": {"args": NUMBER}}),
        receives(TEXT, **{"x-ack": {"args": {"type": "number"}}}),
        [("breaking", "ACK_WIDENED")],
    ),
    "the server's ack says less": (
        receives(TEXT, **{"x-ack": {"args": {"type": "number"}}}),
        receives(TEXT, **{"x-ack": {"args": NUMBER}}),
        [("compatible", "ACK_NARROWED")],
    ),
    "the server's ack is declared": (
        receives(TEXT),
        receives(TEXT, **{"x-ack": {"args": NUMBER}}),
        [("compatible", "ACK_DECLARED")],
    ),
    "the server's ack is no longer declared": (
        receives(TEXT, **{"x-ack": {"args": NUMBER}}),
        receives(TEXT),
        [("breaking", "ACK_NO_LONGER_DECLARED")],
    ),
    "an ack that may be empty is no longer declared": (
        receives(TEXT, **{"x-ack": {"args": {"type": ["integer", "null"]}}}),
        receives(TEXT),
        [("compatible", "ACK_NO_LONGER_DECLARED")],
    ),
    "clients' acks narrowed": (
        sends(TEXT, **{"x-ack": {"args": {"type": "number"}}}),
        sends(TEXT, **{"x-ack": {"args": NUMBER}}),
        [("breaking", "ACK_NARROWED")],
    ),
    "clients' acks widened": (
        sends(TEXT, **{"x-ack": {"args": NUMBER}}),
        sends(TEXT, **{"x-ack": {"args": {"type": "number"}}}),
        [("compatible", "ACK_WIDENED")],
    ),
    "clients must answer": (
        sends(TEXT),
        sends(TEXT, **{"x-ack": {"args": NUMBER}}),
        [("breaking", "ACK_DEMANDED")],
    ),
    "clients may answer anything": (
        sends(TEXT, **{"x-ack": {"args": NUMBER}}),
        sends(TEXT),
        [("compatible", "ACK_NO_LONGER_DECLARED")],
    ),
    # --- the rest
    "a changed path": (
        {**receives(TEXT), "path": "/socket.io"},
        {**receives(TEXT), "path": "/realtime"},
        [("breaking", "PATH_CHANGED")],
    ),
    "a changed order": (
        receives(TEXT),
        receives(TEXT, **{"x-ordering": "serial"}),
        [("info", "ORDERING_CHANGED")],
    ),
    "a new rate": (
        receives(TEXT),
        receives(TEXT, **{"x-rate": {"limit": 5}}),
        [("breaking", "RATE_TIGHTENED")],
    ),
    "a slower rate with a larger burst": (
        receives(TEXT, **{"x-rate": {"limit": 5, "per": 2}}),
        receives(TEXT, **{"x-rate": {"limit": 9, "per": 4, "burst": 20}}),
        [("breaking", "RATE_TIGHTENED")],
    ),
    "a smaller burst": (
        receives(TEXT, **{"x-rate": {"limit": 5, "burst": 9}}),
        receives(TEXT, **{"x-rate": {"limit": 5, "burst": 8}}),
        [("breaking", "RATE_TIGHTENED")],
    ),
    "a rate that counts more together": (
        receives(TEXT, **{"x-rate": {"limit": 5}}),
        receives(TEXT, **{"x-rate": {"limit": 50, "by": "address"}}),
        [("breaking", "RATE_TIGHTENED")],
    ),
    "a rate that counts less together": (
        receives(TEXT, **{"x-rate": {"limit": 5, "by": "address"}}),
        receives(TEXT, **{"x-rate": {"limit": 5}}),
        [("compatible", "RATE_LOOSENED")],
    ),
    "a faster rate": (
        receives(TEXT, **{"x-rate": {"limit": 5, "per": 60}}),
        receives(TEXT, **{"x-rate": {"limit": 5, "per": 30}}),
        [("compatible", "RATE_LOOSENED")],
    ),
    "no rate any more": (
        receives(TEXT, **{"x-rate": {"limit": 5}}),
        receives(TEXT),
        [("compatible", "RATE_LOOSENED")],
    ),
    "the same rate": (
        receives(TEXT, **{"x-rate": {"limit": 5}}),
        receives(TEXT, **{"x-rate": {"limit": 5, "per": 1, "burst": 5, "by": "connection"}}),
        [],
    ),
    "the same rate in fractions": (
        receives(TEXT, **{"x-rate": {"limit": 3, "per": 1, "burst": 3}}),
        receives(TEXT, **{"x-rate": {"limit": 0.3, "per": 0.1, "burst": 3}}),
        [],
    ),
    "the same rate over a longer time": (
        receives(TEXT, **{"x-rate": {"limit": 1, "per": 1, "burst": 5}}),
        receives(TEXT, **{"x-rate": {"limit": 60, "per": 60, "burst": 5}}),
        [],
    ),
    "two rates that become one": (
        {"receives": {"*": {"x-rate": {"limit": 2}}, "say": {"x-rate": {"limit": 2}}}},
        {"receives": {"*": {"x-rate": {"limit": 2}}}},
        [("breaking", "RATE_TIGHTENED")],
    ),
    "two rates that become one as fast as both": (
        {"receives": {"*": {"x-rate": {"limit": 2}}, "say": {"x-rate": {"limit": 2}}}},
        {"receives": {"*": {"x-rate": {"limit": 4}}}},
        [("compatible", "RATE_LOOSENED")] * 2,
    ),
    "a single event that becomes any": (
        {"receives": {"say": {"x-rate": {"limit": 2}}}},
        {"receives": {"*": {"x-rate": {"limit": 2}}}},
        [("compatible", "EVENT_ADDED")],
    ),
    "a rate of a channel": (
        receives(TEXT),
        {**receives(TEXT), "channel": {"x-rate": {"limit": 5}}},
        [("breaking", "RATE_TIGHTENED")],
    ),
    "a rate of an event that was any": (
        {"receives": {"*": {}}},
        {"receives": {"*": {}, "say": {"x-rate": {"limit": 5}}}},
        [("breaking", "RATE_TIGHTENED"), ("compatible", "EVENT_NOW_DECLARED")],
    ),
    "offsets as arguments": (
        sends(TEXT),
        {**sends(TEXT), "channel": {"x-recovery": True}},
        [("breaking", "RECOVERY_CHANGED")],
    ),
    "offsets as events": (
        sends(TEXT),
        {**sends(TEXT), "channel": {"x-recovery": {"offset": "event"}}},
        [("info", "RECOVERY_CHANGED")],
    ),
    "no recovery any more": (
        {**sends(TEXT), "channel": {"x-recovery": True}},
        sends(TEXT),
        [("breaking", "RECOVERY_CHANGED")],
    ),
    "offsets no longer as arguments": (
        {**sends(TEXT), "channel": {"x-recovery": True}},
        {**sends(TEXT), "channel": {"x-recovery": {"offset": "event"}}},
        [("breaking", "RECOVERY_CHANGED")],
    ),
    "no recovery by events any more": (
        {**sends(TEXT), "channel": {"x-recovery": {"offset": "event"}}},
        sends(TEXT),
        [("info", "RECOVERY_CHANGED")],
    ),
    "recovery for another time": (
        {**sends(TEXT), "channel": {"x-recovery": True}},
        {**sends(TEXT), "channel": {"x-recovery": {"seconds": 5}}},
        [("info", "RECOVERY_CHANGED")],
    ),
}


@pytest.fixture(params=[2, 3], ids=["2.x", "3.x"])
def major(request: pytest.FixtureRequest) -> int:
    value: int = request.param
    return value


@each_case(("old", "new", "expected"), ROWS.values(), ids=ROWS.keys())
def test_each_surface_follows_its_rule(
    major: int, old: dict[str, Any], new: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """A change has a level, a code and places in both majors, and a breaking one has a witness."""
    comparison = compare(major, old, new)
    assert found(comparison) == expected
    for change in comparison.changes:
        assert change.old is not None or change.new is not None
        if change.code in {
            "ARGUMENTS_NARROWED",
            "ARGUMENTS_WIDENED",
            "ACK_NARROWED",
            "ACK_WIDENED",
            "CLOSED",
            "OPENED",
        }:
            assert (change.witness is not None) is (change.level == "breaking")


@each_case(("old", "new"), [row[:2] for row in ROWS.values()], ids=ROWS.keys())
def test_a_contract_does_not_differ_from_itself(major: int, old: dict[str, Any], new: dict[str, Any]) -> None:
    """A contract has no changes compared with itself, or with itself in the other major."""
    for parts in (old, new):
        assert compare(major, parts, parts).changes == ()
        assert compare_specs(contract(2, **parts), contract(3, **parts)).changes == ()


def test_a_witness_distinguishes_the_versions(major: int) -> None:
    """The witness is a list of arguments that only one version accepts, with a command that sends it."""
    (change,) = compare(major, receives(TEXT), receives({**TEXT, "minLength": 1})).changes
    assert change.message == "'say' refuses what clients may send today: \"\""
    assert change.witness is not None
    assert change.witness.value == [""]
    assert change.witness.command == "asynction-asgi call URL say '\"\"'"


def test_the_place_is_the_refusing_keyword(major: int, tmp_path: Any) -> None:
    """The new place is the keyword that refuses, and the old place describes the same value."""
    from ruamel.yaml import YAML

    places = []
    for name, payload in (("old", OPEN), ("new", {**OPEN, "properties": {"a": {**NUMBER, "minimum": 0}}})):
        path = tmp_path / f"{name}.yaml"
        with path.open("w") as file:
            YAML().dump(document(major, **receives(payload)), file)
        places.append(load_spec(path))
    (change,) = compare_specs(*places).changes
    assert change.new is not None
    assert change.old is not None
    assert change.new.pointer.endswith("/payload/properties/a/minimum")
    assert change.old.pointer.endswith("/payload/properties/a")
    assert str(change.new) == f"{tmp_path / 'new.yaml'}:{change.new.line}:{change.new.column}"
    assert change.new.source is not None
    assert change.new.source.strip() == "minimum: 0"


def test_a_removal_is_located_in_the_old_document(major: int) -> None:
    """A removed event has no new place, and an added event has no old place."""
    (removed,) = compare(major, {"receives": {"say": TEXT, "shout": TEXT}}, receives(TEXT)).changes
    assert (removed.event, removed.new) == ("shout", None)
    assert removed.witness is not None
    assert removed.witness.command.startswith("asynction-asgi call URL shout ")
    (added,) = compare(major, receives(TEXT), {"receives": {"say": TEXT, "shout": TEXT}}).changes
    assert (added.event, added.old) == ("shout", None)


def test_other_formats_are_not_compared() -> None:
    """Schemas of an unsupported format are unknown changes unless their texts are equal."""
    old = {"receives": {"say": {"payload": {"type": "string"}, **AVRO}}}
    new = {"receives": {"say": {"payload": {"type": "int"}, **AVRO}}}
    assert found(compare(2, old, old)) == []
    assert found(compare(2, old, new)) == [("unknown", "ARGUMENTS_CHANGED")]


def test_without_effort_the_result_is_unknown(major: int) -> None:
    """A comparison that is cut short says so, and how to continue it."""
    (change,) = compare(major, receives(SHORT), receives(TEXT), effort=0).changes
    assert (change.level, change.code) == ("unknown", "ARGUMENTS_CHANGED")
    assert "--effort" in change.message


@each_case(
    ("old", "new", "bumped"),
    [
        ("1.2.3", "2.0.0", True),
        ("1.2.3", "1.3.0", False),
        ("0.4.0", "0.5.0", True),
        ("0.4.0", "0.4.1", False),
        ("0.9.0", "1.0.0", True),
        ("9", "10", True),
        ("v1", "v2", True),
        ("2.0.0", "1.0.0", False),
        ("draft", "final", False),
        ("0", "0.0", False),
        ("0", "0.1", True),
        ("1", "2" * 5000, True),
    ],
)
def test_a_sufficient_increase_counts_as_a_bump(old: str, new: str, bumped: bool) -> None:
    """The first number must increase, or the second while the first is zero."""
    comparison = compare(2, {**receives(TEXT), "version": old}, {**receives(TEXT), "version": new})
    assert comparison.is_bumped is bumped


def test_a_single_change_is_found_among_many_events(major: int) -> None:
    """Equal events are compared quickly, and the only changed one is reported."""
    events = {f"event {number}": {**SHORT, "maxLength": number} for number in range(1, 500)}
    old, new = (
        {"receives": events, "sends": events},
        {"receives": {**events, "event 7": TEXT}, "sends": events},
    )
    (change,) = compare(major, old, new).changes
    assert (change.event, change.level) == ("event 7", "compatible")
