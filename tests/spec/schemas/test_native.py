"""jsonschema-rs as the first check: equal verdicts and messages, and bounded time."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest

from asynction_asgi.spec.schemas import compile_bundle
from asynction_asgi.spec.schemas.native import compile_native
from asynction_asgi.spec.schemas.normalise import Normaliser
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver
from tests.cases import each_case

from .compiling import accepts, compile_schema, violation


def native_names(schema: Any, **components: Any) -> frozenset[str]:
    """Return the definitions that jsonschema-rs checks; the root is ``s0``."""
    node = load_document({"schema": schema, **components}).root.child("schema")
    normaliser = Normaliser(Resolver(node.document))
    normaliser.run([node])
    return frozenset(compile_native(normaliser.definitions, ["s0"], without=frozenset()))


@each_case(
    ("schema", "values"),
    [
        ({"pattern": "^(?!a).$"}, ["b", "\u2028", "a"]),
        ({"pattern": r"^\w\d\s\p{L}$"}, ["a1 é", "é1 a", "a٣ a", "a1\ufeffa"]),
        (
            {"patternProperties": {r"\d": {"type": "string"}, "[0-9]": {"minLength": 2}}},
            [{"1": "ab"}, {"1": "a"}, {"1": 1}],
        ),
        ({"format": "email"}, ["joe@example.com", "a@" + "a." * 1000 + "@", "joe"]),
        ({"format": "date-time"}, ["2024-01-01T00:00:00Z", "2024-01-01"]),
        ({"format": "iri"}, ["http://ƒ", "ƒ"]),
        ({"type": "number"}, [1, float("nan"), float("inf"), True]),
        ({}, [b"bytes", float("nan"), object(), {1: 2}, "\ud800"]),
        ({"type": "string"}, [b"bytes", "\ud800", "a"]),
        ({"type": "string", "format": "binary"}, [b"bytes", bytearray(), memoryview(b""), "a"]),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, [{"a": 1}, {"a": b""}, {1: 1}]),
        ({"type": "array", "items": {"type": "integer"}}, [(1, 2), ("a",), [1.0]]),
        ({"uniqueItems": True}, [[1, 1.0], [b"", b""], [True, 1]]),
        ({"pattern": r"^(a)\1$"}, ["aa", "a"]),
    ],
)
def test_both_backends_answer_alike(schema: Any, values: list[Any]) -> None:
    """Verdicts and violations are equal for JSON values and for other Python values."""
    generated = compile_schema(schema, backend="fastjsonschema")
    native = compile_schema(schema, backend="jsonschema-rs")
    assert [violation(native, value) for value in values] == [violation(generated, value) for value in values]


def test_the_package_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the default works, and asking for it by name raises at once."""
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    assert accepts(compile_schema({"type": "integer"}, backend="auto"), 1)
    with pytest.raises(ImportError):
        compile_schema({"type": "integer"}, backend="jsonschema-rs")


def test_auto_uses_what_is_installed() -> None:
    """The default backend accepts and refuses the same values as the named ones."""
    check = compile_schema({"type": "integer"}, backend="auto")
    assert [accepts(check, value) for value in (1, 1.0, "1", True)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "string", "format": "binary"}, "it knows no bytes"),
        ({"properties": {"a": {"$ref": "#/other"}}}, "nor where a reference leads to them"),
        ({"items": {"uniqueItems": True}}, "its uniqueItems is quadratic for large integers"),
        ({"not": {"contains": {"uniqueItems": True}}}, "however deep it stands"),
        ({"pattern": "^(?:[a-z]{1000}){1000}$"}, "it finds this pattern too large"),
    ],
)
def test_unsuitable_schemas_skip_jsonschema_rs(schema: Any, reason: str) -> None:
    """Only generated code checks such a schema."""
    assert native_names(schema, other={"items": {"type": "string", "format": "binary"}}) == frozenset(), (
        reason
    )
    assert native_names({"type": "string"}) == {"s0"}


def test_hostile_values_take_little_time() -> None:
    """Large integers in ``uniqueItems`` and double recursion are checked quickly."""
    numbers = [10**30 + index for index in range(20_000)]
    chain: Any = None
    for _ in range(60):
        chain = {"child": chain}
    branch = {"type": "object", "properties": {"child": {"$ref": "#/schema"}}}
    started = time.process_time()
    assert accepts(compile_schema({"uniqueItems": True}, backend="jsonschema-rs"), numbers)
    either = {"anyOf": [{**branch, "required": ["a"]}, {**branch, "required": ["b"]}, {"type": "null"}]}
    assert not accepts(compile_schema(either, backend="jsonschema-rs"), chain)
    assert time.process_time() - started < 5


def test_deep_values_do_not_crash_the_process() -> None:
    """The generated check refuses a value that would overflow the native stack."""
    branch = {"anyOf": [{"type": "object", "properties": {"child": {"$ref": "#/schema"}}}, {"type": "null"}]}
    check = compile_schema({"allOf": [branch]}, backend="jsonschema-rs")
    value: Any = None
    for _ in range(200_000):
        value = {"child": value}
    found = violation(check, value)
    while value:  # Python's destructor of nested values is recursive
        value = value["child"]
    assert found is not None
    assert found.message == "is nested too deep"


def test_one_unsupported_schema_leaves_others_native() -> None:
    """An unsupported pattern costs only its own schema the native check."""
    schemas = {"plain": {"type": "string"}, "beyond": {"pattern": "^(?:[a-z]{1000}){1000}$"}}
    root = load_document(schemas).root
    bundle, found = compile_bundle(
        [root.child("plain"), root.child("beyond")], Resolver(root.document), backend="jsonschema-rs"
    )
    assert found == []
    assert accepts(bundle.check(root.child("plain")), "a")
    assert not accepts(bundle.check(root.child("beyond")), "a")
