"""Namespaces: which of them clients still find."""

from __future__ import annotations

from typing import Any

import pytest

from .documents import compare, found

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
