"""Schemas that cannot accept NaN or Infinity, judged by what their checks refuse."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asynction_asgi.spec.schemas import compile_bundle
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver
from tests.cases import each_case

from .compiling import accepts
from .test_differential import SCHEMAS

NAN = float("nan")
NUMBER = {"type": "number"}
SELF = {"$ref": "#/schema"}
CLOSED = {"type": "object", "additionalProperties": False}


def finite(schema: Any, **components: Any) -> bool:
    """Return whether the schema is known to refuse each value that contains NaN or Infinity."""
    node = load_document({"schema": schema, **components}).root.child("schema")
    bundle, _ = compile_bundle([node], Resolver(node.document))
    return bundle.is_finite(node)


@each_case(
    ("schema", "expected"),
    [
        (NUMBER, True),
        ({"type": ["integer", "null", "string"]}, True),
        ({"enum": [1, [2]]}, True),
        ({"const": 1}, True),
        (False, True),
        (True, False),
        ({"minimum": 1}, False),
        ({"type": "object"}, False),
        ({"type": "object", "properties": {"a": NUMBER}}, False),
        ({**CLOSED, "properties": {"a": NUMBER}}, True),
        ({**CLOSED, "properties": {"a": {}}}, False),
        ({**CLOSED, "patternProperties": {"a": {}}}, False),
        ({"type": "object", "additionalProperties": NUMBER}, True),
        ({"additionalProperties": NUMBER}, False),
        ({"type": "array"}, False),
        ({"type": "array", "items": NUMBER}, True),
        ({"type": "array", "items": [NUMBER]}, False),
        ({"type": "array", "items": [NUMBER], "additionalItems": False}, True),
        ({"type": "array", "items": [NUMBER], "maxItems": 1}, True),
        ({"type": "array", "items": [NUMBER], "maxItems": 2}, False),
        ({"type": "array", "prefixItems": [NUMBER], "items": NUMBER}, True),
        ({"allOf": [{"type": "object"}, CLOSED]}, True),
        ({"anyOf": [NUMBER, {"type": "string"}]}, True),
        ({"oneOf": [NUMBER, {}]}, False),
        ({"not": {"type": "string"}}, False),
        ({**CLOSED, "properties": {"next": SELF, "value": NUMBER}}, True),
        ({**CLOSED, "properties": {"next": SELF, "value": {}}}, False),
        ({"$ref": "#/other"}, True),
    ],
)
def test_closed_schemas_are_finite(schema: Any, *, expected: bool) -> None:
    """Closed objects and lists of typed values are finite; any open part may contain NaN."""
    assert finite(schema, other={"type": "array", "items": {"type": "string"}}) is expected


HOLDING_NAN = st.recursive(
    st.just(NAN) | st.just(float("inf")),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner | st.integers(), min_size=1, max_size=3)
    ),
    max_leaves=3,
).filter(lambda value: "nan" in repr(value) or "inf" in repr(value))


@settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(schema=SCHEMAS, other=SCHEMAS, values=st.lists(HOLDING_NAN, min_size=4, max_size=8))
def test_a_finite_schema_refuses_nan(schema: Any, other: Any, values: list[Any]) -> None:
    """With either backend a schema that counts as finite refuses each value with NaN."""
    node = load_document({"schema": schema, "other": other}).root.child("schema")
    for backend in ("fastjsonschema", "jsonschema-rs"):
        bundle, found = compile_bundle([node], Resolver(node.document), backend=backend)
        if any(diagnostic.severity == "error" for diagnostic in found) or not bundle.is_finite(node):
            return
        assert not [value for value in values if accepts(bundle.check(node), value)]
