"""Instances of schemas: the compiled contract accepts each one."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from asynction_asgi.spec import load_spec
from asynction_asgi.spec.instances import Choices, Instances, UnsatisfiableError
from asynction_asgi.spec.model.arguments import compile_arguments
from tests.cases import each_case

SHARED: dict[str, Any] = {
    "Tree": {
        "type": "object",
        "required": ["name", "kids"],
        "properties": {
            "name": {"type": "string"},
            "kids": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
        },
    },
    "Expr": {
        "oneOf": [
            {"type": "integer"},
            {
                "type": "object",
                "required": ["l", "r"],
                "additionalProperties": False,
                "properties": {
                    "l": {"$ref": "#/components/schemas/Expr"},
                    "r": {"$ref": "#/components/schemas/Expr"},
                },
            },
        ]
    },
    "List": {
        "type": ["object", "null"],
        "required": ["next"],
        "properties": {"next": {"$ref": "#/components/schemas/List"}},
    },
    "Endless": {
        "type": "object",
        "required": ["x"],
        "properties": {"x": {"$ref": "#/components/schemas/Endless"}},
    },
}
CORPUS: list[Any] = [
    {
        "type": "object",
        "required": ["a"],
        "allOf": [{"properties": {"a": {"type": "string"}}}],
        "unevaluatedProperties": False,
    },
    {
        "type": "object",
        "anyOf": [
            {"properties": {"a": {"type": "string"}}, "required": ["a"]},
            {"properties": {"b": {"type": "null"}}, "required": ["b"]},
        ],
        "unevaluatedProperties": False,
    },
    {"type": "array", "contains": {"type": "integer"}, "minContains": 2, "maxContains": 3},
    {"type": "array", "prefixItems": [{"type": "string"}], "unevaluatedItems": False},
    {"type": "array", "contains": {"type": "integer"}, "minContains": 0, "maxContains": 1, "maxItems": 3},
    {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$dynamicAnchor": "n",
        "type": "object",
        "properties": {"child": {"$dynamicRef": "#n"}},
        "unevaluatedProperties": False,
    },
    {"type": "integer", "format": "int32"},
    {"type": "string", "pattern": "^(a|b){2}-[0-9]+[^x]?$", "minLength": 12, "maxLength": 14},
    {"type": "string", "pattern": r"^(?=.*\d)(?=.*[a-z])[A-Za-z0-9]{8,}$"},
    {"type": "string", "pattern": "abc", "minLength": 10},
    {"type": "string", "pattern": r"^([ab])\1$"},
    *(
        {"type": "string", "format": f}
        for f in (
            [
                "date",
                "date-time",
                "time",
                "duration",
                "email",
                "idn-email",
                "hostname",
                "idn-hostname",
                "ipv4",
                "ipv6",
                "uri",
                "uri-reference",
                "iri",
                "iri-reference",
                "uri-template",
                "uuid",
                "json-pointer",
                "relative-json-pointer",
                "regex",
                "byte",
                "binary",
            ]
        )
    ),
    {"type": "number", "multipleOf": 0.1, "minimum": 1, "exclusiveMaximum": 2},
    {"type": "integer", "exclusiveMinimum": 8, "multipleOf": 4, "maximum": 12},
    {"type": "number", "exclusiveMinimum": 1, "exclusiveMaximum": 1.0001},
    {"type": "number", "maximum": -3},
    {"type": "number", "minimum": 0.1, "maximum": 0.1},
    {"allOf": [{"type": "number"}, {"type": ["integer", "null"]}], "minimum": 2},
    {"enum": [True, 1, "a", None, {}, 2.5], "type": ["boolean", "number"]},
    {"type": ["array", "object", "string"], "items": {"type": ["array", "integer"]}, "minProperties": 1},
    {"allOf": [{"$ref": "#/components/schemas/Tree"}], "description": "a reference, described"},
    {"type": "array", "items": [{"type": "null"}], "additionalItems": {"type": "boolean"}, "minItems": 3},
    {"type": "object", "maxProperties": 1, "properties": {"a": {"type": "null"}, "b": {"type": "null"}}},
    {"type": "object", "properties": {"a": {"type": "null"}, "b": False}},
    {"type": "string", "format": "uuid", "pattern": "^[0-9a-f-]+$", "minLength": 36},
    {"type": "integer", "minimum": 10**400},
    {"type": "integer", "minimum": -(10**400), "maximum": 10**400},
    {"type": "integer", "multipleOf": 3, "minimum": 10**20},
    {"allOf": [{"multipleOf": 4}, {"multipleOf": 6}], "type": "integer"},
    *({"$ref": f"#/components/schemas/{n}"} for n in SHARED if n != "Endless"),
    {
        "type": "array",
        "items": {"type": "integer", "minimum": 0, "maximum": 4},
        "uniqueItems": True,
        "minItems": 4,
    },
    {"type": "array", "contains": {"const": 4}, "minItems": 2},
    {
        "type": "array",
        "items": [{"type": "integer"}, {"type": "string"}],
        "additionalItems": False,
        "minItems": 1,
    },
    {
        "type": "object",
        "minProperties": 3,
        "additionalProperties": {"type": "integer"},
        "propertyNames": {"pattern": "^[a-z]{3,5}$"},
    },
    {
        "type": "object",
        "patternProperties": {"^x-": {"type": "boolean"}},
        "additionalProperties": False,
        "minProperties": 2,
    },
    {
        "type": "object",
        "properties": {"k": {"enum": [1, 2]}},
        "required": ["k"],
        "if": {"properties": {"k": {"const": 1}}},
        "then": {"required": ["l"]},
        "else": {"required": ["m"]},
    },
    {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
        "dependencies": {"a": ["b"], "b": {"required": ["c"]}},
    },
    {"type": "object", "properties": {"a": {"type": "string"}}, "not": {"required": ["a"]}},
    {"type": "integer", "not": {"enum": [1, 2, 3]}},
    {"oneOf": [{"type": "integer"}, {"type": "integer", "minimum": 0}, {"type": "string"}]},
    {
        "oneOf": [
            {"type": "object", "properties": {"a": {"type": "string"}}},
            {"type": "object", "properties": {"b": {"type": "string"}}},
        ]
    },
    {"type": "string", "enum": ["long", "longer", "short", 5, None], "minLength": 5},
    {"type": "string", "format": "email", "minLength": 200},
    {"type": "string", "format": "uri", "maxLength": 12},
    {"type": "string", "format": "hostname", "minLength": 90, "maxLength": 91},
    {"type": "string", "format": "email", "pattern": "@example\\.com$"},
    {"type": "string", "format": "date-time", "minLength": 24},
    {"type": "string", "format": "byte", "minLength": 21},
    {"type": "string", "format": "email", "pattern": "@company\\.com$"},
    {"type": "string", "format": "uri", "pattern": "\\.png$"},
    {"type": "string", "format": "date-time", "pattern": r"\.\d{3}Z$"},
    {"type": "string", "allOf": [{"pattern": "^a"}, {"pattern": "z$"}]},
    {"type": "string", "allOf": [{"pattern": "[a-z]"}, {"pattern": "[A-Z]"}], "minLength": 8},
    {"type": "string", "pattern": "^(?!admin)[a-z]{5,8}$"},
    {"not": {"type": ["string", "number", "boolean", "null"]}},
    {"type": ["string", "number", "integer"], "not": {"type": "number"}},
    {"type": "object", "required": ["a"], "not": {"properties": {"a": {"const": 1}}}},
    {
        "type": "object",
        "properties": {"a": {"type": "string", "default": "bad"}},
        "required": ["a"],
        "not": {"properties": {"a": {"const": "bad"}}},
    },
    {"type": "array", "items": {"enum": [*"abcdefghij"]}, "uniqueItems": True, "minItems": 10},
    {
        "type": "object",
        "required": [f"f{i}" for i in range(60)],
        "properties": {f"f{i}": {"type": "string", "enum": ["a", "b", 1, 2, 3]} for i in range(60)},
    },
    {
        "anyOf": [{"required": ["a"]}, {"required": ["b"]}],
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "null"}},
    },
    {
        "allOf": [
            {"properties": {"a": {"type": "integer"}}, "required": ["a"]},
            {"properties": {"b": {"type": "null"}, "a": {"minimum": 5, "maximum": 9}}, "required": ["b"]},
        ]
    },
    {"const": {"a": 1}},
    {"enum": ["a", 1, None]},
    True,
    {"type": "string", "minLength": 30, "maxLength": 30},
    {
        "type": "object",
        "required": ["id", "user", "tags", "at"],
        "properties": {
            "id": {"type": "string", "format": "uuid"},
            "at": {"type": "string", "format": "date-time"},
            "tags": {"type": "array", "items": {"type": "string", "maxLength": 5}, "maxItems": 5},
            "user": {
                "type": "object",
                "required": ["name", "email"],
                "properties": {
                    "name": {"type": "string", "minLength": 1, "maxLength": 40},
                    "email": {"type": "string", "format": "email"},
                    "age": {"type": "integer", "minimum": 0, "maximum": 150},
                },
            },
        },
    },
]


def loaded(*payloads: Any, **message: Any) -> Any:
    return load_spec(
        {
            "asyncapi": "2.6.0",
            "info": {"title": "T", "version": "1"},
            "channels": {
                "/": {
                    "publish": {
                        "message": {
                            "oneOf": [
                                {"name": f"e{index}", "payload": payload, **message}
                                for index, payload in enumerate(payloads)
                            ]
                        }
                    }
                }
            },
            "components": {"schemas": SHARED},
        }
    )


SPEC = loaded(*CORPUS)
INSTANCES = Instances(SPEC)
EVENTS = list(SPEC.namespaces["/"].receives.values())


@each_case("event", EVENTS, ids=[str(payload)[:60] for payload in CORPUS])
def test_every_instance_is_accepted(event: Any) -> None:
    """The server's check accepts each instance, and equal seeds give equal instances."""
    accept = compile_arguments(event.arguments, SPEC.bundle)
    choices, repeated = Choices.seeded(7), Choices.seeded(7)
    for _ in range(50):
        values = INSTANCES.event(event, choices)
        accept(list(values))
        assert INSTANCES.event(event, repeated) == values


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_hypothesis_draws_by_the_same_algorithm(data: st.DataObject) -> None:
    """Hypothesis supplies the choices, and so can shrink the instances."""
    event = data.draw(st.sampled_from(EVENTS))
    choices = Choices(lambda low, high: data.draw(st.integers(low, high)))
    try:
        values = INSTANCES.event(event, choices)
    except UnsatisfiableError:  # draws that are all zero give no distinct elements
        reject()
    compile_arguments(event.arguments, SPEC.bundle)(list(values))


