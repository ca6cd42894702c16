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

from .comparing import Compiled, compare, compile_one
from .pairs import BREAKING, COMPATIBLE, INTEGER, NAMED_TREE, STRING, TREE, kind, member
from .randomly import edited, random_schema


def pairs(table: dict[str, tuple[Any, Any]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("old", "new"), table.values(), ids=table.keys())


def is_valid(value: Any, schema: Any) -> bool:
    """Return what another validator says; it follows references from the same root."""
    root = {**schema, "schema": schema} if isinstance(schema, dict) else schema
    return bool(Draft7Validator(root).is_valid(value))


@pairs(BREAKING)
def test_a_narrower_schema_is_refuted_by_a_value(old: Any, new: Any) -> None:
    """The value is accepted before and refused now, by another validator too."""
    verdict = compare(old, new)
    assert verdict.outcome == "refuted"
    inner, outer = compile_one(old), compile_one(new)
    assert inner is not None
    assert outer is not None
    assert verdict.has_witness
    assert inner.accepts(verdict.witness)
    assert outer.refuses(verdict.witness)
    # There formats are annotations, steps are not exact, and bytes are not known.
    if not any(keyword in f"{old}{new}" for keyword in ("format", "multipleOf")):
        assert is_valid(verdict.witness, old)
        assert not is_valid(verdict.witness, new)


@pairs(COMPATIBLE)
def test_a_wider_schema_is_proved(old: Any, new: Any) -> None:
    """No value is looked for where a proof is found."""
    assert compare(old, new).outcome == "contained"


@pairs(BREAKING | COMPATIBLE)
def test_a_schema_contains_itself(old: Any, new: Any) -> None:
    """Equality is seen before anything is proved, whatever the keywords."""
    for schema in (old, new):
        assert compare(schema, schema).outcome == "same"


@pairs(BREAKING)
def test_a_pair_is_decided_backwards_too(old: Any, new: Any) -> None:
    """A verdict in the other direction is shown by a value, or proved; nothing in these pairs is left open."""
    verdict = compare(new, old)
    assert verdict.outcome in {"contained", "refuted"}
    assert verdict.has_witness is (verdict.outcome == "refuted")


def test_a_small_schema_is_seen_in_what_it_is_called() -> None:
    """References, their names, annotations and the order of names make no difference."""
    old = {"type": ["string", "null"], "description": "Old.", "examples": ["a"]}
    new = {
        "allOf": [{"$ref": "#/schema/definitions/text"}],
        "definitions": {"text": {"type": ["null", "string"]}},
    }
    assert compare(old, {"type": ["null", "string"]}).outcome == "same"
    assert compare(old, new).outcome == "contained"
    assert compare(new, old).outcome == "contained"


def test_a_member_that_is_declared_now_is_told_apart() -> None:
    """By the letter an undeclared member was accepted whatever it was; who keeps to the document sends none."""
    new = {"type": "object", "properties": {"a": INTEGER, "b": STRING}}
    verdict = compare(member("a", INTEGER), new)
    assert verdict.outcome == "typed"
    assert verdict.witness.keys() == {"b"}
    assert compare(member("a", INTEGER, additionalProperties=True), new).outcome == "refuted"


def test_an_object_that_was_silent_and_is_closed_now_is_told_apart() -> None:
    """Any member that is not declared shows it."""
    verdict = compare(member("a", INTEGER), member("a", INTEGER, additionalProperties=False))
    assert verdict.outcome == "closed"
    assert verdict.witness.keys() - {"a"}


def test_parts_of_an_allof_are_silent_together() -> None:
    """A member that one part declares is declared; what another part says of it counts."""
    parts = {"allOf": [member("a", INTEGER), member("b", STRING)]}
    assert compare(parts, member("b", {**STRING, "maxLength": 3})).outcome == "refuted"
    assert compare(parts, member("c", STRING)).outcome == "typed"


def test_a_recursive_schema_is_compared_below_its_own_place_only() -> None:
    """A tree whose leaves changed is refuted deep down; one that was loosened is proved."""
    deep = {**TREE, "properties": {**TREE["properties"], "name": {**STRING, "maxLength": 3}}}
    verdict = compare(TREE, deep)
    assert verdict.outcome == "refuted"
    assert len(verdict.witness["name"]) == 4
    assert compare(NAMED_TREE, TREE).outcome == "contained"
    assert compare(deep, TREE).outcome == "contained"


def kinds(count: int, **members: Any) -> Any:
    """Return so many alternatives, told apart by a constant."""
    return {"oneOf": [kind(f"k{number}", v=members.get(f"k{number}", STRING)) for number in range(count)]}


def test_one_of_many_alternatives_is_found_by_what_tells_them_apart() -> None:
    """A branch more, another order, or one changed branch among fifty."""
    short = {**STRING, "maxLength": 5}
    assert compare(kinds(50), kinds(51)).outcome == "contained"
    assert compare(kinds(50), {"oneOf": kinds(50)["oneOf"][::-1]}).outcome == "contained"
    assert compare(kinds(50, k30=short), kinds(50)).outcome == "contained"
    verdict = compare(kinds(50), kinds(50, k30=short))
    assert verdict.outcome == "refuted"
    assert verdict.witness == {"kind": "k30", "v": "aaaaaa"}


def ring(**last: Any) -> Any:
    """Return eight schemas, each of which holds all of them."""
    names = [f"r{number}" for number in range(8)]
    members = {name: {"$ref": f"#/schema/definitions/{name}"} for name in names}
    definitions = {
        name: {"type": "object", "properties": members, "additionalProperties": False} for name in names
    }
    definitions["r7"] = {**definitions["r7"], **last}
    return {"allOf": [{"$ref": "#/schema/definitions/r0"}], "definitions": definitions}


def test_schemas_that_hold_one_another_are_proved_once() -> None:
    """What rests on a proof under way is kept with it; a change in one is found from any."""
    assert compare(ring(maxProperties=3), ring()).outcome == "contained"
    assert compare(ring(), ring(maxProperties=8)).outcome == "contained"
    verdict = compare(ring(), ring(required=["r0"]))
    assert verdict.outcome == "refuted"
    assert "r7" in str(verdict.witness)


def test_long_lists_of_values_are_compared_as_sets() -> None:
    """In linear time, whatever their order."""
    values = [f"v{number}" for number in range(3_000)]
    assert compare({"enum": values}, {"enum": [*values[::-1], "more"]}).outcome == "contained"
    verdict = compare({"enum": values}, {"enum": values[:-1]})
    assert (verdict.outcome, verdict.witness) == ("refuted", "v2999")


def test_references_that_lead_on_too_far_are_unknown() -> None:
    """Further than Python recurses; nothing is claimed, and nothing is raised."""

    def chain(last: Any) -> Any:
        links = {
            f"c{number}": {"allOf": [{"$ref": f"#/schema/definitions/c{number + 1}"}, {"minimum": number}]}
            for number in range(1_500)
        }
        return {"allOf": [{"$ref": "#/schema/definitions/c0"}], "definitions": {**links, "c1500": last}}

    assert compare(chain(INTEGER), chain({"type": "number"})).outcome in {"contained", "unknown"}
    assert compare(chain({"type": "number"}), chain(INTEGER)).outcome in {"refuted", "unknown"}


def test_a_limit_far_away_is_not_tried() -> None:
    """No list of a hundred thousand items is made; the keyword is named."""
    verdict = compare({"type": "array"}, {"type": "array", "maxItems": 100_000})
    assert verdict.outcome == "unknown"
    assert [obligation.keyword for obligation in verdict.obligations] == ["maxItems"]


def test_a_cut_short_comparison_is_unknown() -> None:
    """Without steps nothing is proved, and without tries nothing is found: that is no verdict."""
    verdict = compare({**INTEGER, "maximum": 9}, {**INTEGER, "maximum": 10}, effort=0)
    assert verdict.outcome == "unknown"
    assert verdict.obligations


def test_equal_seeds_give_equal_values() -> None:
    """A verdict does not depend on the run."""
    old, new = {"type": "object"}, {"type": "object", "maxProperties": 3}
    assert compare(old, new, seed=7).witness == compare(old, new, seed=7).witness


def attack(inner: Compiled, outer: Compiled) -> Any:
    """Return a value that shows that `outer` does not accept all of `inner`, sought without a proof, or `NOTHING`."""
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


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow]
)
@given(st.randoms(use_true_random=False), st.booleans())
def test_what_is_proved_withstands_an_attack(random: Random, backwards: bool) -> None:
    """No value is found against a proof, whatever stands at whatever place of it."""
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
