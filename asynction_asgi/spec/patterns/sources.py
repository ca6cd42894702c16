"""Patterns rewritten so that no engine decides by itself what a dot, a word or a property is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .tree import Alternation, Assertion, Group, Item, Look, Reference, Repeat, Sequence
from .unicode import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .tree import Pattern
    from .unicode import Ranges


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How one engine spells what they all have."""

    character: str
    assertions: Mapping[str, str]
    reference: str
    nothing: str


_PYTHON = _Dialect(
    character="\\U{:08x}",
    assertions={"^": r"\A", "$": r"\Z", "b": r"(?a:\b)", "B": r"(?a:\B)"},
    reference=r"(?({0})\{0}|)",  # a group that did not participate matches nothing
    nothing="(?!)",
)
_ECMA = _Dialect(
    character="\\u{{{:x}}}",
    assertions={"^": "^", "$": "$", "b": r"\b", "B": r"\B"},
    reference=r"\{0}",
    nothing=r"[^\s\S]",
)


def python_source(pattern: Pattern) -> str:
    """Write a pattern in the syntax of Python's ``re``."""
    return _source(pattern, _PYTHON)


def ecma_source(pattern: Pattern) -> str:
    """Write a pattern in ECMA-262, with every character and class spelled out."""
    return _source(pattern, _ECMA)


def _source(pattern: Pattern, dialect: _Dialect) -> str:
    if isinstance(pattern, Item):
        return _class_source(pattern.ranges, dialect)
    if isinstance(pattern, Assertion):
        return dialect.assertions[pattern.kind]
    if isinstance(pattern, Look):
        return f"({pattern.sign}{_source(pattern.body, dialect)})"
    if isinstance(pattern, Group):
        return f"({_source(pattern.body, dialect)})"
    if isinstance(pattern, Reference):
        return dialect.reference.format(pattern.target)
    if isinstance(pattern, Repeat):
        most = "" if pattern.most is None else pattern.most
        lazy = "?" if pattern.lazy else ""
        return f"(?:{_source(pattern.body, dialect)}){{{pattern.least},{most}}}{lazy}"
    if isinstance(pattern, Sequence):
        parts = ((part, _source(part, dialect)) for part in pattern.parts)
        return "".join(f"(?:{text})" if isinstance(part, Alternation) else text for part, text in parts)
    return "|".join(_source(option, dialect) for option in pattern.options)


def _class_source(ranges: Ranges, dialect: _Dialect) -> str:
    if ranges == ALL:
        return r"[\s\S]"
    if not ranges:
        return dialect.nothing

    def character(code: int) -> str:
        plain = code < 128 and chr(code).isalnum()
        return chr(code) if plain else dialect.character.format(code)

    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return character(ranges[0][0])
    spans = (character(low) if low == high else f"{character(low)}-{character(high)}" for low, high in ranges)
    return f"[{''.join(spans)}]"
