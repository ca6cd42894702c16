"""``oneOf`` and ``anyOf`` go straight to the branch that can match."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.spec.schemas.dispatch import KINDS, kinds_of, plan_dispatch
from asynction_asgi.spec.schemas.normalise import REF, Normaliser
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver

from .compiling import accepts, compile_schema, violation


def branch(tag: Any, **members: Any) -> dict[str, Any]:
    """Return an object that says by ``kind`` what it is."""
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


@pytest.mark.parametrize(
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
def test_finds_what_tells_branches_apart(schemas: list[Any], expected: tuple[str | None, ...]) -> None:
    """A property that every branch requires with values of its own; or the type alone."""
    assert tags(schemas, cat=CAT, dog=DOG, name={"type": "string", "enum": ["fish"]}) == expected


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_reports_the_branch_that_was_meant(keyword: str) -> None:
    """The tag chooses; the failures are the chosen branch's own."""
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
    """Looking for tags follows references, and not for ever."""
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
    """However many there are: the first, the last and one between are told apart, and nothing else is taken."""
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
def test_branches_refer_on_further_than_python_recurses(keyword: str) -> None:
    """What the last of a long chain of schemas admits is found from the first."""
    definitions: dict[str, Any] = {
        f"s{index}": {keyword: [{REF: f"s{index + 1}"}, {"type": ["null"]}]} for index in range(5000)
    }
    definitions["s5000"] = {"type": ["string"]}
    known: dict[int, frozenset[str]] = {}
    assert kinds_of({REF: "s0"}, definitions, known) == {"string", "null"}
    assert len(known) == 10_001  # each schema once
