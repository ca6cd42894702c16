"""Lists of arguments, as sent, checked against the declaration."""

from __future__ import annotations

from typing import Any

from asynction_asgi.spec.model import Arguments
from asynction_asgi.spec.model.arguments import ArgumentsCheck, compile_arguments
from asynction_asgi.spec.schemas import Mismatch, compile_bundle
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver
from tests.cases import each_case

SCHEMAS: dict[str, Any] = {
    "text": {"type": "string"},
    "nullable": {"type": ["string", "null"]},
    "pair": {"type": "array", "items": [{"type": "string"}, {"type": "integer"}], "minItems": 1, "additionalItems": False},
    "variadic": {"type": "array", "items": {"type": "integer"}},
    "none": {"type": "array", "maxItems": 0},
    "cat": {"type": "object", "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}, "required": ["kind"]},
    "dog": {"type": "object", "properties": {"kind": {"const": "dog"}}, "required": ["kind"]},
}  # fmt: skip
ROOT = load_document(SCHEMAS).root
BUNDLE = compile_bundle([ROOT.child(name) for name in SCHEMAS], Resolver(ROOT.document))[0]


def single(name: str) -> Arguments:
    """Declare exactly one argument."""
    return Arguments(kind="single", minimum=1, maximum=1, schema=ROOT.child(name))


def positional(name: str, minimum: int, maximum: int | None) -> Arguments:
    """Declare the list itself."""
    return Arguments(kind="positional", minimum=minimum, maximum=maximum, schema=ROOT.child(name))


def union(*of: Arguments) -> Arguments:
    """Declare a choice of lists."""
    return Arguments(kind="union", of=of)


def answer(check: ArgumentsCheck, values: list[Any]) -> Any:
    """Return the handler's arguments, or the violation as (pointer, keyword, message)."""
    try:
        return list(check(values))
    except Mismatch as mismatch:
        first = mismatch.violations[0]
        return first.pointer, first.keyword, first.message


TEXT, PAIR = single("text"), positional("pair", 1, 2)
PETS = union(single("cat"), single("dog"))
ANY = Arguments(kind="any")


@each_case(
    ("declared", "values", "expected"),
    [
        (ANY, [1, "a", None], [1, "a", None]),
        (Arguments(kind="opaque", schema=ROOT.child("text")), [1], [1]),
        (TEXT, ["a"], ["a"]),
        (TEXT, [1], ("/0", "type", "must be a string")),
        (TEXT, [], ("", "minItems", "expects 1 argument, got 0")),
        (TEXT, ["a", "b"], ("", "maxItems", "expects 1 argument, got 2")),
        (single("nullable"), [], [None]),
        (single("nullable"), [None], [None]),
        (single("nullable"), [None, None], ("", "maxItems", "expects 1 argument, got 2")),
        (PAIR, ["a", 1], ["a", 1]),
        (PAIR, ["a"], ["a"]),
        (PAIR, ["a", "b"], ("/1", "type", "must be an integer")),
        (PAIR, [], ("", "minItems", "expects 1 to 2 arguments, got 0")),
        (PAIR, ["a", 1, 2], ("", "maxItems", "expects 1 to 2 arguments, got 3")),
        (positional("none", 0, 0), [], []),
        (positional("none", 0, 0), [1], ("", "maxItems", "expects no arguments, got 1")),
        (positional("variadic", 0, None), [1, 2, 3], [1, 2, 3]),
        (positional("variadic", 0, None), [1, "a"], ("/1", "type", "must be an integer")),
        (positional("variadic", 2, None), [1], ("", "minItems", "expects 2 or more arguments, got 1")),
        (union(TEXT, PAIR), ["a"], ["a"]),
        (union(TEXT, PAIR), ["a", 1], ["a", 1]),
        (union(TEXT, PAIR), ["a", "b"], ("/1", "type", "must be an integer")),
        (union(TEXT, single("nullable")), [], [None]),
        (union(), [1], ("", "oneOf", "no value is accepted here")),
        (union(single("text"), single("cat")), [{"kind": "cat", "lives": "9"}], ("/0/lives", "type", "must be an integer")),
        (union(single("cat"), ANY), [1, 2], [1, 2]),
        (PETS, [{"kind": "dog"}], [{"kind": "dog"}]),
        (PETS, [{"kind": "cat", "lives": "9"}], ("/0/lives", "type", "must be an integer")),
        (PETS, [{"kind": "cow"}], ("/0/kind", "oneOf", 'must be one of "cat", "dog"')),
        (PETS, [{"kind": ["cat"]}], ("/0/kind", "oneOf", 'must be one of "cat", "dog"')),
        (PETS, [{}], ("/0", "required", '"kind" is missing')),
        (PETS, [1], ("/0", "type", "must be an object")),
        (PETS, [], ("", "minItems", "expects 1 argument, got 0")),
    ],
)  # fmt: skip
def test_arguments_for_the_handler_or_a_violation(
    declared: Arguments, values: list[Any], expected: Any
) -> None:
    """A valid list gives the handler's arguments, an invalid one the most specific violation."""
    assert answer(compile_arguments(declared, BUNDLE), values) == expected


def test_a_tuple_is_a_list() -> None:
    """A tuple from Python is checked like a list."""
    assert tuple(compile_arguments(PAIR, BUNDLE)(("a", 1))) == ("a", 1)
    assert answer(compile_arguments(PAIR, BUNDLE), ("a", "b")) == ("/1", "type", "must be an integer")  # type: ignore[arg-type]  # on purpose
