"""Legal schemas that cannot be intended are reported, and no others."""

from __future__ import annotations

from typing import Any

from tests.cases import each_case

from .compiling import diagnose


@each_case("strict", [False, True], ids=["lenient", "strict"])
@each_case(
    ("schema", "pointer", "says"),
    [
        ({"minlength": 3}, "/minlength", "did you mean 'minLength'?"),
        ({"minlength": "3"}, "/minlength", "did you mean 'minLength'?"),
        ({"minLenght": "one"}, "/minLenght", "did you mean 'minLength'?"),
        ({"minLegth": "one"}, "/minLegth", "did you mean 'minLength'?"),
        ({"maxItem": "one"}, "/maxItem", "did you mean 'maxItems'?"),
        ({"requierd": 3}, "/requierd", "did you mean 'required'?"),
        ({"maximun": "x"}, "/maximun", "did you mean 'maximum'?"),
        ({"propperties": [1]}, "/propperties", "did you mean 'properties'?"),
        ({"min_length": 3}, "/min_length", "did you mean 'minLength'?"),
        ({"requird": ["a"]}, "/requird", "did you mean 'required'?"),
        ({"typ": "string"}, "/typ", "did you mean 'type'?"),
        ({"propertes": {"a": {}}}, "/propertes", "did you mean 'properties'?"),
        ({"additionalProperty": False}, "/additionalProperty", "did you mean 'additionalProperties'?"),
        ({"item": {"type": "string"}}, "/item", "did you mean 'items'?"),
        ({"item": [True]}, "/item", "did you mean 'items'?"),
        ({"ref": "#/schema"}, "/ref", "did you mean '$ref'?"),
        ({"properties": {"a": {"allof": [True]}}}, "/properties/a/allof", "did you mean 'allOf'?"),
        ({"format": "emial"}, "/format", "did you mean 'email'?"),
        ({"format": "datetime"}, "/format", "did you mean 'date-time'?"),
        ({"minLength": 4, "maxLength": 3}, "/minLength", "minLength 4 and maxLength 3"),
        ({"minItems": 4, "maxItems": 3}, "/minItems", "nothing is within"),
        ({"minProperties": 4, "maxProperties": 3}, "/minProperties", "nothing is within"),
        ({"minimum": 1.5, "maximum": 1}, "/minimum", "nothing is within"),
        ({"minimum": 1, "exclusiveMaximum": 1}, "/minimum", "nothing is within"),
        ({"exclusiveMinimum": 1, "maximum": 1}, "/exclusiveMinimum", "nothing is within"),
        ({"exclusiveMinimum": 1, "exclusiveMaximum": 1}, "/exclusiveMinimum", "nothing is within"),
        ({"type": "integer", "enum": ["1", 1.5, True]}, "/enum", "no value of the enum is of type integer"),
        ({"type": ["null", "string"], "const": 1}, "/const", "not of type null or string"),
        ({"type": "object", "const": None}, "/const", "not of type object"),
        ({"required": ["nam"], "properties": {"name": {}}, "additionalProperties": False}, "/required", "did you mean 'name'?"),
        ({"required": ["a"], "additionalProperties": False}, "/required", "'a' is required"),
        ({"required": ["a"], "properties": {"a": False}}, "/required", "its schema is false"),
        ({"enum": []}, "/enum", "the enum is empty"),
        ({"pattern": "/^a$/"}, "/pattern", "write '^a$'"),
        ({"pattern": "/^a/i"}, "/pattern", "write '^a'"),
        ({"pattern": "/a$/gu"}, "/pattern", "write 'a$'"),
        ({"patternProperties": {"/^a$/": {}}}, "/patternProperties/~1^a$~1", "write '^a$'"),
        ({"type": "string", "minItems": 1}, "/minItems", "minItems applies to type array only"),
        ({"type": "string", "items": {"type": "string"}}, "/items", "applies to type array only"),
        ({"type": ["null", "integer"], "pattern": "a"}, "/pattern", "the type is integer or null"),
        ({"type": "boolean", "maximum": 1}, "/maximum", "applies to type number only"),
        ({"type": "string", "properties": {"a": {}}, "required": ["a"]}, "/properties", "properties, required apply to type object only"),
        ({"type": "array", "properties": {"a": {}}}, "/properties", "move this under 'items'"),
        ({"items": {"nickname": {"type": "string"}, "avatar": {"$ref": "#/a"}}}, "/items/nickname", "'nickname', 'avatar' are not keywords"),
        ({"nickname": {"type": "string"}, "required": ["nickname"]}, "/nickname", "put them under 'properties'"),
        ({"type": "object", "properties": {"a": {"b": {"enum": [1]}}}}, "/properties/a/b", "put them under 'properties'"),
        ({"items": [True], "additionalItems": False, "minItems": 2}, "/minItems", "more than the 1 that items has"),
        ({"prefixItems": [True], "items": False, "minItems": 2}, "/minItems", "more than the 1 that prefixItems has"),
    ],
)  # fmt: skip
def test_a_meaningless_keyword_is_reported(schema: Any, pointer: str, says: str, *, strict: bool) -> None:
    """It is a warning, or an error under strict, at the fault."""
    (found,) = diagnose(schema, strict=strict)
    assert (found.severity, found.code, found.layer, found.pointer) == (
        "error" if strict else "warning",
        "SCHEMA",
        "service",
        f"/schema{pointer}",
    )
    assert says in found.message


