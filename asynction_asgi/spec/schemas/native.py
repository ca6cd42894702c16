"""The optional backend: jsonschema-rs says yes fast; every other answer is the generated check's.

A value that jsonschema-rs accepts is accepted. Whatever it refuses or can't read (bytes, for one) goes
to the generated check, whose verdict and violations stand. So both backends answer alike, and a peer
never sees a message that was not made here.

Recursive schemas are left to generated code: deep values overflow the native stack, which ends the
process, where Python's own limit is an exception. So are those that it would look at exponentially often.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ..patterns import ecma_source, parse_pattern
from .children import inner_schemas
from .definitions import MARKS, REF
from .formats import FORMATS
from .matchers import compile_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .definitions import Definitions, Schema

# Draft-07 has none of them but uniqueItems.
_UNKNOWN = frozenset(
    {"uniqueItems", "minContains", "maxContains", "unevaluatedProperties", "unevaluatedItems"}
)
_MANY = 8  # values, of which it takes each in turn
_LARGE = 2**63
_URI = "urn:asynction:bundle"


def compile_native(
    definitions: Definitions, entries: Iterable[str], *, without: frozenset[str]
) -> dict[str, Callable[[Any], bool]]:
    """Compile those of `entries` that jsonschema-rs can express, in two validators.

    One validator shares the definitions that many entries reach; one each would copy them, in time
    and memory that grow with entries times definitions. Those without a format stand apart, because
    formats of ours make a validator slower whether a value meets them or not.

    Args:
        definitions: Normalised.
        entries: Names of definitions.
        without: Definitions that must not be reached.

    Returns:
        Whether ``{name: value}`` is valid, for each name that may be asked.
    """
    import jsonschema_rs  # noqa: PLC0415  # optional

    unfit = _reaching(definitions, without | {name for name in definitions if _is_unfit(definitions[name])})
    formatted = _reaching(definitions, {name for name in definitions if _has_format(definitions[name])})
    exported = {name: _export(schema) for name, schema in definitions.items() if name not in unfit}
    registry = jsonschema_rs.Registry([(_URI, {"definitions": exported})], draft=jsonschema_rs.Draft7)

    def validator(names: Iterable[str], formats: Any) -> Callable[[Any], bool] | None:
        schema = {
            "properties": {name: {"$ref": f"{_URI}#/definitions/{name}"} for name in names},
            "additionalProperties": False,
        }
        try:
            return jsonschema_rs.Draft7Validator(
                schema, registry=registry, formats=formats, validate_formats=True, offline=True
            ).is_valid
        except (jsonschema_rs.ValidationError, ValueError):  # a pattern that its engine does not know
            return None

    compiled: dict[str, Callable[[Any], bool]] = {}
    fit = [name for name in entries if name in exported]
    for names, formats in (
        ([name for name in fit if name not in formatted], None),
        ([name for name in fit if name in formatted], FORMATS),
    ):
        is_valid = validator(names, formats)
        known = names if is_valid else [name for name in names if validator([name], formats)]
        is_valid = is_valid or validator(known, formats)
        if is_valid is not None:
            compiled |= dict.fromkeys(known, is_valid)
    return compiled


def _export(schema: Schema) -> Any:
    """Write a definition as plain draft-07 again."""
    if isinstance(schema, bool):
        return schema
    plain: dict[str, Any] = {}
    for key, value in schema.items():
        if key in MARKS:
            continue
        if key == REF:
            plain[key] = f"{_URI}#/definitions/{value}"
        elif key in ("enum", "const", "required", "type"):
            plain[key] = value
        elif key == "pattern":
            plain[key] = _spelled_out(value)
        elif key == "patternProperties":
            table: dict[str, Any] = {}
            plain[key] = table
            for pattern, inner in value.items():
                table.setdefault(_spelled_out(pattern), {"allOf": []})["allOf"].append(_export(inner))
        elif key in ("properties", "dependencies"):
            plain[key] = {name: _export(inner) for name, inner in value.items()}
        elif key == "format":
            if value in FORMATS:
                plain[key] = value
        elif isinstance(value, list):
            plain[key] = [_export(inner) for inner in value]
        elif isinstance(value, dict | bool) and key != "uniqueItems":
            plain[key] = _export(value)
        else:
            plain[key] = value
    return plain


def _spelled_out(pattern: str) -> str:
    """Rewrite a pattern so that the engine decides nothing about dots, words and properties."""
    return ecma_source(parse_pattern(pattern))


def _is_unfit(schema: Schema) -> bool:
    """Return whether jsonschema-rs can't check a schema, or can be made to take long.

    Bytes and counted contains are unknown to it; its uniqueItems takes quadratic time on large integers, and its patterns as many
    steps per character as positions of the pattern can be reached at once. It tries arrays and objects of an enum
    one after the other, and reckons with factors of many digits slowly.
    """
    if isinstance(schema, bool):
        return False
    patterns = [*schema.get("patternProperties", ()), *([schema["pattern"]] if "pattern" in schema else [])]
    factor = Fraction(repr(schema.get("multipleOf", 1)))
    return (
        "binary" in schema.get("type", ())
        or not schema.keys().isdisjoint(_UNKNOWN)
        or not all(compile_pattern(pattern).is_light for pattern in patterns)
        or sum(isinstance(value, list | dict) for value in schema.get("enum", ())) > _MANY
        or max(factor.numerator, factor.denominator) > _LARGE
        or any(map(_is_unfit, inner_schemas(schema)))
    )


def _has_format(schema: Schema) -> bool:
    return not isinstance(schema, bool) and (
        schema.get("format") in FORMATS or any(map(_has_format, inner_schemas(schema)))
    )


def _references(schema: Schema) -> set[str]:
    if isinstance(schema, bool):
        return set()
    if REF in schema:
        return {schema[REF]}
    return {name for inner in inner_schemas(schema) for name in _references(inner)}


def _reaching(definitions: Definitions, targets: Iterable[str]) -> set[str]:
    """Return `targets` and the definitions from which references lead to them."""
    referrers: dict[str, list[str]] = {}
    for name, schema in definitions.items():
        for target in _references(schema):
            referrers.setdefault(target, []).append(name)
    reached: set[str] = set()
    waiting = list(targets)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += referrers.get(name, ())
    return reached
