"""A schema that makes values expensive to check is reported when the document is read."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.spec.schemas.upper_bounds import UpperBounds
from benchmarks.hostile import ROWS

from .compiling import diagnose


def named(*names: str, **more: Any) -> list[dict[str, Any]]:
    """Return object schemas that each require another member."""
    return [{"type": "object", "required": [name], **more} for name in names]


NAMES = [f"n{number}" for number in range(17)]
MANY = named(*NAMES)
TAGGED: list[dict[str, Any]] = [
    {"type": "object", "properties": {"kind": {"const": name}}, "required": ["kind"]} for name in NAMES
]


def tagged(count: int, members: dict[str, Any]) -> dict[str, Any]:
    """Return alternatives selected by a property, which have the same members."""
    return {
        "oneOf": [
            {
                "type": "object",
                "properties": {"kind": {"const": f"n{number}"}, **members},
                "required": ["kind"],
            }
            for number in range(count)
        ]
    }


TEXTS = {f"m{number}": {"type": "string", "maxLength": 40} for number in range(12)}


@pytest.mark.parametrize(
    ("schema", "pointer", "count"),
    [
        ({"items": {"anyOf": MANY}}, "/items/anyOf", 17),
        ({"items": {"oneOf": MANY}}, "/items/oneOf", 17),
        ({"anyOf": [*MANY[:1], *TAGGED]}, "/anyOf", 18),
        ({"patternProperties": {key: {} for key in NAMES}}, "/patternProperties", 17),
    ],
)
def test_too_many_alternatives_are_slow(schema: Any, pointer: str, count: int) -> None:
    """Alternatives tried in turn are reported with a remedy."""
    (found,) = diagnose(schema)
    assert (found.severity, found.code, found.pointer) == ("warning", "SLOW", f"/schema{pointer}")
    assert str(count) in found.message


@pytest.mark.parametrize(
    ("schema", "pointer", "says"),
    [
        ({"anyOf": [{"anyOf": MANY[:9]}, {"oneOf": MANY[9:]}]}, "", "so much is checked"),
        (
            {"items": {"allOf": [{"minimum": -number} for number in range(60)]}},
            "/items",
            "so much is checked",
        ),
        ({"allOf": [{"$ref": "#/levels"}] * 8}, "", "so much is checked"),
        (
            {"anyOf": [{"items": {"anyOf": MANY[:9]}}, {"contains": {"anyOf": MANY[9:]}}]},
            "",
            "checked once for each",
        ),
        (
            {"anyOf": [{"properties": {"a": {"anyOf": MANY[n : n + 9]}}} for n in (0, 8)]},
            "",
            "checked once for each",
        ),
    ],
)
def test_too_much_at_one_place_is_slow(schema: Any, pointer: str, says: str) -> None:
    """Schemas that are cheap by themselves are reported if too many of them apply to one place."""
    (found,) = diagnose(schema, levels={"anyOf": MANY[:3]})
    assert (found.severity, found.code, found.pointer) == ("warning", "SLOW", f"/schema{pointer}")
    assert says in found.message


@pytest.mark.parametrize("reverse", [False, True])
def test_the_order_of_keywords_does_not_matter(reverse: bool) -> None:
    """A schema's own members count beside those of its ``allOf``, whichever is written first."""
    parts = [
        ("allOf", [{"properties": {"a": {"anyOf": MANY[:9]}}}]),
        ("properties", {"a": {"anyOf": MANY[8:]}}),
    ]
    (found,) = diagnose(dict(reversed(parts) if reverse else parts))
    assert (found.code, found.pointer) == ("SLOW", "/schema")


@pytest.mark.parametrize(
    "schema",
    [
        {
            "oneOf": [
                {**tagged, "properties": {**tagged["properties"], "a": {"anyOf": MANY[:9]}}}
                for tagged in TAGGED
            ]
        },
        {"properties": {name: {"anyOf": MANY[:9]} for name in NAMES}},
        {"anyOf": MANY[:16]},
        {"oneOf": TAGGED},
        {"anyOf": [*TAGGED, {"type": "string"}]},
        {"anyOf": [{"const": number} for number in range(17)][:1] + [{"type": "string"}] * 15},
        {"patternProperties": {key: {} for key in NAMES[:16]}},
        {"allOf": MANY},
        {"allOf": [{"properties": TEXTS}, tagged(110, TEXTS)]},
        {
            "properties": {f"m{number}": TEXTS["m0"] for number in range(1_100)},
            "patternProperties": {"m": {"minLength": 1}},
        },
    ],
)
def test_quickly_decided_alternatives_are_silent(schema: Any) -> None:
    """Few alternatives, or those selected by type or property, are not reported."""
    assert diagnose(schema) == []


def test_upper_bounds_hide_no_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Schemas that are spared a closer look would not be reported after it."""
    schemas = [
        *((row.schema, row.others) for row in ROWS.values()),
        ({"allOf": [{"properties": TEXTS}, tagged(30, TEXTS)]}, {}),
        ({"allOf": [{"properties": {"a": {"anyOf": MANY[:9]}}}, tagged(3, {"a": {"anyOf": MANY[9:]}})]}, {}),
        ({"allOf": [tagged(9, {}), {"patternProperties": {key: {"minLength": 1} for key in NAMES}}]}, {}),
    ]
    bounded = [diagnose(schema, **others) for schema, others in schemas]
    monkeypatch.setattr(UpperBounds, "is_cheap", lambda *_: False)
    assert bounded == [diagnose(schema, **others) for schema, others in schemas]


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        (r"^(\w+\s?)*\b$", "could take very long"),
        (r"^(a*)\1$", "could take very long"),
        ("(?:ab|ba|a.b){0,60}c", "more than a microsecond"),
    ],
)
def test_slow_patterns_are_named(pattern: str, says: str) -> None:
    """Patterns with a limited text length and slow patterns are reported."""
    (found,) = diagnose({"pattern": pattern})
    assert (found.severity, found.code) == ("warning", "SLOW")
    assert says in found.message
