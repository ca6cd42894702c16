"""Verdicts about pairs of schemas."""

from __future__ import annotations

from random import Random  # noqa: TC003  # Hypothesis reads the annotations
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from asynction_asgi.spec.containment import Containment
from asynction_asgi.spec.containment.mutate import literals_of, neighbours
from asynction_asgi.spec.containment.search import NOTHING, Search
from asynction_asgi.spec.containment.universe import Universe
from asynction_asgi.spec.instances.selection import DeadEndError

from .comparing import Compiled, compare, compile_one, decide
from .pairs import BREAKING, COMPATIBLE, INTEGER, NAMED_TREE, STRING, TREE, kind, member
from .randomly import edited, random_schema


def pairs(table: dict[str, tuple[Any, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("old", "new"), table.values(), ids=table.keys())


def is_valid(value: Any, schema: Any) -> bool:
    """Return the verdict of another validator, with references resolved from the same root."""
    root = {**schema, "schema": schema} if isinstance(schema, dict) else schema
    return bool(Draft7Validator(root).is_valid(value))


@pairs(BREAKING)
def test_a_narrower_schema_is_refuted_by_a_value(old: Any, new: Any) -> None:
    """Another validator too accepts the value with the old schema and refuses it with the new."""
    verdict = compare(old, new)
    assert verdict.outcome == "refuted"
    inner, outer = compile_one(old), compile_one(new)
    assert inner is not None
    assert outer is not None
    assert verdict.has_witness
    assert inner.accepts(verdict.witness)
    assert outer.refuses(verdict.witness)
    # That validator does not check formats, steps exactly, or bytes.
    if not any(keyword in f"{old}{new}" for keyword in ("format", "multipleOf")):
        assert is_valid(verdict.witness, old)
        assert not is_valid(verdict.witness, new)


@pairs(COMPATIBLE)
def test_a_wider_schema_is_proved(old: Any, new: Any) -> None:
    """A proof is found without a search for values."""
    assert compare(old, new).outcome == "contained"


@pairs(BREAKING | COMPATIBLE)
def test_a_schema_contains_itself(old: Any, new: Any) -> None:
    """Equal schemas are recognised before any proof, whatever their keywords."""
    for schema in (old, new):
        assert compare(schema, schema).outcome == "same"


@pairs(BREAKING)
def test_a_pair_is_decided_backwards_too(old: Any, new: Any) -> None:
    """In the other direction each pair is refuted by a value or proved, never undecided."""
    verdict = compare(new, old)
    assert verdict.outcome in {"contained", "refuted"}
    assert verdict.has_witness is (verdict.outcome == "refuted")


def test_equal_meanings_are_recognised() -> None:
    """References, their names, annotations and the order of names make no difference."""
    old = {"type": ["string", "null"], "description": "Old.", "examples": ["a"]}
    new = {
        "allOf": [{"$ref": "#/schema/definitions/text"}],
        "definitions": {"text": {"type": ["null", "string"]}},
    }
    assert compare(old, {"type": ["null", "string"]}).outcome == "same"
    assert compare(old, new).outcome == "contained"
    assert compare(new, old).outcome == "contained"


def test_a_newly_declared_member_is_reported_apart() -> None:
    """Declaring a member refuses only values with a member that the old document did not declare."""
    new = {"type": "object", "properties": {"a": INTEGER, "b": STRING}}
    verdict = compare(member("a", INTEGER), new)
    assert verdict.outcome == "typed"
    assert verdict.witness.keys() == {"b"}
    assert compare(member("a", INTEGER, additionalProperties=True), new).outcome == "refuted"


def test_a_newly_closed_object_is_reported_apart() -> None:
    """Closing an object refuses only values with undeclared members."""
    verdict = compare(member("a", INTEGER), member("a", INTEGER, additionalProperties=False))
    assert verdict.outcome == "closed"
    assert verdict.witness.keys() - {"a"}


def test_parts_of_an_allof_are_silent_together() -> None:
    """A member that one part of an ``allOf`` declares counts as declared for all its parts."""
    parts = {"allOf": [member("a", INTEGER), member("b", STRING)]}
    assert compare(parts, member("b", {**STRING, "maxLength": 3})).outcome == "refuted"
    assert compare(parts, member("c", STRING)).outcome == "typed"


def test_recursive_schemas_are_compared_at_depth() -> None:
    """A tree with changed leaves is refuted at depth, and a wider tree is proved."""
    deep = {**TREE, "properties": {**TREE["properties"], "name": {**STRING, "maxLength": 3}}}
    verdict = compare(TREE, deep)
    assert verdict.outcome == "refuted"
    assert len(verdict.witness["name"]) == 4
    assert compare(NAMED_TREE, TREE).outcome == "contained"
    assert compare(deep, TREE).outcome == "contained"


def kinds(count: int, **members: Any) -> Any:
    """Return `count` alternatives, each identified by a constant."""
    return {"oneOf": [kind(f"k{number}", v=members.get(f"k{number}", STRING)) for number in range(count)]}


def test_a_changed_alternative_among_many_is_found() -> None:
    """A new, moved or changed branch among fifty is found by its constant."""
    short = {**STRING, "maxLength": 5}
    assert compare(kinds(50), kinds(51)).outcome == "contained"
    assert compare(kinds(50), {"oneOf": kinds(50)["oneOf"][::-1]}).outcome == "contained"
    assert compare(kinds(50, k30=short), kinds(50)).outcome == "contained"
    verdict = compare(kinds(50), kinds(50, k30=short))
    assert verdict.outcome == "refuted"
    assert verdict.witness == {"kind": "k30", "v": "aaaaaa"}


def ring(**last: Any) -> Any:
    """Return eight schemas, each of which contains all of them."""
    names = [f"r{number}" for number in range(8)]
    members = {name: {"$ref": f"#/schema/definitions/{name}"} for name in names}
    definitions = {
        name: {"type": "object", "properties": members, "additionalProperties": False} for name in names
    }
    definitions["r7"] = {**definitions["r7"], **last}
    return {"allOf": [{"$ref": "#/schema/definitions/r0"}], "definitions": definitions}


def test_mutually_recursive_schemas_are_proved_once() -> None:
    """A proof that rests on another proof is reused; a change in one schema is found from any other."""
    assert compare(ring(maxProperties=3), ring()).outcome == "contained"
    assert compare(ring(), ring(maxProperties=8)).outcome == "contained"
    verdict = compare(ring(), ring(required=["r0"]))
    assert verdict.outcome == "refuted"
    assert "r7" in str(verdict.witness)


def test_long_lists_of_values_are_compared_as_sets() -> None:
    """Long enumerations are compared in linear time, whatever their order."""
    values = [f"v{number}" for number in range(3_000)]
    assert compare({"enum": values}, {"enum": [*values[::-1], "more"]}).outcome == "contained"
    verdict = compare({"enum": values}, {"enum": values[:-1]})
    assert (verdict.outcome, verdict.witness) == ("refuted", "v2999")


def test_too_long_chains_of_references_are_unknown() -> None:
    """A chain beyond Python's recursion limit gives no verdict and raises no error."""

    def chain(last: Any) -> Any:
        links = {
            f"c{number}": {"allOf": [{"$ref": f"#/schema/definitions/c{number + 1}"}, {"minimum": number}]}
            for number in range(1_100)
        }
        return {"allOf": [{"$ref": "#/schema/definitions/c0"}], "definitions": {**links, "c1100": last}}

    narrow, wide = (compile_one(chain(last)) for last in (INTEGER, {"type": "number"}))
    assert narrow is not None
    assert wide is not None
    assert decide(narrow, wide).outcome in {"contained", "unknown"}
    assert decide(wide, narrow).outcome in {"refuted", "unknown"}


def test_a_huge_limit_is_not_tried() -> None:
    """No list of a hundred thousand items is built, and the verdict names the keyword."""
    verdict = compare({"type": "array"}, {"type": "array", "maxItems": 100_000})
    assert verdict.outcome == "unknown"
    assert [obligation.keyword for obligation in verdict.obligations] == ["maxItems"]


def test_a_cut_short_comparison_is_unknown() -> None:
    """Without steps for a proof and tries for a value the comparison gives no verdict."""
    verdict = compare({**INTEGER, "maximum": 9}, {**INTEGER, "maximum": 10}, effort=0)
    assert verdict.outcome == "unknown"
    assert verdict.obligations


def test_equal_seeds_give_equal_values() -> None:
    """The verdict is the same in each run."""
    old, new = {"type": "object"}, {"type": "object", "maxProperties": 3}
    assert compare(old, new, seed=7).witness == compare(old, new, seed=7).witness


def attack(inner: Compiled, outer: Compiled) -> Any:
    """Search for a value of `inner` that `outer` refuses, without a proof, or return `NOTHING`."""
    universe = Universe(inner.definitions, outer.definitions)
    adopted = universe.adopt(outer.schema)
    search = Search(universe, inner.schema, adopted, tries=10_000, seed=0)
    literals, names = literals_of([*universe.definitions.values(), inner.schema, adopted])
    made = [search._draw((inner.schema,), number) for number in range(-1, 4)]
    for value in (*made, *literals, literals):
        for near in () if value is NOTHING else (value, *neighbours(value, literals, names)):
            if inner.accepts(near) and outer.refuses(near):
                return near
    return NOTHING


@settings(max_examples=40, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.randoms(use_true_random=False), st.booleans())
def test_what_is_proved_withstands_an_attack(random: Random, backwards: bool) -> None:
    """A search finds no counterexample to a proof, whatever keyword changed."""
    old = random_schema(random)
    new = edited(random, edited(random, old))
    inner, outer = compile_one(new if backwards else old), compile_one(old if backwards else new)
    assume(inner is not None and outer is not None)
    assert inner is not None
    assert outer is not None
    containment = Containment(inner.definitions, outer.definitions, effort=0.2)
    verdict = containment.decide(inner.schema, outer.schema, inner.accepts, outer.refuses)
    if verdict.outcome in {"same", "contained"}:
        assert attack(inner, outer) is NOTHING
    elif verdict.has_witness:
        assert inner.accepts(verdict.witness)
        assert outer.refuses(verdict.witness)


def _at_depth(frames: int, call: Any) -> Any:
    return _at_depth(frames - 1, call) if frames else call()


@pytest.mark.parametrize("levels", [20, 60, 78, 110, 120])
def test_a_verdict_does_not_depend_on_the_stack_of_the_caller(levels: int) -> None:
    """The depth of proofs is bounded by itself, long before Python's recursion limit."""

    def nested(inner: Any) -> Any:
        for _ in range(levels):
            inner = {"type": "array", "items": inner}
        return inner

    for old, new in ((INTEGER, {"type": "number"}), (INTEGER, INTEGER)):
        verdicts = [
            _at_depth(frames, lambda old=old, new=new: compare(nested(old), nested(new)).outcome)
            for frames in (0, 400)
        ]
        assert verdicts[0] == verdicts[1]


def test_a_search_compiles_nothing_that_is_too_large() -> None:
    """Parts that are shared count each time, as they are compiled; small ones are taken off the tries, too."""
    universe = Universe({}, {})
    part: Any = universe.fresh({"type": ["object"], "required": ["z"]})
    for level in range(20):
        part = universe.fresh(
            {
                "anyOf": [
                    universe.fresh({"allOf": [part, universe.fresh({"required": [f"{side}{level}"]})]})
                    for side in "ab"
                ]
            }
        )
        if level == 1:
            search = Search(universe, part, True, tries=100, seed=0)
            assert search.check_of(part) is not None
            assert search.tries < 100
    search = Search(universe, part, True, tries=100, seed=0)
    with pytest.raises(DeadEndError):
        search.check_of(part)