@each_case(
    "payload",
    [
        False,
        {"$ref": "#/components/schemas/Endless"},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "integer", "minimum": 1, "maximum": 3, "multipleOf": 4},
        {"type": "string", "minLength": 2, "maxLength": 1},
        {"type": "array", "items": {"type": "boolean"}, "uniqueItems": True, "minItems": 3},
        {"allOf": [{"type": "string"}, {"type": "null"}]},
        {"allOf": [{"const": 1}, {"const": 2}]},
        {"type": "object", "required": ["a"], "properties": {"a": False}},
        {"type": "object", "required": ["a"], "not": {"required": ["a"]}},
        {"type": "object", "required": ["a", "b"], "maxProperties": 1},
        {"type": "object", "minProperties": 1, "additionalProperties": False},
        {"type": "object", "minProperties": 1, "propertyNames": False},
        {"type": "array", "minItems": 2, "maxItems": 1},
        {"type": "array", "items": [True], "additionalItems": False, "minItems": 2},
        {"type": "string", "not": {"type": "string"}},
        {"type": "string", "format": "date", "maxLength": 5},
        {"type": "string", "format": "binary", "minLength": 2, "maxLength": 1},
        {"type": "string", "enum": ["a", 1], "minLength": 2},
        {"type": "number", "exclusiveMinimum": 1, "maximum": 1},
        {"type": "number", "minimum": 2, "maximum": 1},
    ],
    ids=str,
)
def test_an_unsatisfiable_schema_raises(payload: Any) -> None:
    """The error names the schema, and no invalid instance is made."""
    spec = loaded(payload)
    event = spec.namespaces["/"].receives["e0"]
    with pytest.raises(UnsatisfiableError) as caught:
        Instances(spec).event(event, Choices.seeded(1))
    assert caught.value.node.identity == event.arguments.schema.identity


