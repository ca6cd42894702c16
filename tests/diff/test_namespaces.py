"""Namespaces: which of them clients still find."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.diff import compare_specs
from asynction_asgi.spec import load_spec
from tests.cases import each_case

from .documents import compare, contract, document, found

TEXT: Any = {"type": "string"}
SHORT: Any = {"type": "string", "maxLength": 10}
SAY: Any = {"receives": {"say": TEXT}}
BRIEF: Any = {"receives": {"say": SHORT}}
ROOM: Any = {"namespace": "/rooms/{id}", **SAY}


@pytest.fixture(params=[2, 3], ids=["2.x", "3.x"])
def major(request: pytest.FixtureRequest) -> int:
    value: int = request.param
    return value


def test_a_removed_namespace_breaks_its_clients(major: int) -> None:
    """The witness is the namespace's name, and the command connects to it."""
    (change,) = compare(major, {**SAY, "more": {"/chat": SAY}}, SAY).changes
    assert (change.level, change.code, change.namespace) == ("breaking", "NAMESPACE_REMOVED", "/chat")
    assert change.witness is not None
    assert change.witness.value == "/chat"
    assert change.witness.command == "asynction-asgi listen URL -n /chat"


def test_an_added_namespace_is_compatible(major: int) -> None:
    """An added namespace breaks no clients."""
    assert found(compare(major, SAY, {**SAY, "more": {"/chat": SAY}})) == [("compatible", "NAMESPACE_ADDED")]


def test_templates_are_matched_by_shape(major: int) -> None:
    """A renamed parameter is reported as information, and the events are still compared."""
    renamed = {**ROOM, "namespace": "/rooms/{room}"}
    assert found(compare(major, ROOM, renamed)) == [("info", "PARAMETER_RENAMED")]
    assert found(compare(major, ROOM, {**renamed, **BRIEF})) == [
        ("info", "PARAMETER_RENAMED"),
        ("breaking", "ARGUMENTS_NARROWED"),
    ]


def test_a_template_made_concrete_shows_a_removed_name(major: int) -> None:
    """The witness is a removed name, although one of the template's names remains."""
    (change,) = compare(major, ROOM, {**ROOM, "namespace": "/rooms/1"}).changes
    assert (change.level, change.code) == ("breaking", "NAMESPACE_REMOVED")
    assert change.witness is not None
    assert change.witness.value.startswith("/rooms/")
    assert change.witness.value != "/rooms/1"


def test_a_template_may_replace_a_concrete_namespace(major: int) -> None:
    """The namespace is matched as by a server, and its events are compared with the template's."""
    concrete = {**SAY, "namespace": "/rooms/lobby"}
    assert found(compare(major, concrete, ROOM)) == [("compatible", "NAMESPACE_ADDED")]
    assert found(compare(major, concrete, {**ROOM, **BRIEF})) == [
        ("breaking", "ARGUMENTS_NARROWED"),
        ("compatible", "NAMESPACE_ADDED"),
    ]


def test_a_templates_name_may_be_declared_separately(major: int) -> None:
    """Clients that use that name are compared with the new declaration."""
    changes = compare(major, ROOM, {**ROOM, "more": {"/rooms/vip": BRIEF}}).changes
    assert [(change.code, change.level) for change in changes] == [("ARGUMENTS_NARROWED", "breaking")]
    assert changes[0].witness is not None
    assert "-n /rooms/vip" in changes[0].witness.command


def test_a_wider_template_contains_a_narrower_one(major: int) -> None:
    """Templates are compared by their segments, and one of another shape contains nothing."""
    wider = {**ROOM, "namespace": "/{kind}/{id}"}
    assert [change.level for change in compare(major, ROOM, wider).changes] == ["compatible"]
    assert ("breaking", "NAMESPACE_REMOVED") in found(compare(major, wider, ROOM))


@each_case(
    ("old", "added", "name"),
    [
        ("/{kind}/{id}", "/rooms/{id}", "/rooms/a"),
        ("/rooms/{id}", "/{kind}/the-lobby", "/rooms/the-lobby"),
        ("/a-{x}/{y}", "/{x}-bcd/1", "/a-bcd/1"),
    ],
)
def test_a_new_template_that_takes_clients_over_is_compared_with_theirs(
    major: int, old: str, added: str, name: str
) -> None:
    """Clients whose names resolve to the new template can't emit what it doesn't declare."""
    other: Any = {"receives": {"z": TEXT}}
    before = {**SAY, "namespace": old}
    changes = compare(major, before, {**before, "more": {added: other}}).changes
    assert ("breaking", "EVENT_REMOVED") in [(change.level, change.code) for change in changes]
    assert "NAMESPACE_ADDED" not in [change.code for change in changes]
    assert any(change.witness and f"-n {name}" in change.witness.command for change in changes)
    assert "breaking" not in [
        change.level for change in compare(major, before, {**before, "more": {added: SAY}}).changes
    ]


