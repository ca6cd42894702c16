"""Checks are cheap and safe, and their messages are bounded."""

from __future__ import annotations

import time
from collections import defaultdict
from enum import IntEnum, StrEnum
from typing import Any

import pytest

from asynction_asgi.spec.schemas import Mismatch, compile_bundle
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver
from tests.cases import each_case

from .compiling import accepts, compile_schema, violation


@each_case(
    ("schema", "value", "pointer", "keyword", "message"),
    [
        ({"type": "string"}, 1, "", "type", "must be a string"),
        ({"type": ["integer", "null", "string"]}, [], "", "type", "must be an integer, null or a string"),
        ({"enum": ["a", 1, None]}, "b", "", "enum", 'must be one of "a", 1, null'),
        ({"enum": [str(number) * 30 for number in range(20)]}, 1, "", "enum", None),
        ({"const": {"a": 1}}, 2, "", "const", 'must be {"a": 1}'),
        ({"enum": []}, 2, "", "enum", "is never valid"),
        ({"minLength": 1}, "", "", "minLength", "must be at least 1 character long"),
        ({"maxLength": 2}, "abc", "", "maxLength", "must be at most 2 characters long"),
        ({"type": "string", "format": "binary", "maxLength": 2}, b"abc", "", "maxLength", "must be at most 2 bytes long"),
        ({"pattern": "^a"}, "b", "", "pattern", "must match the pattern ^a"),
        ({"format": "uuid"}, "b", "", "format", "must be in the format uuid"),
        (
            {"format": "date-time"},
            "2026-01-31T12:00:00",
            "",
            "format",
            "must be in the format date-time, with a time zone such as Z",
        ),
        ({"minimum": 3}, 1, "", "minimum", "must be at least 3"),
        ({"exclusiveMaximum": 1.5}, 2, "", "exclusiveMaximum", "must be less than 1.5"),
        ({"multipleOf": 0.1}, 0.25, "", "multipleOf", "must be a multiple of 0.1"),
        ({"minItems": 2}, [1], "", "minItems", "must have at least 2 items"),
        ({"items": [True], "additionalItems": False}, [1, 2], "", "additionalItems", "must have at most 1 item"),
        ({"items": {"type": "null"}}, [None, 1], "/1", "type", "must be null"),
        ({"items": [True], "additionalItems": {"type": "null"}}, [7, None, 7], "/2", "type", "must be null"),
        ({"uniqueItems": True}, [1, 1], "", "uniqueItems", "must have no two equal items"),
        ({"contains": {"type": "null"}}, [1], "", "contains", None),
        ({"maxProperties": 1}, {"a": 1, "b": 2}, "", "maxProperties", "must have at most 1 member"),
        ({"required": ["a"]}, {}, "", "required", '"a" is missing'),
        ({"properties": {"a": False}}, {"a": 1}, "/a", "false", "must not be present"),
        ({"properties": {"b": True, "a": True}, "additionalProperties": False}, {"secret": 1}, "", "additionalProperties",
         'has a member that is not declared; its members are "b", "a"'),
        ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, "", "propertyNames", None),
        ({"dependencies": {"a": ["b"]}}, {"a": 1}, "", "required", '"b" is missing'),
        ({"not": {}}, 1, "", "not", None),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, "", "anyOf", "must be null or a string"),
        ({"anyOf": [{"minimum": 3}, {"maximum": 1}]}, 2, "", "anyOf", "matches none of the 2 alternatives"),
        ({"oneOf": [{"minimum": 1}, {"maximum": 3}]}, 2, "", "oneOf", "matches more than one of the 2 alternatives"),
        ({"oneOf": [{"type": "integer", "minimum": 3}, {"type": "string"}]}, 2, "", "minimum", "must be at least 3"),
        ({"anyOf": [False, False]}, 2, "", "anyOf", "is never valid"),
        ({"if": {"type": "integer"}, "then": {"minimum": 3}}, 2, "", "minimum", "must be at least 3"),
        ({"properties": {"a": {"$ref": "#/schema"}, "b": {"type": "null"}}}, {"a": {"a": {"b": 1}}}, "/a/a/b", "type", "must be null"),
    ],
)  # fmt: skip
def test_says_what_is_wrong_and_where(
    schema: Any, value: Any, pointer: str, keyword: str, message: str | None
) -> None:
    """A violation has the pointer, the keyword, and a sentence made only from the document."""
    found = violation(compile_schema(schema), value)
    assert found is not None
    assert (found.pointer, found.keyword) == (pointer, keyword)
    assert len(found.message) < 400
    assert message is None or found.message == message


