"""Concrete names of namespaces whose names are templates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asynction_asgi.spec.instances import Instances
from asynction_asgi.spec.instances.addresses import concrete_name
from asynction_asgi.spec.model.namespaces import Namespaces
from tests.cases import each_case

from ..reading import load, v2, v3

if TYPE_CHECKING:
    from pathlib import Path


def named(tmp_path: Path, document: str, name: str) -> str | None:
    spec = load(tmp_path, document)
    found = concrete_name(spec.namespaces[name], spec, Instances(spec))
    if found is not None:
        resolved = Namespaces(spec).resolve(found)
        assert resolved is not None
        assert resolved.declared.name == name
    return found


@each_case(
    ("schema", "expected"),
    [
        ("{type: integer, minimum: 7}", "/rooms/7"),
        ("{type: boolean}", "/rooms/true"),
        ("{type: string, enum: [a/b, 'c,d', 'e?f', g]}", "/rooms/g"),
        ("{type: string, enum: [a/b]}", None),
        ("{type: array, items: {type: string}}", None),
    ],
)
def test_a_value_fits_into_a_segment_and_a_packet(tmp_path: Path, schema: str, expected: str | None) -> None:
    """A name is one that clients can ask for: no slash, comma or question mark is in a value."""
    channels = f"{{'/rooms/{{id}}': {{parameters: {{id: {{schema: {schema}}}}}, publish: {{message: {{name: e}}}}}}}}"
    assert named(tmp_path, v2(channels), "/rooms/{id}") == expected


def test_a_name_of_another_namespace_is_avoided(tmp_path: Path) -> None:
    """A value that makes the name of a namespace with a declaration of its own is not taken."""
    parameters = "{id: {schema: {type: integer, minimum: 1, maximum: 2}}}"
    event = "publish: {message: {name: e}}"
    channels = f"{{/rooms/1: {{{event}}}, '/rooms/{{id}}': {{parameters: {parameters}, {event}}}}}"
    assert named(tmp_path, v2(channels), "/rooms/{id}") == "/rooms/2"


def test_a_value_is_one_of_those_listed(tmp_path: Path) -> None:
    """Of the values that 3.x lists, the first that a name can carry is taken."""
    channels = "{c: {address: '/rooms/{id}', parameters: {id: {enum: ['a,b', c]}}, messages: {e: {}}}}"
    operations = "{r: {action: receive, channel: {$ref: '#/channels/c'}}}"
    assert named(tmp_path, v3(channels, operations), "/rooms/{id}") == "/rooms/c"


def test_a_plain_name_is_its_own(tmp_path: Path) -> None:
    """A namespace without parameters has one name."""
    assert named(tmp_path, v2("{/chat: {publish: {message: {name: e}}}}"), "/chat") == "/chat"
