"""Lists of arguments, of an event or of its acknowledgement, and examples of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..spec.model import count_words
from ..spec.model.arguments import compile_arguments
from ..spec.readers.examples import written_bytes
from ..spec.schemas import Mismatch
from ..spec.schemas.shape_reader import read_shape
from ..spec.text.reference_faults import ReferenceFault
from .elements import element
from .schema_words import rules_of
from .snippets import REST

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from xml.etree.ElementTree import Element

    from ..spec.model import Arguments, Spec
    from ..spec.text.document import Node
    from .elements import Child
    from .schema_trees import SchemaTrees

_ONE_LINE = 72


def argument_list(arguments: Arguments, spec: Spec, trees: SchemaTrees) -> Iterator[Element]:
    """Describe how many arguments there are, with a row for each."""
    if arguments.kind == "union":
        yield element("p", "One of these lists:", class_="count")
        options = [element("li", *argument_list(alternative, spec, trees)) for alternative in arguments.of]
        yield element("ul", *options, class_="options")
        return
    yield element("p", _counted(arguments, spec), class_="count")
    schema = arguments.schema
    if arguments.kind == "single" and schema is not None:
        name = _title(schema) or "argument 1"
        yield element(
            "ol", trees.row(schema, name, is_needed=not _accepts_none(arguments, spec)), class_="tree"
        )
    elif arguments.kind == "positional" and schema is not None:
        yield from _positional(schema, arguments.minimum, spec, trees)


def roots_of(arguments: Arguments) -> Iterator[Node]:
    """Yield the schemas that the rows of arguments show."""
    if arguments.kind in ("single", "positional") and arguments.schema is not None:
        yield arguments.schema
    for alternative in arguments.of:
        yield from roots_of(alternative)


def argument_names(arguments: Arguments, spec: Spec) -> list[str]:
    """Return a word for each argument, for code."""
    if arguments.kind == "union":
        return argument_names(arguments.of[0], spec)
    if arguments.schema is None or arguments.kind not in ("single", "positional"):
        return [REST]
    if arguments.kind == "single":
        return [_title(arguments.schema) or "data"]
    prefix = read_shape(arguments.schema).positions or ()
    names = [_title(_follow(position, spec)) or f"arg{index + 1}" for index, position in enumerate(prefix)]
    return names or ([REST] if arguments.maximum is None else [])


def example_figure(caption: str, values: Sequence[Any]) -> Element:
    """Show an example as the JSON array of its arguments."""
    return element(
        "figure",
        element("figcaption", caption),
        element("pre", element("code", as_json(list(values)))),
        class_="example",
    )


def as_json(value: Any) -> str:
    """Write JSON in one line if it fits; bytes as ``{"$binary": "…base64…"}``."""
    text = json.dumps(value, ensure_ascii=False, default=written_bytes)
    return (
        text
        if len(text) <= _ONE_LINE
        else json.dumps(value, ensure_ascii=False, default=written_bytes, indent=2)
    )


def _counted(arguments: Arguments, spec: Spec) -> str:
    if arguments.kind == "any":
        return "Any arguments; the document says nothing about them."
    if arguments.kind == "opaque":
        return "Any arguments; their schema is in a format that is not checked."
    if arguments.maximum == 0:
        return "No arguments."
    low = 0 if _accepts_none(arguments, spec) else arguments.minimum
    words = count_words(low, arguments.maximum)
    return f"{words[0].upper()}{words[1:]} argument{'' if words == '1' else 's'}."


def _accepts_none(arguments: Arguments, spec: Spec) -> bool:
    try:
        compile_arguments(arguments, spec.bundle)([])
    except Mismatch:
        return False
    return True


def _positional(schema: Node, minimum: int, spec: Spec, trees: SchemaTrees) -> Iterator[Element]:
    value = schema.value
    if not isinstance(value, dict):
        return
    described: list[Child] = [
        " · ".join(rule for rule in rules_of(value) if not rule.endswith(" items")) or None
    ]
    if described[0]:
        yield element("p", *described, class_="rules")
    shape = read_shape(schema)
    prefix, rest = shape.positions or (), shape.rest
    rows = [
        trees.row(
            position, _title(_follow(position, spec)) or f"argument {index + 1}", is_needed=index < minimum
        )
        for index, position in enumerate(prefix)
    ]
    if rest is not None and rest.value is not False:
        rows.append(trees.row(rest, "further arguments" if prefix else "each argument"))
    elif rest is None and prefix and value.get("maxItems", len(prefix) + 1) > len(prefix):
        rows.append(
            element(
                "li",
                element("code", "further arguments", class_="name"),
                " ",
                element("span", "any", class_="type"),
            )
        )
    if rows:
        yield element("ol", *rows, class_="tree")
    for key in ("oneOf", "anyOf"):
        held = schema.get(key)
        if held is not None and isinstance(held.value, list):
            yield element("p", "One of these lists:", class_="count")
            options = []
            for alternative in held.elements():
                option = _follow(alternative, spec)
                least = option.value.get("minItems", 0) if isinstance(option.value, dict) else 0
                empty = isinstance(option.value, dict) and option.value.get("maxItems") == 0
                shown = [element("p", "No arguments.", class_="count")] if empty else []
                options.append(element("li", *shown, *_positional(option, int(least), spec, trees)))
            yield element("ul", *options, class_="options")


def _title(schema: Node) -> str:
    title = schema.value.get("title") if isinstance(schema.value, dict) else None
    return title if isinstance(title, str) else ""


def _follow(node: Node, spec: Spec) -> Node:
    try:
        return spec.resolver.follow(node)
    except ReferenceFault:
        return node