def nested(inner: Any, levels: int) -> Any:
    """Return a schema of nested objects, whose innermost contains one of `inner`."""
    for _ in range(levels):
        required = [{"required": [name], "properties": {name: inner}} for name in ("a", "b")]
        inner = {"type": "object", "oneOf": required}
    return inner


@pytest.mark.parametrize("choices", [Choices.seeded(1), Choices.simplest()], ids=["seeded", "simplest"])
@pytest.mark.parametrize("small", [False, True])
def test_the_search_is_bounded(choices: Choices, *, small: bool) -> None:
    """A level of an unsatisfiable schema has twice the parts, and takes no more choices than that."""
    integer, taken = choices.integer, 0

    def counted(low: int, high: int) -> int:
        nonlocal taken
        taken += 1
        return integer(low, high)

    def search(levels: int) -> int:
        """Return how many choices are taken in vain."""
        before = taken
        text = {"type": "string", "minLength": 1}
        spec = loaded(nested({"oneOf": [text, text]}, levels))
        event = spec.namespaces["/"].receives["e0"]
        with pytest.raises(UnsatisfiableError):
            Instances(spec).arguments(event.arguments, choices, small=small)
        return taken - before

    choices.integer = counted
    assert 0 < search(2) < 3 * search(1)


def test_rare_values_are_found_at_depth() -> None:
    """A part that one try in fifty finds is found three levels down, many times."""
    rare = {"type": "integer", "minimum": 1, "maximum": 50, "not": {"maximum": 49}}
    spec = loaded({"type": "array", "minItems": 10, "items": nested(rare, 3)})
    event = spec.namespaces["/"].receives["e0"]
    accept = compile_arguments(event.arguments, spec.bundle)
    choices = Choices.seeded(3)
    for _ in range(20):
        accept(list(Instances(spec).event(event, choices)))


