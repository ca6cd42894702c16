"""Namespaces: which ones clients find again."""

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


def test_a_namespace_that_is_gone_breaks_its_clients(major: int) -> None:
    """The witness is its name, and the command connects to it."""
    (change,) = compare(major, {**SAY, "more": {"/chat": SAY}}, SAY).changes
    assert (change.level, change.code, change.namespace) == ("breaking", "NAMESPACE_REMOVED", "/chat")
    assert change.witness is not None
    assert change.witness.value == "/chat"
    assert change.witness.command == "asynction-asgi listen URL -n /chat"


def test_a_namespace_more_breaks_nobody(major: int) -> None:
    """It is compatible."""
    assert found(compare(major, SAY, {**SAY, "more": {"/chat": SAY}})) == [("compatible", "NAMESPACE_ADDED")]


def test_templates_pair_by_their_shape(major: int) -> None:
    """Another name of a parameter is worth a word; what the events say is compared all the same."""
    renamed = {**ROOM, "namespace": "/rooms/{room}"}
    assert found(compare(major, ROOM, renamed)) == [("info", "PARAMETER_RENAMED")]
    assert found(compare(major, ROOM, {**renamed, **BRIEF})) == [
        ("info", "PARAMETER_RENAMED"),
        ("breaking", "ARGUMENTS_NARROWED"),
    ]


def test_a_template_made_concrete_shows_a_name_that_is_gone(major: int) -> None:
    """Also where one of its names is still there."""
    (change,) = compare(major, ROOM, {**ROOM, "namespace": "/rooms/1"}).changes
    assert (change.level, change.code) == ("breaking", "NAMESPACE_REMOVED")
    assert change.witness is not None
    assert change.witness.value.startswith("/rooms/")
    assert change.witness.value != "/rooms/1"


def test_a_concrete_namespace_may_become_one_of_a_template(major: int) -> None:
    """It is looked up as a server does, and its events are compared with the template's."""
    concrete = {**SAY, "namespace": "/rooms/lobby"}
    assert found(compare(major, concrete, ROOM)) == [("compatible", "NAMESPACE_ADDED")]
    assert found(compare(major, concrete, {**ROOM, **BRIEF})) == [
        ("breaking", "ARGUMENTS_NARROWED"),
        ("compatible", "NAMESPACE_ADDED"),
    ]


def test_a_name_that_a_template_took_may_get_a_declaration_of_its_own(major: int) -> None:
    """Clients that use that name today meet the new declaration."""
    changes = compare(major, ROOM, {**ROOM, "more": {"/rooms/vip": BRIEF}}).changes
    assert [(change.code, change.level) for change in changes] == [("ARGUMENTS_NARROWED", "breaking")]
    assert changes[0].witness is not None
    assert "-n /rooms/vip" in changes[0].witness.command


def test_a_wider_template_takes_all_names_of_a_narrower_one(major: int) -> None:
    """By its segments; a template of another shape takes none."""
    wider = {**ROOM, "namespace": "/{kind}/{id}"}
    assert [change.level for change in compare(major, ROOM, wider).changes] == ["compatible"]
    assert ("breaking", "NAMESPACE_REMOVED") in found(compare(major, wider, ROOM))


def parameters(major: int, **declared: Any) -> dict[str, Any]:
    return {**ROOM, "parameters": {"id": {"schema": declared} if major == 2 else declared}}


def test_parameters_are_what_an_address_admits(major: int) -> None:
    """A value less breaks whoever uses it today, with the namespace's name as the proof."""
    every, less = parameters(major, enum=["red", "blue"]), parameters(major, enum=["red"])
    (change,) = compare(major, every, less).changes
    assert (change.level, change.code) == ("breaking", "PARAMETERS_NARROWED")
    assert change.witness is not None
    assert change.witness.value == "blue"
    assert change.witness.command == "asynction-asgi listen URL -n /rooms/blue"
    assert found(compare(major, less, every)) == [("compatible", "PARAMETERS_WIDENED")]
    assert found(compare(major, less, ROOM)) == [("compatible", "PARAMETERS_WIDENED")]
    assert found(compare(major, ROOM, less)) == [("breaking", "PARAMETERS_NARROWED")]


def test_a_parameter_is_a_text_whatever_type_it_is_read_as() -> None:
    """A number that is taken as a text from now on is the same name."""
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
