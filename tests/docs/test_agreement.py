"""The page states what the server enforces: each statement is tried on the validator."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.docs.page import render_page
from asynction_asgi.spec import load_spec
from asynction_asgi.spec.model.arguments import compile_arguments
from asynction_asgi.spec.schemas import Mismatch
from tests.cases import each_case

from .documents import DEPOT, WORKSHOP
from .reading import Row, by_class, example_in, read_page, rows_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from xml.etree.ElementTree import Element

    from asynction_asgi.spec.model import Arguments, Spec

    Path = tuple[Any, ...]
    Probe = tuple[str, list[Any], bool]

SPECS = [load_spec(WORKSHOP), load_spec(DEPOT)]
PAGES = [read_page(render_page(spec, folder="", static="")) for spec in SPECS]
OF_TYPE: dict[str, Any] = {
    "null": None,
    "boolean": True,
    "integer": 7,
    "number": 7.5,
    "string": "\u00a7",
    "array": [],
    "object": {},
    "binary": b"\0",
}
UNBOUNDED = 10**6


def events() -> Iterator[Any]:
    for spec, page in zip(SPECS, PAGES, strict=True):
        for namespace in spec.namespaces.values():
            for word, declared in (("emit", namespace.receives), ("on", namespace.sends)):
                for event in declared.values():
                    card = next(
                        article
                        for article in page.iter("article")
                        if (
                            article.get("data-namespace"),
                            article.get("data-direction"),
                            article.get("data-event"),
                        )
                        == (namespace.name, word, event.name)
                    )
                    for part, arguments in (("arguments", event.arguments), ("ack", event.ack)):
                        name = f"{namespace.name} {word} {event.name}: {part}"
                        yield pytest.param(spec, page, card, part, arguments, id=name)


@each_case(("spec", "page", "card", "part", "arguments"), list(events()))
def test_the_page_says_what_is_enforced(
    spec: Spec, page: Element, card: Element, part: str, arguments: Arguments | None
) -> None:
    """The validator accepts the examples, and values within the shown rules; it refuses all others."""
    section = next((child for child in card.iter("section") if child.get("class") == part), None)
    if arguments is None:
        assert section is None
        return
    assert section is not None
    accepts = acceptance(arguments, spec)
    count = next(by_class(section, "count"))
    shown = [example_in(figure) for figure in by_class(card, "answer" if part == "ack" else "example")]
    for example in shown:
        assert accepts(example), example
    if text_of(count).startswith("Any arguments"):
        assert all(accepts(values) for values in ([], [None], [1, {}], ["x"] * 9))
        return
    assert shown
    base = max(shown, key=lambda example: len(str(example)))
    tree = section.find("ol")
    rows = [] if tree is None else rows_of(tree, page)
    probes = [*count_probes(text_of(count), base, rows)]
    for index, row in enumerate(rows):
        if row.name not in ("further arguments", "each argument"):
            probes += row_probes(row, base, (index,))
        elif row.type != "any":
            probes.append((f"{row} wrong", [*base[:index], *[OF_TYPE["object"]] * 3], False))
    for said, values, valid in probes:
        assert accepts(values) is valid, f"{said}: {values}"


def test_alternatives_are_all_shown() -> None:
    """A choice of argument lists shows each list with its own rows."""
    card = next(article for article in PAGES[1].iter("article") if article.get("data-event") == "either")
    lists = [rows_of(ordered_list, PAGES[1]) for ordered_list in card.iter("ol")]
    assert [[(row.type, row.required) for row in rows] for rows in lists] == [
        [("string", True)],
        [("integer", True), ("integer", True)],
    ]


def acceptance(arguments: Arguments, spec: Spec) -> Callable[[list[Any]], bool]:
    check = compile_arguments(arguments, spec.bundle)

    def accepts(values: list[Any]) -> bool:
        try:
            check(values)
        except Mismatch:
            return False
        return True

    return accepts


def bounds(text: str) -> tuple[int, int]:
    """Return the bounds in a text such as ``2``, ``0 to 2``, ``1 or more`` or ``No``."""
    numbers = [int(digits) for digits in re.findall(r"\d+", text)]
    if not numbers:
        return 0, 0
    return numbers[0], UNBOUNDED if "more" in text else numbers[-1]


def count_probes(text: str, base: list[Any], rows: list[Row]) -> Iterator[Probe]:
    least, most = bounds(text)
    if rows:
        yield text, base[: max(least, 0)], True
    if least:
        yield text, base[: least - 1], False
    if most < UNBOUNDED:
        yield text, [*base, *[None] * (most + 1 - len(base))], False
    else:
        yield text, [*base, *[base[-1]] * 5] if rows[-1].name == "each argument" else [*base, 1, 2, 3], True


def row_probes(row: Row, base: list[Any], path: Path) -> Iterator[Probe]:
    try:
        value = at(base, path)
    except (KeyError, IndexError):
        return
    types = row.type.split(" or ")
    if types[0] not in ("any", "value"):
        admitted = {*types, *(["integer"] if "number" in types else [])}
        for name, wrong in OF_TYPE.items():
            if name not in admitted:
                yield f"{row.name} is {row.type}, not {name}", put(base, path, wrong), False
    for rule in row.rules:
        for wrong in breaking(rule, value):
            yield f"{row.name}: {rule}", put(base, path, wrong), False
    for fitting in keeping(row):
        yield f"{row.name}: at the bounds of {row.rules}", put(base, path, fitting), True
    for inner in row.inner:
        if inner.required is not None and isinstance(value, dict):
            if inner.name in value:
                rest = {name: member for name, member in value.items() if name != inner.name}
                yield f"{inner.name} required: {inner.required}", put(base, path, rest), not inner.required
                yield from row_probes(inner, base, (*path, inner.name))
        elif inner.name == "each item" and value:
            yield from row_probes(inner, base, (*path, 0))
        elif inner.name == "other properties":
            yield "other properties", put(base, path, {**value, "zzz": OF_TYPE["object"]}), False
    names = [inner.name for inner in row.inner]
    if (
        isinstance(value, dict)
        and names
        and "no other properties" not in row.rules
        and "other properties" not in names
    ):
        yield "other properties are admitted", put(base, path, {**value, "zzz": 1}), True


def breaking(rule: str, value: Any) -> Iterator[Any]:
    """Yield values that violate a rule."""
    least, most = bounds(rule)
    if rule.startswith(("one of", "always")):
        yield "none of these"
    elif rule.endswith(("characters", "bytes")):
        unit = b"x" if rule.endswith("bytes") else "x"
        if least:
            yield unit * (least - 1)
        if most < UNBOUNDED:
            yield unit * (most + 1)
    elif rule.endswith("items") and not rule.startswith("no "):
        if least:
            yield value[: least - 1]
        if most < UNBOUNDED:
            yield [f"{index}" for index in range(most + 1)]
    elif rule == "no two items equal":
        yield [value[0], value[0]]
    elif rule.startswith(("matches", "format")):
        yield "\u00a7 \u00a7"
    elif rule.startswith(("≥", "≤", ">", "<")):
        limit = float(rule.split()[1])
        yield {"≥": limit - 1, "≤": limit + 1, ">": limit, "<": limit}[rule[0]]
    elif rule.startswith("a multiple of"):
        yield float(rule.rsplit(maxsplit=1)[-1]) * 1.5
    elif rule == "no other properties":
        yield {**value, "zzz": 1}
    else:
        assert rule.startswith("default"), f"no probe for the rule {rule!r}"


def keeping(row: Row) -> Iterator[Any]:
    """Yield values at the bounds of a row's only rule."""
    rule = row.rules[0] if len(row.rules) == 1 else ""
    least, most = bounds(rule)
    if rule.endswith(("characters", "bytes")):
        unit = b"x" if rule.endswith("bytes") else "x"
        yield unit * least
        yield unit * (least + 50 if most == UNBOUNDED else most)
    elif rule.startswith(("≥", "≤")):
        yield int(rule.split()[1])
    elif rule.startswith("one of"):
        yield from json.loads(f"[{rule.removeprefix('one of ')}]")
    elif rule.startswith("always"):
        yield json.loads(rule.removeprefix("always "))


def at(base: Any, path: Path) -> Any:
    for key in path:
        base = base[key]
    return base


def put(base: list[Any], path: Path, value: Any) -> list[Any]:
    changed = copy.deepcopy(base)
    at(changed, path[:-1])[path[-1]] = value
    return changed