@each_case("strict", [False, True], ids=["lenient", "strict"])
@each_case(
    ("schema", "pointer", "says"),
    [
        ({"enum": ["a", "b", "a"]}, "/enum", 'lists "a" more than once'),
        ({"enum": [1, 1.0]}, "/enum", "more than once"),
        ({"enum": [{"a": 1, "b": 2}, {"b": 2, "a": 1}]}, "/enum", "more than once"),
        ({"discriminator": {"propertyName": "kind"}}, "/discriminator", "write 'kind' alone"),
        ({"discriminator": {"mapping": {}}}, "/discriminator", "write that name alone"),
        ({"properties": {"name": {}}, "required": ["name", "nane"]}, "/required/1", "did you mean 'name'?"),
        ({"properties": {"a": {}}, "required": ["other"]}, "/required/0", "add it to properties"),
        ({"allOf": [{"properties": {"a": {}}, "required": ["b"]}, {"properties": {"c": {}}}]}, "/allOf/0/required/0", "no schema here declares it"),
        ({"properties": {"a": {"properties": {"b": {}}}}, "required": ["b"]}, "/required/0", "no schema here declares it"),
    ],
)  # fmt: skip
def test_an_unlikely_but_enforced_schema_warns(schema: Any, pointer: str, says: str, *, strict: bool) -> None:
    """It is a warning even under strict, as no part of the schema is ignored."""
    (found,) = diagnose(schema, strict=strict)
    assert (found.severity, found.code, found.layer, found.pointer) == (
        "warning",
        "SCHEMA",
        "service",
        f"/schema{pointer}",
    )
    assert says in found.message


def test_a_base_may_require_what_others_declare() -> None:
    """Schemas combined by a reference count as one, wherever a property is declared."""
    base = {"properties": {"a": {}}, "required": ["b"]}
    schema = {"allOf": [{"$ref": "#/Base"}, {"properties": {"b": {}}}]}
    assert diagnose(schema, Base=base) == []
    assert [diagnostic.pointer for diagnostic in diagnose({"$ref": "#/Base"}, Base=base)] == [
        "/Base/required/0"
    ]