@each_case(
    ("value", "pointer"),
    [
        ({"a.b[0]": 1}, "/a.b[0]"),
        ({"a/b~c": 1}, "/a~1b~0c"),
        ({"": 1}, "/"),
        ({"fine": "x", "0": 1}, "/0"),
        ({"x" * 600: 1}, ""),
        ({"deep": {"x" * 600: 1}}, "/deep"),
    ],
)
def test_pointers_are_true_and_bounded(value: Any, pointer: str) -> None:
    """Member names are escaped, and a pointer that is too long names the nearest ancestor."""
    member = {"anyOf": [{"type": "string"}, {"$ref": "#/schema"}]}
    found = violation(compile_schema({"type": "object", "additionalProperties": member}), value)
    assert found is not None
    assert found.pointer == pointer


def test_names_the_place_in_the_document() -> None:
    """A violation names the keyword and the file of the schema, for logs."""
    check = compile_schema(
        {"properties": {"a": {"$ref": "#/other/inner"}}}, other={"inner": {"minLength": 2}}
    )
    with pytest.raises(Mismatch) as caught:
        check({"a": ""})
    assert caught.value.rule == "#/other/inner/minLength"
    assert caught.value.below("/0").violations[0].pointer == "/0/a"


class Colour(StrEnum):
    """A subclass of str."""

    RED = "red"


class Size(IntEnum):
    """A subclass of int."""

    BIG = 1


@each_case("backend", ["fastjsonschema", "jsonschema-rs"])
@each_case(
    ("schema", "value", "expected"),
    [
        ({"type": "string", "format": "binary"}, b"a", True),
        ({"type": "string", "format": "binary"}, memoryview(b"a"), True),
        ({"type": "string", "format": "binary"}, "a", False),
        ({"type": ["string", "null"], "format": "binary"}, None, True),
        ({"format": "binary"}, "a", False),
        ({"format": "binary"}, b"a", True),
        ({"format": "binary"}, 1, True),
        ({"type": "string"}, b"a", False),
        ({"type": "string", "format": "byte"}, b"a", False),
        ({}, b"a", True),
        (True, {"a": [b"a"]}, True),
        ({"anyOf": [{"type": "string"}, {"type": "string", "format": "binary"}]}, bytearray(b"a"), True),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, b"a", False),
        ({"enum": ["a"]}, b"a", False),
        ({"uniqueItems": True}, [b"a", b"a"], False),
        ({"type": "number"}, float("nan"), False),
        ({"type": "integer"}, float("inf"), False),
        ({"minimum": 1}, True, True),
        ({"type": "array", "items": {"type": "integer"}}, (1, 2), True),
        ({"type": "array", "maxItems": 1}, (1, 2), False),
        ({"type": "string", "enum": ["red"]}, Colour.RED, True),
        ({"type": "integer", "minimum": 1}, Size.BIG, True),
        ({"type": "object"}, object(), False),
        ({"patternProperties": {"a": {}}}, {1: 1}, False),
    ],
)  # fmt: skip
def test_python_values(schema: Any, value: Any, expected: bool, backend: Any) -> None:
    """Bytes match binary and unconstrained schemas, and subclasses of JSON's types match as such."""
    assert accepts(compile_schema(schema, backend=backend), value) is expected


@each_case(
    "name",
    ["'", '"', "\\", "{x}", "{", "\n", "\r\u2028", '"""', "#", "v", "');raise SystemExit('", "%s"],
)
def test_names_of_the_document_are_never_code(name: str) -> None:
    """Names, constants and patterns of a document are only data in the generated code."""
    schema = {
        "properties": {name: {"const": name}, "tag": {"enum": [name, "b"]}},
        "dependencies": {name: {"required": ["tag"]}},
        "additionalProperties": False,
    }
    check = compile_schema(schema)
    assert accepts(check, {name: name, "tag": name})
    assert not accepts(check, {name: name})
    found = violation(check, {name: "other", "tag": "b"})
    assert found is not None
    assert found.pointer == "/" + name
    tagged = compile_schema(
        {
            "oneOf": [
                {"type": "object", "properties": {name: {"const": tag}}, "required": [name]}
                for tag in (name, "b")
            ]
        }
    )
    assert accepts(tagged, {name: name})
    assert not accepts(tagged, {name: "c"})


def test_never_adds_to_a_value() -> None:
    """A check adds no defaults of the schema or of a defaultdict to the value."""
    value: Any = defaultdict(list)
    check = compile_schema({"properties": {"a": {"default": 1}, "b": {}}, "required": ["b"]})
    assert not accepts(check, value)
    assert value == {}