@each_case(
    "payload",
    [
        {"type": "number", "minimum": 1e300},
        {"type": "number", "exclusiveMaximum": -1e300},
        {"type": "number", "minimum": -1e300, "maximum": 1e300},
        {"type": "number", "minimum": 1.7976931348623157e308},
        {"type": "number", "exclusiveMinimum": 2**70},
        {"type": "integer", "minimum": 1e300},
        {"type": "integer", "exclusiveMinimum": 2**70, "exclusiveMaximum": 2**70 + 2**20},
        {"type": "integer", "minimum": 10**20 + 1},
    ],
    ids=str,
)
def test_large_numbers_are_short(payload: Any) -> None:
    """A number has no more digits than its bounds, as many JSON readers refuse or lose long ones."""
    spec = loaded(payload)
    event = spec.namespaces["/"].receives["e0"]
    accept = compile_arguments(event.arguments, spec.bundle)
    choices = Choices.seeded(1)
    for _ in range(50):
        values = Instances(spec).event(event, choices)
        accept(list(values))
        assert len(json.dumps(values[0])) < 25
        assert orjson.dumps(values[0])


def test_valid_examples_of_the_author_come_first() -> None:
    """Examples of the message come before those of the schema; invalid ones are skipped."""
    spec = loaded({"type": "integer", "examples": ["no", 41], "default": 42})
    event = spec.namespaces["/"].receives["e0"]
    made = {Instances(spec).event(event, Choices.seeded(seed)) for seed in range(20)}
    assert made == {(41,), (42,)}
    free = {Instances(spec, examples=False).event(event, Choices.seeded(seed)) for seed in range(20)}
    assert len(free) > 2
    spec = loaded({"type": "integer"}, examples=[{"payload": 7}])
    assert Instances(spec).event(spec.namespaces["/"].receives["e0"], Choices.seeded(1)) == (7,)