@each_case(
    "schema",
    [
        {"properties": {"typ": {}, "minlength": {}}, "definitions": {"requird": {}}, "required": ["typ"]},
        {"x-typ": "string", "x-minlength": 3, "example": 1, "comment": "c", "schema": {}, "id": "a"},
        {"note": "text", "cost": 5, "types": "many", "formatMinimum": "a", "enumNames": ["a"]},
        {"type": "string", "typ": "object"},
        {"require": "login", "contain": "text", "patterns": [1], "formatExclusiveMinimum": "2020-01-01"},
        {"minLength": 3, "minLenght": "one"},
        {"const": {"typ": "string"}, "enum": [{"typ": 1}], "default": {"minlength": 1}, "examples": [{"typ": 1}]},
        *({"format": name} for name in ("int32", "int64", "binary", "password", "uid", "iso-date-time", "phone")),
        {"minLength": 3, "maxLength": 3, "minimum": 1, "maximum": 1, "minItems": 0, "maxItems": 0},
        {"type": "string", "enum": ["a", None]},
        {"type": "integer", "enum": [1.0]},
        {"type": "number", "const": 1},
        {"type": ["boolean", "null"], "enum": [True, None]},
        {"enum": [1, True, "1", None, [1], {"a": 1}]},
        {"enum": [{"a": 1, "b": 2}, {"a": 1}, [1, 2], [2, 1]]},
        *({"pattern": text} for text in ("/api/", "^/a/$", "/a", r"/a\$/", "/[a-z]+/i", "/")),
        {"type": ["string", "array"], "minItems": 1, "minLength": 1},
        {"minItems": 1, "minLength": 1, "minimum": 1, "required": ["a"]},
        {"type": "integer", "multipleOf": 2, "minimum": 1},
        {"type": "string", "additionalProperties": True, "items": {}, "required": [], "minItems": 0, "properties": {}},
        {"type": "integer", "format": "date-time"},
        {"properties": {"a": False}},
        {"discriminator": "a", "properties": {"a": {}}, "required": ["a"]},
        {"remark": {}, "shape": {"a": 1}},
        {"type": "object", "remark": {"type": "string"}, "version": 1},
        {"type": "string", "remark": {"type": "string"}},
        {"properties": {"a": {}}, "remark": {"type": "string"}},
        {"x-a": {"type": "string"}, "externalDocs": {"type": "string"}},
        {"type": "object", "required": ["a"]},
        {"properties": {"a": {}}, "required": ["b"], "additionalProperties": True},
        {"properties": {"a": {}}, "required": ["b"], "additionalProperties": {"type": "string"}},
        {"properties": {"a": {}}, "required": ["b"], "propertyNames": {"maxLength": 3}},
        {"properties": {"a": {}}, "required": ["xb"], "patternProperties": {"^x": {}}},
        {"properties": {"a": {}}, "anyOf": [{"required": ["b"]}, {"not": {"required": ["c"]}}]},
        *(
            {key: [{"properties": {"a": {}}, "required": ["b"]}], "properties": {"b": {}}}
            for key in ("allOf", "anyOf", "oneOf")
        ),
        {"allOf": [{"properties": {"a": {}}, "required": ["b"]}, {"anyOf": [{"properties": {"b": {}}}]}]},
        {"if": {"properties": {"a": {}}}, "then": {"properties": {"c": {}}, "required": ["a", "b"]}, "properties": {"b": {}}},
        {"required": ["a"], "patternProperties": {"^a": {}}, "additionalProperties": False},
        {"required": ["a"], "properties": {"b": {}}, "additionalProperties": {}},
        {"required": ["a"], "properties": {"a": {}}, "additionalProperties": False},
        {"items": [True], "minItems": 2},
        {"items": [True], "additionalItems": False, "minItems": 1},
        {"items": {}, "additionalItems": False, "minItems": 3},
    ],
    ids=str,
)  # fmt: skip
def test_plausible_schemas_are_silent(schema: Any) -> None:
    """Member names, data, extensions, other vocabularies and narrow schemas are not reported."""
    assert diagnose(schema, strict=True) == []


@each_case(
    ("schema", "pointer"),
    [
        ({"minLength": "4", "maxLength": 3}, "/minLength"),
        ({"type": "nothing", "const": 1}, "/type"),
        ({"required": True, "additionalProperties": False}, "/required"),
        ({"items": [True], "additionalItems": False, "minItems": -1}, "/minItems"),
        ({"type": "string", "minItems": -1}, "/minItems"),
        ({"allOf": [{"$ref": "#/nowhere"}, {"properties": {"a": {}}, "required": ["b"]}]}, "/allOf/0/$ref"),
    ],
)
def test_a_faulty_keyword_is_reported_once(schema: Any, pointer: str) -> None:
    """An invalid keyword causes no further suspicion."""
    assert [diagnostic.pointer for diagnostic in diagnose(schema)] == [f"/schema{pointer}"]
