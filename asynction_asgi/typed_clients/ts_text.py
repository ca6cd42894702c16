"""Text for TypeScript source: literals, property names, labels and comments."""

from __future__ import annotations

import json
import math
import re
import textwrap
from typing import TYPE_CHECKING, Any

from ..datatypes.names import pascal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..datatypes import Notes

_SIMPLE = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_WIDTH = 100
_MOST_LINES = 40
_LARGEST = 2**53 - 1
# Words that can't name a parameter or an element of a tuple, in strict mode (ECMA-262, 12.7.2; TypeScript's own).
RESERVED_WORDS = frozenset(
    [
        "arguments",
        "await",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "debugger",
        "default",
        "delete",
        "do",
        "else",
        "enum",
        "eval",
        "export",
        "extends",
        "false",
        "finally",
        "for",
        "function",
        "if",
        "implements",
        "import",
        "in",
        "instanceof",
        "interface",
        "let",
        "new",
        "null",
        "package",
        "private",
        "protected",
        "public",
        "return",
        "static",
        "super",
        "switch",
        "this",
        "throw",
        "true",
        "try",
        "typeof",
        "undefined",
        "var",
        "void",
        "while",
        "with",
        "yield",
    ]
)


def quoted(text: str) -> str:
    """Return a string literal in which every character is visible."""
    written = json.dumps(text, ensure_ascii=False)
    if written.isprintable():
        return written
    return "".join(char if char.isprintable() else _escaped(char) for char in written)


def _escaped(char: str) -> str:
    return json.dumps(char)[1:-1]


def literal(value: Any) -> str:
    """Return the literal type of a JSON value; a number that JavaScript can't hold is ``number``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int):
        return str(value) if abs(value) <= _LARGEST else "number"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else "number"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if not value:
        return "{ [key: string]: never }"
    return f"{{ {'; '.join(f'{property_name(key)}: {literal(item)}' for key, item in value.items())} }}"


def property_name(name: str) -> str:
    """Return a name as the key of a property: unquoted if it is an identifier of ASCII."""
    return name if _SIMPLE.fullmatch(name) else quoted(name)


def label(name: str, fallback: str) -> str:
    """Return a camelCase name for a parameter, with an underscore if the word is reserved."""
    word = pascal(name, fallback)
    word = f"{word[0].lower()}{word[1:]}"
    return f"{word}_" if word in RESERVED_WORDS else word


def comment_of(notes: Notes, *, indent: str = "", more: Iterable[str] = ()) -> list[str]:
    """Return the lines of a TSDoc comment for a schema's notes; none if there is nothing to say."""
    rules = ", ".join(notes.rules)
    parts = [
        notes.description,
        f"{rules[0].upper()}{rules[1:]}." if rules else "",
        *more,
        *([f"Default: `{notes.default}`."] if notes.default is not None else []),
        *(
            [f"For example: {', '.join(f'`{example}`' for example in notes.examples)}."]
            if notes.examples
            else []
        ),
    ]
    return comment(parts, indent=indent, tags=["@deprecated"] if notes.deprecated else [])


def comment(parts: Iterable[str], *, indent: str = "", tags: Iterable[str] = ()) -> list[str]:
    """Return the lines of a TSDoc comment: paragraphs of text, then tags; none if both are empty.

    Text stays text: it neither ends the comment nor begins a tag.
    """
    width = _WIDTH - len(indent) - 3
    lines: list[str] = []
    for part in parts:
        wrapped = [row for line in part.strip().splitlines() for row in _wrapped(_harmless(line), width)]
        lines += ["", *wrapped] if lines and wrapped else wrapped
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], "…"]
    lines += tags
    if not lines:
        return []
    if len(lines) == 1 and len(lines[0]) < width - 4:
        return [f"{indent}/** {lines[0]} */"]
    return [f"{indent}/**", *(f"{indent} * {line}".rstrip() for line in lines), f"{indent} */"]


def _wrapped(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]


def _harmless(line: str) -> str:
    shown = "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in line)
    return re.sub(r"(?<!\w)@", r"\\@", shown.replace("*/", "*\\/"))
