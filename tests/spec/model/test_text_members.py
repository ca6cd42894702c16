"""By which types a query and headers are read."""

from __future__ import annotations

from typing import Any

from asynction_asgi.spec import load_spec
from asynction_asgi.spec.model.text_members import TextMembers
from tests.cases import each_case

INTEGER, TEXT, EITHER = {"type": "integer"}, {"type": "string"}, {"type": ["string", "integer"]}
N = {"properties": {"n": INTEGER}}


def members(schema: dict[str, Any]) -> TextMembers:
    """Return the members of a query with this schema."""
    channel = {"bindings": {"ws": {"query": {"type": "object", **schema}}}}
    components = {"schemas": {"N": N, "Integer": INTEGER}}
    info = {"title": "T", "version": "1"}
    spec = load_spec(
        {"asyncapi": "2.6.0", "info": info, "channels": {"/": channel}, "components": components}
    )
    query = spec.namespaces["/"].handshake.query
    assert query is not None
    return TextMembers(query, spec.resolver)


@each_case(
    ("schema", "types"),
    [
        ({"properties": {"n": EITHER}, "allOf": [N]}, "integer"),
        ({"properties": {"n": EITHER}, "allOf": [{"$ref": "#/components/schemas/N"}]}, "integer"),
        ({**N, "allOf": [{"additionalProperties": EITHER}]}, "integer"),
        ({**N, "anyOf": [{"additionalProperties": TEXT}, N]}, "integer"),
        ({**N, "anyOf": [{"properties": {"n": TEXT}}, {"required": ["b"]}]}, "integer"),
        ({**N, "dependentSchemas": {"m": {"properties": {"n": TEXT}}}}, "integer"),
        ({**N, "if": {"required": ["m"]}, "then": {"properties": {"n": TEXT}}}, "integer"),
        ({**N, "not": {"additionalProperties": TEXT}}, "integer"),
        ({"properties": {"n": {"minimum": 3}}, "oneOf": [N, {"required": ["b"]}]}, "integer"),
        ({"properties": {"n": {}}, "oneOf": [N, {"properties": {"n": TEXT}}]}, "integer string"),
        ({"properties": {"n": {"allOf": [EITHER, {"$ref": "#/components/schemas/Integer"}]}}}, "integer"),
        ({"properties": {"n": {"allOf": [EITHER], "anyOf": [INTEGER, TEXT]}}}, "integer string"),
        ({**N, "allOf": [{"properties": {"n": {"type": "number"}}}]}, "integer number"),
        ({"not": N}, "integer"),
    ],
)
def test_a_member_is_read_by_what_all_parts_declare(schema: dict[str, Any], types: str) -> None:
    """Alternatives and conditions, which need not apply, are asked only where the parts name no type."""
    assert " ".join(sorted(members(schema).of("n").types)) == types


def test_the_items_of_a_list_are_read_alike() -> None:
    """What alternatives say of the items of a list counts only where the parts say nothing of them."""
    lists = [{"properties": {"n": {"type": "array", "items": items}}} for items in (INTEGER, EITHER, TEXT)]
    assert members({"allOf": lists[:2]}).of("n").read_all(["4"]) == [4]
    assert members({**lists[0], "anyOf": [lists[2], {}]}).of("n").read_all(["4"]) == [4]
    assert members({"anyOf": lists[:1]}).of("n").read_all(["4", "x"]) == [4, "x"]


def test_schemas_that_declare_the_same_read_alike() -> None:
    """An alternative that can't change how a member is read makes no difference between two contracts."""
    plain, more = members(N), members({**N, "anyOf": [{"properties": {"n": TEXT}}, {"required": ["b"]}]})
    assert plain.reads_as(more)
    assert not plain.reads_as(members({"properties": {"n": TEXT}}))