def test_it_is_unknown_whether_a_new_template_takes_clients_over() -> None:
    """Where parameters decide, and no name is found that both have, nothing is called compatible."""
    before: Any = {**SAY, "namespace": "/{kind}/{id}", "parameters": {"id": {"schema": {"pattern": "7"}}}}
    after = document(2, **before, more={"/rooms/{number}": {"receives": {"z": TEXT}}})
    after["channels"]["/rooms/{number}"]["parameters"] = {"number": {"schema": {"pattern": "^[0-8]*8$"}}}
    changes = compare_specs(contract(2, **before), load_spec(after)).changes
    assert [(change.level, change.code) for change in changes] == [("unknown", "NAMESPACE_ADDED")]


@each_case("added", ["/a/{x}/{y}", "/b/{x}-b", "/b-{x}/c"])
def test_a_new_template_that_shares_no_name_is_compatible(major: int, added: str) -> None:
    """Other segments are other names."""
    old = {**SAY, "namespace": "/a/{x}"}
    new = {**old, "more": {added: {"receives": {"z": TEXT}}}}
    assert found(compare(major, old, new)) == [("compatible", "NAMESPACE_ADDED")]


def test_a_wider_template_may_refuse_names() -> None:
    """Parameters are compared by segment, and the witness is a name that is refused now."""
    wider: Any = {**SAY, "namespace": "/{kind}/{id}", "parameters": {"id": {"schema": {"maxLength": 3}}}}
    change, *_ = compare(2, ROOM, wider).changes
    assert (change.level, change.code) == ("breaking", "PARAMETERS_NARROWED")
    assert change.witness is not None
    assert "-n /rooms/" in change.witness.command


def test_a_parameter_that_becomes_part_of_another_is_unknown() -> None:
    """Nothing is proved of a segment that a limited parameter reads as a whole."""
    old: Any = {**SAY, "namespace": "/room-{id}"}
    new: Any = {**SAY, "namespace": "/{id}", "parameters": {"id": {"schema": {"maxLength": 8}}}}
    assert ("unknown", "PARAMETERS_CHANGED") in found(compare(2, old, new))
    assert found(compare(2, old, {**SAY, "namespace": "/{id}"})) == [("compatible", "NAMESPACE_ADDED")]


def parameters(major: int, **declared: Any) -> dict[str, Any]:
    return {**ROOM, "parameters": {"id": {"schema": declared} if major == 2 else declared}}


def test_parameters_decide_which_names_are_admitted(major: int) -> None:
    """A removed value breaks the clients that use it, with the namespace's name as the witness."""
    every, fewer = parameters(major, enum=["red", "blue"]), parameters(major, enum=["red"])
    (change,) = compare(major, every, fewer).changes
    assert (change.level, change.code) == ("breaking", "PARAMETERS_NARROWED")
    assert change.witness is not None
    assert change.witness.value == "blue"
    assert change.witness.command == "asynction-asgi listen URL -n /rooms/blue"
    assert found(compare(major, fewer, every)) == [("compatible", "PARAMETERS_WIDENED")]
    assert found(compare(major, fewer, ROOM)) == [("compatible", "PARAMETERS_WIDENED")]
    assert found(compare(major, ROOM, fewer)) == [("breaking", "PARAMETERS_NARROWED")]


def test_parameters_of_addresses_are_compared_as_text() -> None:
    """A parameter changed from a number to a text still admits the same names."""
    number, text = parameters(2, type="integer"), parameters(2, type="string")
    assert found(compare(2, number, text)) == [("compatible", "PARAMETERS_WIDENED")]
    (change,) = compare(2, text, number).changes
    assert (change.level, change.code) == ("breaking", "PARAMETERS_NARROWED")
    limited = parameters(2, type="string", maxLength=3)
    assert found(compare(2, parameters(2, type="integer", minimum=0, maximum=99), limited)) == [
        ("compatible", "PARAMETERS_WIDENED")
    ] or found(compare(2, parameters(2, type="integer", minimum=0, maximum=99), limited)) == [
        ("unknown", "PARAMETERS_CHANGED")
    ]
