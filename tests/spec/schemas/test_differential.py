"""Both backends agree with another validator on generated schemas and values."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asynction_asgi.spec.schemas import compile_bundle
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver

from .compiling import violation

NAMES = st.sampled_from(["a", "b", "kind", "x/y"])
COUNTS = st.integers(0, 3)
NUMBERS = st.sampled_from([0, 1, 1.0, 2, -1, 1.5, 10**20])
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.sampled_from(["", "a", "b", "ab", "1", "é😀"]))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])


def tagged(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Branches told apart by ``kind``; now and then they overlap."""
    branch = st.builds(
        lambda kinds, schema, required: {
            "type": "object",
            "properties": {"kind": {"enum": kinds}, "a": schema},
            "required": required,
        },
        st.lists(st.sampled_from(["a", "b", "ab", "1"]), min_size=1, max_size=2, unique=True),
        inner,
        st.sampled_from([["kind"], ["kind"], ["kind", "a"], []]),
    )
    return st.lists(branch | st.just({"type": "null"}), min_size=2, max_size=4)


def assembled(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a schema of a few keywords."""
    schemas = st.lists(inner, min_size=1, max_size=3)
    by_name = st.dictionaries(NAMES, inner, max_size=2)
    keywords = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
        "enum": st.lists(VALUES, min_size=1, max_size=3),
        "const": VALUES,
        "minimum": NUMBERS,
        "exclusiveMaximum": NUMBERS,
        "multipleOf": st.sampled_from([1, 2, 0.5, 3]),
        "minLength": COUNTS,
        "maxLength": COUNTS,
        "pattern": st.sampled_from(["^a", "b$", "^[ab]+$", r"\d", "a|b"]),
        "items": inner | schemas,
        "additionalItems": inner,
        "minItems": COUNTS,
        "maxItems": COUNTS,
        "uniqueItems": st.booleans(),
        "contains": inner,
        "minProperties": COUNTS,
        "maxProperties": COUNTS,
        "required": st.lists(NAMES, max_size=2, unique=True),
        "properties": by_name,
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "b", "."]), inner, max_size=2),
        "additionalProperties": inner,
        "dependencies": st.dictionaries(NAMES, inner | st.lists(NAMES, max_size=2, unique=True), max_size=2),
        "propertyNames": inner,
        "if": inner,
        "then": inner,
        "else": inner,
        "allOf": schemas,
        "anyOf": schemas | tagged(inner),
        "oneOf": schemas | tagged(inner),
        "not": inner,
    }
    # Chosen here, as to leave out each of the others takes longer than the test.
    names = st.lists(st.sampled_from([*keywords]), max_size=8, unique=True)
    return names.flatmap(lambda names: st.fixed_dictionaries({name: keywords[name] for name in names}))


def resolve(value: Any, pointer: str) -> Any:
    """Return the value at a JSON Pointer, or fail if it does not exist."""
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        value = value[int(key) if isinstance(value, list) else key]
    return value


REFERENCES = st.sampled_from(["#/schema", "#/other"]).map(lambda pointer: {"$ref": pointer})
SCHEMAS = st.recursive(st.booleans() | REFERENCES | assembled(st.booleans()), assembled, max_leaves=6)


@settings(
    max_examples=200,
    suppress_health_check=[HealthCheck.data_too_large],
)
@given(schema=SCHEMAS, other=SCHEMAS, values=st.lists(VALUES, min_size=4, max_size=8))
def test_generated_schemas_agree_with_another_validator(schema: Any, other: Any, values: list[Any]) -> None:
    """For each loadable schema all verdicts agree, and each violation's pointer resolves."""
    definitions = {"schema": schema, "other": other}
    node = load_document(definitions).root.child("schema")
    checks = []
    for backend in ("fastjsonschema", "jsonschema-rs"):
        bundle, found = compile_bundle([node], Resolver(node.document), backend=backend)
        if any(diagnostic.severity == "error" for diagnostic in found):
            assert {diagnostic.code for diagnostic in found if diagnostic.severity == "error"} == {
                "REF_CYCLE"
            }
            return
        checks.append(bundle.check(node))
    oracle = jsonschema_rs.Draft7Validator({"$ref": "#/schema", **definitions})
    for value in values:
        ours, native = (violation(check, value) for check in checks)
        assert (ours is None) is oracle.is_valid(value), value
        assert ours == native
        if ours is not None:
            resolve(value, ours.pointer)
            assert len(ours.message) < 400
