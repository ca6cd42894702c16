"""How types are defined: classes, functional TypedDicts if a key is not a name, and aliases."""

from __future__ import annotations

import keyword
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from .expressions import Either, Literal, names_in, write
from .source import docstring, fits, literal, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .expressions import Expression
    from .source import Module


@dataclass(frozen=True, slots=True)
class TypedDict:
    """An object: its properties, and which of them are required."""

    fields: Mapping[str, Expression]
    required: frozenset[str]
    description: str


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name for an expression."""

    expression: Expression
    description: str


Definitions: TypeAlias = "dict[str, TypedDict | Alias]"


def write_definitions(definitions: Definitions, module: Module) -> None:
    """Write them all into their module."""
    for name, definition in definitions.items():
        lines = (
            _typed_dict(name, definition, module)
            if isinstance(definition, TypedDict)
            else _alias(name, definition, module)
        )
        is_class = lines[0].startswith("class ")
        was_class = module.lines and module.lines[-1].startswith(" ")
        gap = [] if not module.lines else ["", ""] if is_class or was_class else [""]
        module.lines += [*gap, *lines]


def _typed_dict(name: str, definition: TypedDict, module: Module) -> list[str]:
    base = module.use("typing", "TypedDict")
    fields: list[tuple[str, str, bool]] = []
    for key, expression in definition.fields.items():
        text = write(expression, module)
        if key not in definition.required:
            text = f"{module.use('typing', 'NotRequired')}[{text}]"
        fields.append((key, text, _is_forward(expression, module)))
    plain = all(
        key.isidentifier()
        and not keyword.iskeyword(key)
        and not key.startswith("__")  # the name of the class would be put before it
        and fits(f"{key}: {text}", indent=4)
        for key, text, _ in fields
    )
    if plain:
        doc = docstring(*_split(definition.description), indent=4) if definition.description.strip() else []
        lines = [f"    {key}: {text}" for key, text, _ in fields]
        body = [*doc, *([""] if doc and lines else []), *lines]
        return [f"class {name}({base}):", *(body or ["    pass"])]
    rows = []
    for key, text, forward in fields:
        start = f"        {literal(key)}: "
        rows.append(f"{start}{literal(text) if forward or not fits(f'{start}{text},') else text},")
    comment = [f"# {one_line(definition.description, most=84)}"] if definition.description.strip() else []
    return [*comment, f"{name} = {base}(", f'    "{name}",', "    {", *rows, "    },", ")"]


def _alias(name: str, definition: Alias, module: Module) -> list[str]:
    comment = [f"# {one_line(definition.description, most=84)}"] if definition.description.strip() else []
    expression = definition.expression
    text = write(expression, module)
    start = f"{name}: {module.use('typing', 'TypeAlias')} ="
    value = literal(text) if _is_forward(expression, module) else text
    if fits(f"{start} {value}"):
        return [*comment, f"{start} {value}"]
    if isinstance(expression, Literal):
        parts = [literal(value) for _, value in expression.values]
        return [*comment, f"{start} {module.use('typing', 'Literal')}[", *_rows(parts), "]"]
    # One text in several pieces: what it names may stand below.
    lines: list[str] = []
    options = expression.options if isinstance(expression, Either) else (expression,)
    for index, option in enumerate(options):
        piece = f"{' | ' if index else ''}{write(option, module)}"
        if lines and fits(literal(lines[-1] + piece), indent=4):
            lines[-1] += piece
        else:
            lines.append(piece)
    return [*comment, f"{start} (", *(f"    {literal(line)}" for line in lines), ")"]


def _is_forward(expression: Expression, module: Module) -> bool:
    return any(part.module == module.name for part in names_in(expression))


def _rows(parts: Sequence[str]) -> list[str]:
    return [f"    {part}," for part in parts] if len(parts) > 1 else [f"    {parts[0]}"]


def _split(description: str) -> tuple[str, str]:
    """Split a text into its first paragraph and the rest."""
    head, _, rest = description.strip().partition("\n\n")
    return head, rest