def test_each_message_of_an_event_is_used() -> None:
    """Instances cover each message of an event, except one that accepts no value."""
    events = [
        {"name": "e", "payload": payload} for payload in ({"type": "integer"}, {"type": "string"}, False)
    ]
    channel = {"publish": {"message": {"oneOf": events}}}
    spec = load_spec(
        {"asyncapi": "2.6.0", "info": {"title": "T", "version": "1"}, "channels": {"/": channel}}
    )
    event = spec.namespaces["/"].receives["e"]
    assert event.arguments.kind == "union"
    made = [Instances(spec).event(event, Choices.seeded(seed))[0] for seed in range(30)]
    assert {type(value) for value in made} == {int, str}
    nothing = replace(event.arguments, of=event.arguments.of[2:])
    with pytest.raises(UnsatisfiableError):
        Instances(spec).arguments(nothing, Choices.seeded(1))


def test_a_small_instance_has_only_what_is_required() -> None:
    """A small instance is valid and has only required parts."""
    for event in EVENTS:
        values = INSTANCES.arguments(event.arguments, Choices.seeded(1), small=True)
        compile_arguments(event.arguments, SPEC.bundle)(list(values))
    spec = loaded({"type": "object", "properties": {"a": {"type": "string"}}})
    event = spec.namespaces["/"].receives["e0"]
    assert Instances(spec).arguments(event.arguments, Choices.seeded(1), small=True) == ({},)


class Cities:
    """Provides texts for one format and for one property."""

    def of_format(self, name: str) -> Any:
        return (lambda choices: choices.pick(["Paris", "Rome"])) if name == "city" else None

    def of_property(self, name: str) -> Any:
        return (lambda _: "Ada") if name == "name" else None


def made(payload: Any, *, seed: int = 1) -> Any:
    spec = loaded(payload)
    event = spec.namespaces["/"].receives["e0"]
    return Instances(spec, providers=Cities()).event(event, Choices.seeded(seed))[0]


def test_a_format_of_any_name_may_be_provided() -> None:
    """A format without a provider gives a plain text."""
    assert {made({"type": "string", "format": "city"}, seed=seed) for seed in range(20)} == {"Paris", "Rome"}
    for format_ in ("village", "date"):
        assert made({"type": "string", "format": format_}) not in ("Paris", "Rome")
    spec = loaded({"type": "string", "format": "city"})
    (text,) = Instances(spec).event(spec.namespaces["/"].receives["e0"], Choices.seeded(1))
    assert text not in ("Paris", "Rome")


def test_a_provided_text_must_fit_the_schema() -> None:
    """A provided text is used only if it satisfies the other keywords."""
    assert made({"type": "string", "format": "city", "maxLength": 4}) == "Rome"
    assert len(made({"type": "string", "format": "city", "minLength": 9})) >= 9
    assert made({"type": "string", "format": "city", "pattern": "^R"}) == "Rome"
    assert made({"type": "string", "format": "city", "pattern": "^[0-9]{3}$"}).isdigit()
    named = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    assert made(named) == {"name": "Ada"}
    named["properties"] = {"name": {"type": "string", "minLength": 5}}
    assert len(made(named)["name"]) >= 5
