"""``oneOf`` and ``anyOf`` select the branch that can match."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.spec.schemas.definitions import REF
from asynction_asgi.spec.schemas.dispatch import KINDS, kinds_of, plan_dispatch
from asynction_asgi.spec.schemas.normalise import Normaliser
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver
from tests.cases import each_case

from .compiling import accepts, compile_schema, violation


def branch(tag: Any, **members: Any) -> dict[str, Any]:
    """Return an object schema with a constant `kind`."""
    return {"type": "object", "properties": {"kind": tag, **members}, "required": ["kind"]}


CAT = branch({"const": "cat"}, lives={"type": "integer"})
DOG = branch({"enum": ["dog", "wolf"]})


def tags(schemas: list[Any], **components: Any) -> tuple[str | None, ...]:
    """Return the discriminating property of each case with more than one branch."""
    node = load_document({"schema": {"oneOf": schemas}, **components}).root.child("schema")
    normaliser = Normaliser(Resolver(node.document))
    normaliser.run([node])
    cases = plan_dispatch(normaliser.definitions["s0"]["oneOf"], KINDS, normaliser.definitions)
    return tuple(case.tag for case in cases if len(case.branches) > 1)


@each_case(
    ("schemas", "expected"),
    [
        ([CAT, DOG], ("kind",)),
        ([CAT, DOG, {"type": "null"}], ("kind",)),
        ([{"$ref": "#/cat"}, {"allOf": [{"$ref": "#/dog"}, {"maxProperties": 3}]}], ("kind",)),
        ([branch({"$ref": "#/name"}), DOG], ("kind",)),
        ([CAT, branch({"const": "cat"})], (None,)),
        ([CAT, branch({"const": 3})], (None,)),
        ([CAT, {"type": "object", "properties": {"kind": {"const": "dog"}}}], (None,)),
        ([{"type": "string"}, {"type": ["integer", "null"]}, CAT], ()),
        ([{"const": "a"}, {"enum": [1, None]}, {"anyOf": [CAT, {"type": "boolean"}]}], ()),
        ([{"type": "string"}, {"minLength": 1}], (None,)),
    ],
)
def test_branches_are_told_apart(schemas: list[Any], expected: tuple[str | None, ...]) -> None:
    """A required property with distinct values, or the type alone, selects the branch."""
    assert tags(schemas, cat=CAT, dog=DOG, name={"type": "string", "enum": ["fish"]}) == expected


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_reports_the_branch_that_was_meant(keyword: str) -> None:
    """Violations are those of the branch that the tag selects."""
    check = compile_schema({keyword: [CAT, DOG, {"type": "null"}]})
    assert accepts(check, {"kind": "wolf"})
    assert accepts(check, None)
    cases = [
        ({"kind": "cat", "lives": "nine"}, "/lives", "type", "must be an integer"),
        ({"kind": "cow"}, "/kind", keyword, 'must be one of "cat", "dog", "wolf"'),
        ({"kind": ["cat"]}, "/kind", keyword, 'must be one of "cat", "dog", "wolf"'),
        ({}, "", "required", '"kind" is missing'),
        (1, "", keyword, "must be null or an object"),
    ]
    for value, *expected in cases:
        found = violation(check, value)
        assert found is not None
        assert [found.pointer, found.keyword, found.message] == expected


def test_recursive_branches_end() -> None:
    """The search for tags follows references without looping."""
    node = {"oneOf": [{"$ref": "#/leaf"}, {"$ref": "#/pair"}]}
    leaf = branch({"const": "leaf"})
    pair = branch({"const": "pair"}, left={"$ref": "#/schema"}, right={"$ref": "#/schema"})
    check = compile_schema(node, leaf=leaf, pair=pair)
    assert accepts(check, {"kind": "pair", "left": {"kind": "leaf"}, "right": {"kind": "pair"}})
    found = violation(check, {"kind": "pair", "left": {"kind": "leaf"}, "right": {"kind": "leaves"}})
    assert found is not None
    assert found.pointer == "/right/kind"


@pytest.mark.parametrize("count", [64, 65, 3500])
def test_of_many_branches_each_is_found(count: int) -> None:
    """The first, the last and a middle branch of many are found, and other values are refused."""
    kinds = [f"kind {number}" for number in range(count)]
    tagged = [branch({"const": kind}, size={"maximum": number}) for number, kind in enumerate(kinds)]
    check = compile_schema({"oneOf": tagged})
    for number in (0, 63, count // 2, count - 1):
        assert accepts(check, {"kind": kinds[number], "size": number})
        found = violation(check, {"kind": kinds[number], "size": number + 1})
        assert found is not None
        assert (found.pointer, found.keyword) == ("/size", "maximum")
    strangers: list[Any] = ["kind", f"kind {count}", ["kind 0"], {}, 0, None]
    for wrong in strangers:
        found = violation(check, {"kind": wrong})
        assert found is not None
        assert found.keyword == "oneOf"


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
def test_long_chains_of_branches_are_followed(keyword: str) -> None:
    """The search follows a chain of references beyond Python's recursion limit."""
    definitions: dict[str, Any] = {
        f"s{index}": {keyword: [{REF: f"s{index + 1}"}, {"type": ["null"]}]} for index in range(5000)
    }
    definitions["s5000"] = {"type": ["string"]}
    known: dict[int, frozenset[str]] = {}
    assert kinds_of({REF: "s0"}, definitions, known) == {"string", "null"}
    assert len(known) == 10_001  # each schema is visited once
