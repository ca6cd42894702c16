"""Each fault of a schema is reported once, at its place."""

from __future__ import annotations

from typing import Any

from asynction_asgi.spec.schemas import compile_bundle
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver
from tests.cases import each_case

from .compiling import diagnose

DOCUMENT, SERVICE = "document", "service"


@each_case(
    ("schema", "code", "pointer", "says"),
    [
        (None, "SCHEMA_TYPE", "", "not null"),
        ("string", "SCHEMA_TYPE", "", "not a string"),
        ([], "SCHEMA_TYPE", "", "not a list"),
        ({"items": 3}, "SCHEMA_TYPE", "/items", "not a number"),
        ({"properties": {"a": "string"}}, "SCHEMA_TYPE", "/properties/a", "not a string"),
        ({"definitions": {"unused": []}}, "SCHEMA_TYPE", "/definitions/unused", "not a list"),
        ({"type": "strin"}, "SCHEMA", "/type", "did you mean 'string'"),
        ({"type": "int"}, "SCHEMA", "/type", "did you mean 'integer'"),
        ({"type": ["null", "Bool"]}, "SCHEMA", "/type", "did you mean 'boolean'"),
        ({"type": []}, "SCHEMA", "/type", "one of null, boolean"),
        ({"type": ["string", "string"]}, "SCHEMA", "/type", "one of null"),
        ({"type": {"a": 1}}, "SCHEMA", "/type", "one of null"),
        ({"enum": "a"}, "SCHEMA", "/enum", "a list"),
        ({"multipleOf": 0}, "SCHEMA", "/multipleOf", "above zero"),
        ({"multipleOf": True}, "SCHEMA", "/multipleOf", "above zero"),
        ({"maximum": "9"}, "SCHEMA", "/maximum", "a number"),
        ({"exclusiveMinimum": True}, "SCHEMA", "/exclusiveMinimum", "replaces minimum"),
        ({"minLength": -1}, "SCHEMA", "/minLength", "zero or more"),
        ({"maxItems": 1.5}, "SCHEMA", "/maxItems", "a whole number"),
        ({"uniqueItems": 1}, "SCHEMA", "/uniqueItems", "true or false"),
        ({"required": True}, "SCHEMA", "/required", "stands beside properties"),
        ({"required": ["a", "a"]}, "SCHEMA", "/required", "different strings"),
        ({"properties": []}, "SCHEMA", "/properties", "an object of schemas"),
        ({"allOf": []}, "SCHEMA", "/allOf", "one or more"),
        ({"dependencies": {"a": ["b", 1]}}, "SCHEMA", "/dependencies/a", "a list of names"),
        ({"dependentRequired": {"a": "b"}}, "SCHEMA", "/dependentRequired", "lists of names"),
        ({"title": 3}, "SCHEMA", "/title", "a string"),
        ({"examples": {}}, "SCHEMA", "/examples", "a list"),
        ({"prefixItems": [True], "items": [True]}, "SCHEMA", "/items", "one schema beside prefixItems"),
        ({"discriminator": 3}, "SCHEMA", "/discriminator", "name of a property"),
        ({"discriminator": "a", "properties": {"a": {}}}, "SCHEMA", "/discriminator", "schema's required"),
        ({"discriminator": "a", "properties": {}, "required": ["a"]}, "SCHEMA", "/discriminator", "schema's properties"),
        ({"$ref": 3}, "REF_TYPE", "/$ref", "must be a string"),
        ({"$ref": "#/nowhere"}, "REF_DANGLING", "/$ref", "leads nowhere"),
        ({"$ref": "#/schema"}, "REF_CYCLE", "/$ref", "back to itself"),
        ({"allOf": [{"$ref": "#/schema"}]}, "REF_CYCLE", "/allOf/0", "refers to itself"),
        ({"anyOf": [{"not": {"$ref": "#/schema"}}, True]}, "REF_CYCLE", "/anyOf/0/not", "refers to itself"),
        ({"dependencies": {"a": {"$ref": "#/schema"}}}, "REF_CYCLE", "/dependencies/a", "refers to itself"),
    ],
)  # fmt: skip
def test_an_invalid_schema_is_an_error(schema: Any, code: str, pointer: str, says: str) -> None:
    """An invalid schema is one error of the document at the fault."""
    (found,) = diagnose(schema)
    assert (found.severity, found.code, found.layer, found.pointer) == (
        "error",
        code,
        DOCUMENT,
        f"/schema{pointer}",
    )
    assert says in found.message


@each_case(
    ("schema", "severity", "pointer", "says"),
    [
        ({"items": {"$ref": "http://example.com/a"}}, "error", "/items/$ref", "never fetched"),
        ({"pattern": "("}, "error", "/pattern", "missing )"),
        ({"pattern": r"(?<=a+)b"}, "error", "/pattern", "can't be used"),
        ({"patternProperties": {"[": {}}}, "error", "/patternProperties/[", "missing ]"),
        ({"pattern": r"^(\w+\s?)*\b$"}, "warning", "/pattern", "could take very long"),
        ({"items": {"nullable": True}}, "warning", "/items/nullable", "use type with 'null' in its list"),
        ({"$recursiveRef": "#"}, "warning", "/$recursiveRef", "use $dynamicRef"),
    ],
)
def test_unenforceable_keywords_are_reported(schema: Any, severity: str, pointer: str, says: str) -> None:
    """A keyword that is legal but not enforced gets a diagnostic."""
    (found,) = diagnose(schema)
    assert (found.severity, found.layer, found.pointer) == (severity, SERVICE, f"/schema{pointer}")
    assert says in found.message


def test_strict_refuses_what_is_not_enforced() -> None:
    """Under strict, keywords of other dialects are errors."""
    (found,) = diagnose({"nullable": True}, strict=True)
    assert (found.severity, found.code) == ("error", "SCHEMA")


def test_keywords_beside_a_reference_are_reported() -> None:
    """Draft-07 ignores them; annotations are not reported."""
    (found,) = diagnose({"$ref": "#/other", "minLength": 3, "description": "fine"}, other={})
    assert (found.severity, found.pointer) == ("warning", "/schema/minLength")
    assert "allOf" in found.message


@each_case(
    "schema",
    [
        {"const": {"$ref": "http://example.com"}, "default": {"$ref": 3}, "examples": [{"$ref": "x"}]},
        {"properties": {"$ref": {"type": "string"}}},
        {"x-anything": {"$ref": 3}, "externalDocs": {}},
        {"oneOf": [True], "discriminator": "kind"},
        {"discriminator": "kind", "properties": {"kind": {}}, "required": ["kind"]},
        {"properties": {"child": {"$ref": "#/schema"}}, "items": {"$ref": "#/schema"}},
    ],
    ids=[
        "references as data",
        "a member named $ref",
        "annotations",
        "a hint",
        "a discriminator",
        "recursion",
    ],
)
def test_says_nothing_without_cause(schema: Any) -> None:
    """Legal schemas give no diagnostic."""
    assert diagnose(schema) == []


def test_reports_everything_once_in_order() -> None:
    """Shared schemas are checked once, and faults follow the document's order."""
    document = load_document(
        {
            "a": {"properties": {"x": {"$ref": "#/shared"}, "y": {"type": 1}}},
            "b": {"$ref": "#/shared"},
            "shared": {"minLength": "1"},
        }
    )
    roots = [document.root.child("a"), document.root.child("b")]
    bundle, found = compile_bundle(roots, Resolver(document))
    assert [diagnostic.pointer for diagnostic in found] == ["/shared/minLength", "/a/properties/y/type"]
    assert all(bundle.is_unfit(root) for root in roots)
