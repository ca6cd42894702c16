"""How deep accepted values nest, judged by what the checks of both backends accept."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.spec.schemas import compile_bundle
from asynction_asgi.spec.schemas.equality import depth
from asynction_asgi.spec.schemas.keywords import ASSERTIONS
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver
from tests.cases import each_case

from .compiling import accepts, compile_schema

if TYPE_CHECKING:
    from asynction_asgi.spec.schemas.bundle import Backend

BACKENDS: tuple[Backend, ...] = ("fastjsonschema", "jsonschema-rs")
NUMBER = {"type": "number"}
SELF = {"$ref": "#/schema"}
CLOSED = {"type": "object", "additionalProperties": False}
LIST = {"type": "array", "items": NUMBER}


def deepest(schema: Any, **components: Any) -> int | None:
    """Return how deep the values nest that a schema is known to accept."""
    node = load_document({"schema": schema, **components}).root.child("schema")
    bundle, _ = compile_bundle([node], Resolver(node.document))
    return bundle.depth(node)


@each_case(
    ("schema", "expected"),
    [
        (NUMBER, 0),
        (False, 0),
        (True, None),
        ({"minimum": 1}, None),
        ({"enum": [1, [[2], {}]]}, 2),
        ({"const": {"a": {"b": []}}}, 3),
        ({"type": "object"}, None),
        ({"type": "object", "properties": {"a": NUMBER}}, None),
        (CLOSED, 1),
        ({**CLOSED, "properties": {"a": NUMBER, "b": LIST}}, 2),
        ({**CLOSED, "properties": {"a": {}}}, None),
        ({**CLOSED, "patternProperties": {"a": LIST}}, 2),
        ({**CLOSED, "patternProperties": {"a": {}}}, None),
        ({"type": "object", "additionalProperties": LIST}, 2),
        ({"additionalProperties": NUMBER}, None),
        ({"additionalProperties": NUMBER, "items": LIST}, 2),
        ({"type": "array"}, None),
        ({"type": "array", "items": LIST}, 2),
        ({"type": "array", "items": [LIST]}, None),
        ({"type": "array", "items": [LIST], "additionalItems": False}, 2),
        ({"type": "array", "items": [NUMBER], "maxItems": 1}, 1),
        ({"type": "array", "items": [NUMBER], "maxItems": 2}, None),
        ({"type": "array", "prefixItems": [NUMBER], "items": LIST}, 2),
        ({"allOf": [{"type": "object"}, CLOSED]}, 1),
        ({"anyOf": [NUMBER, LIST]}, 1),
        ({"oneOf": [NUMBER, {}]}, None),
        ({"not": {"type": "string"}}, None),
        ({**CLOSED, "properties": {"next": SELF}}, None),
        ({"$ref": "#/other"}, 1),
        ({"type": "array", "items": {"type": "array", "items": {"$ref": "#/other"}}}, 3),
        # What an unfit schema accepts is unknown.
        ({"type": "nonsense"}, None),
    ],
)  # fmt: skip
def test_closed_schemas_bound_the_depth(schema: Any, expected: int | None) -> None:
    """A closed schema counts its levels; an open place, or recursion, leaves them unbounded."""
    assert deepest(schema, other={"type": "array", "items": {"type": "string"}}) == expected


def test_a_long_chain_of_references_is_followed() -> None:
    """The level of the last of many schemas counts for the first."""
    chain = {f"c{number}": {"type": "array", "items": {"$ref": f"#/c{number + 1}"}} for number in range(500)}
    assert deepest({"$ref": "#/c0"}, **chain, c500=NUMBER) == 500


class Author:
    """Writes random schemas, most of them closed, each with a value that it mostly accepts.

    A reference leads to any schema of the document, itself included.
    """

    def __init__(self, random: Random, count: int) -> None:
        self._random = random
        self._references = [{"$ref": f"#/s{number}"} for number in range(count)]
        self.pairs = [self.pair(4) for _ in range(count)]

    def pair(self, levels: int) -> tuple[Any, Any]:
        random = self._random
        if random.random() < 0.03:
            return random.choice([True, {}, {"minItems": 1}, {"type": "object"}, {"type": "array"}]), [[1]]
        if random.random() < 0.04:
            return random.choice(self._references), 1
        if not levels or random.random() < 0.2:
            return random.choice([(NUMBER, 1), ({"type": "string"}, "a"), ({"const": [[0]]}, [[0]])])
        held = [self.pair(levels - 1) for _ in range(random.randint(1, 3))]
        schemas, values = [schema for schema, _ in held], [value for _, value in held]
        members = {f"m{number}": schema for number, schema in enumerate(schemas)}
        both = {f"m{number}": value for number, value in enumerate(values)}
        rest = random.choice([False, False, schemas[0]])
        return random.choice(
            [
                ({"type": "object", "properties": members, "additionalProperties": rest}, both),
                ({"type": ["object", "null"], "additionalProperties": schemas[0]}, {"x": values[0]}),
                ({**CLOSED, "patternProperties": {"^m": schemas[0]}}, {"m0": values[0]}),
                ({"type": "array", "items": schemas[-1]}, [values[-1]] * 2),
                ({"type": "array", "items": schemas, "additionalItems": rest}, values),
                ({"type": "array", "items": schemas, "maxItems": len(schemas)}, values),
                ({"items": schemas[0], "additionalProperties": schemas[-1]}, {"x": values[-1]}),
                ({"anyOf": schemas}, random.choice(values)),
                ({"oneOf": schemas}, random.choice(values)),
                ({"allOf": [schemas[0], random.choice([{"minItems": 1}, {}])], "uniqueItems": True}, values[0]),
                ({"enum": values}, random.choice(values)),
            ]
        )  # fmt: skip


def wrapped(value: Any) -> list[Any]:
    """Return a value with something deeper at each place."""
    deeper: list[Any] = [[[value]], {"m0": {"m0": value}}]
    if isinstance(value, dict):
        deeper += [{**value, name: other} for name, inner in value.items() for other in wrapped(inner)]
    elif isinstance(value, list):
        deeper += [[other, *value[1:]] for inner in value[:1] for other in wrapped(inner)]
    return deeper


@pytest.mark.parametrize("seed", range(3))
def test_no_accepted_value_is_deeper(seed: int) -> None:
    """With either backend whatever a schema accepts nests at most as deep as its bound says, and some as deep."""
    pairs = Author(Random(seed), 100).pairs
    schemas = {f"s{number}": schema for number, (schema, _) in enumerate(pairs)}
    root = load_document(schemas).root
    nodes = [root.child(name) for name in schemas]
    for backend in BACKENDS:
        bundle, _ = compile_bundle(nodes, Resolver(root.document), backend=backend)
        bounded = reached = 0
        for node, (_, value) in zip(nodes, pairs, strict=True):
            most = bundle.depth(node)
            if most is not None:
                bounded += 1
                found = [
                    depth(tried) for tried in (value, *wrapped(value)) if accepts(bundle.check(node), tried)
                ]
                assert max(found, default=0) <= most
                reached += most in found
        assert reached > bounded / 2 > 15


# A schema of bounded depth for each keyword that looks at arrays and objects beyond their members' schemas.
WALKING: dict[str, Any] = {
    "uniqueItems": {"items": LIST, "uniqueItems": True},
    "const": {"const": [[1]]},
    "enum": {"enum": [[[1]], {"a": {}}, *([n] for n in range(20))]},
    "contains": {"items": LIST, "contains": {"minItems": 1}},
    "not": {"items": LIST, "not": {"const": [[7]]}},
    "if": {"items": LIST, "if": {"uniqueItems": True}, "then": {"enum": [[[1]]]}, "else": False},
    "propertyNames": {**CLOSED, "properties": {"a": LIST}, "propertyNames": {"pattern": "^a"}},
    "dependencies": {**CLOSED, "properties": {"a": LIST}, "dependencies": {"a": {"const": {"a": [1]}}}},
    "anyOf": {"anyOf": [{"items": LIST, "type": "array"}, {**CLOSED, "properties": {"a": LIST}}]},
    "oneOf": {"oneOf": [LIST, {"type": "array", "items": LIST, "minItems": 1}]},
    "allOf": {"allOf": [LIST, {"uniqueItems": True}, {"contains": {"enum": [[1], 2]}}]},
    "patternProperties": {**CLOSED, "patternProperties": {"^a": LIST}},
}


def nested(levels: int, *, objects: bool) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value} if objects else [value]
    return value


@each_case("backend", BACKENDS)
@each_case("keyword", WALKING)
def test_a_very_deep_value_is_refused(keyword: str, backend: Backend) -> None:
    """A value of 1,024 levels, which a decoder of JSON may make, is a plain mismatch for each keyword."""
    schema = WALKING[keyword]
    if not schema.keys() & {"type", "const", "enum", "anyOf", "oneOf", "allOf"}:
        schema = {"type": "array", **schema}
    assert deepest(schema) is not None
    assert keyword in ASSERTIONS or keyword == "if"
    check = compile_schema(schema, backend=backend)
    for objects in (False, True):
        deep = nested(1_023, objects=objects)
        for value in (deep, [deep], [deep, deep], [[1], deep], {"a": deep}, {"a": [deep, deep]}):
            assert not accepts(check, value)


@pytest.mark.parametrize("order", [1, -1])
def test_chains_are_followed_in_any_order(order: int) -> None:
    """The depth of each link of a long chain is known, whichever way it is declared."""
    links = {
        f"s{number}": {**CLOSED, "properties": {"a": {"$ref": f"#/s{number + 1}"}}} for number in range(300)
    }
    components = dict([*links.items(), ("s300", NUMBER)][::order])
    assert deepest({"$ref": "#/s0"}, **components) == 300