@each_case("backend", ["fastjsonschema", "jsonschema-rs"])
@each_case(
    ("schema", "value", "expected"),
    [
        pytest.param({"uniqueItems": True}, [k * (2**61 - 1) for k in range(30_000)], True, id="integers that hash alike"),
        pytest.param({"uniqueItems": True}, [{"a": [k]} for k in range(20_000)] * 2, False, id="many objects"),
        pytest.param({"uniqueItems": True}, [10**100_000, 10**100_000 + 1], True, id="large integers"),
        pytest.param({"format": "email"}, "a@" + "a." * 40_000 + "@", False, id="email"),
        pytest.param({"multipleOf": 0.1}, 10**400, True, id="multiple of a fraction"),
        pytest.param({"multipleOf": 7}, 1e308, None, id="multiple of a large float"),
        pytest.param({"multipleOf": 7}, float("inf"), None, id="infinity"),
    ],
)  # fmt: skip
def test_hostile_values_take_linear_time(
    schema: Any, value: Any, expected: bool | None, backend: Any
) -> None:
    """Values chosen to be slow or to overflow get a verdict at once."""
    check = compile_schema(schema, backend=backend)
    started = time.process_time()
    verdict = accepts(check, value)
    assert expected is None or verdict is expected
    assert time.process_time() - started < 2


@each_case(
    "schema",
    [
        {"properties": {"child": {"$ref": "#/schema"}}},
        {"anyOf": [{"properties": {"child": {"$ref": "#/schema"}}, "required": ["a"]}, {"properties": {"child": {"$ref": "#/schema"}}}]},
        {"uniqueItems": True, "additionalProperties": {"$ref": "#/schema"}},
    ],
    ids=["a chain", "with a memo", "with unique items"],
)  # fmt: skip
@each_case("backend", ["fastjsonschema", "jsonschema-rs"])
def test_depth_is_refused(schema: Any, backend: Any) -> None:
    """A value nested too deep for Python is a mismatch, not a crash."""
    value: Any = {}
    for _ in range(20_000):
        value = {"child": value}
    check = compile_schema(schema, backend=backend)
    found = violation(check, value)
    while value:  # Python's destructor of nested values is recursive
        value = value.get("child")
    assert found is None or found.message == "is nested too deep"
    assert accepts(check, {})


def test_compiles_deeply_nested_schemas() -> None:
    """A schema may have far more levels than Python allows nested blocks."""
    schema: Any = {"type": "string"}
    for level in range(25):
        keyword = ("items", "additionalProperties", "contains", "propertyNames", "not")[level % 5]
        schema = {
            "anyOf": [{keyword: schema}, {"oneOf": [{"const": level}]}],
            "if": {"items": {"minimum": level}},
            "then": True,
        }
    check = compile_schema(schema)
    assert accepts(check, 24)


def test_one_bundle_for_many_roots() -> None:
    """Roots that are references, booleans or repeated schemas each have a check."""
    document = load_document({"a": {"$ref": "#/b"}, "b": {"type": "string"}, "c": True, "d": False})
    roots = [document.root.child(name) for name in "abcd"]
    bundle, found = compile_bundle(roots, Resolver(document))
    assert found == []
    assert [[accepts(bundle.check(root), value) for value in ("x", 1)] for root in roots] == [
        [True, False],
        [True, False],
        [True, True],
        [False, False],
    ]
    assert compile_bundle([], Resolver(document))[1] == []


def test_a_faulty_schema_does_not_disable_others() -> None:
    """It and schemas that refer to it accept any value; the others are enforced."""
    document = load_document(
        {
            "bad": {"type": "strin"},
            "holds": {"properties": {"a": {"$ref": "#/bad"}}},
            "refers": {"$ref": "#/holds"},
            "itself": {"allOf": [{"$ref": "#/itself"}]},
            "good": {"type": "string"},
        }
    )
    roots = {name: document.root.child(name) for name in document.value}
    bundle, found = compile_bundle(roots.values(), Resolver(document))
    assert [diagnostic.code for diagnostic in found] == ["SCHEMA", "REF_CYCLE"]
    unfit = [name for name, root in roots.items() if bundle.is_unfit(root)]
    assert unfit == ["bad", "holds", "refers", "itself"]
    assert [accepts(bundle.check(root), {"a": 5}) for root in roots.values()] == [
        True,
        True,
        True,
        True,
        False,
    ]
    assert not any(bundle.is_finite(roots[name]) for name in unfit)
    assert bundle.tags([roots["bad"], roots["good"]]) is None


def test_start_up_is_linear_in_messages() -> None:
    """Eight times the messages over shared schemas take about eight times as long."""

    def seconds(messages: int) -> float:
        schemas = {
            f"S{number}": {
                "type": "object",
                "properties": {key: {"$ref": f"#/S{(number * 7 + at) % 30}"} for at, key in enumerate("abc")},
            }
            for number in range(30)
        }
        tree = {
            f"m{number}": {"type": "object", "properties": {"body": {"$ref": f"#/S{number % 30}"}}}
            for number in range(messages)
        }
        document = load_document({**schemas, **tree})
        roots = [document.root.child(name) for name in tree]
        started = time.process_time()
        bundle, _ = compile_bundle(roots, Resolver(document), backend="fastjsonschema")
        assert accepts(bundle.check(roots[0]), {})
        return time.process_time() - started

    small = min(seconds(50) for _ in range(3))
    assert seconds(400) < 16 * small + 0.2
