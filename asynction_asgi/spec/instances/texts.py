"""Texts: by length, by pattern, by format."""

from __future__ import annotations

import base64
import re
from functools import cache
from typing import TYPE_CHECKING

from ..patterns import parse_pattern, python_source
from ..patterns.tree import Alternation, Group, Item, Reference, Repeat, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..patterns.tree import Pattern
    from .choices import Choices

__all__ = ["FORMATS", "matches", "matching", "plain", "word"]

WORDS = (
    "alpha",
    "bravo",
    "delta",
    "echo",
    "golf",
    "hotel",
    "india",
    "kilo",
    "lima",
    "mike",
    "oscar",
    "tango",
)
_HEX = "0123456789abcdef"
_LONGEST = 4096
_PRINTABLE = ((0x61, 0x7A), (0x30, 0x39), (0x41, 0x5A), (0x20, 0x7E))


def word(choices: Choices) -> str:
    """A short word."""
    return choices.pick(WORDS)


def plain(choices: Choices, least: int, most: int) -> str:
    """Words of a length between `least` and `most`."""
    text = word(choices)
    while len(text) < least:
        text += f" {word(choices)}"
    return text[:most] if least <= most else text


@cache
def _compiled(pattern: str) -> tuple[Pattern, re.Pattern[str]]:
    tree = parse_pattern(pattern)
    return tree, re.compile(python_source(tree))


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern of the document is found in the text."""
    return _compiled(pattern)[1].search(text) is not None


def matching(pattern: str, choices: Choices, more: int) -> str:
    """A text that probably matches; the higher `more`, the more its open repetitions repeat."""
    return _match(_compiled(pattern)[0], choices, more, {})


def _match(pattern: Pattern, choices: Choices, more: int, groups: dict[int, str]) -> str:
    if isinstance(pattern, Item):
        return _character(pattern.ranges, choices)
    if isinstance(pattern, Sequence):
        return "".join([_match(one, choices, more, groups) for one in pattern.parts])
    if isinstance(pattern, Alternation):
        return _match(choices.pick(pattern.options), choices, more, groups)
    if isinstance(pattern, Group):
        groups[pattern.number] = text = _match(pattern.body, choices, more, groups)
        return text
    if isinstance(pattern, Reference):
        return groups.get(pattern.target, "")
    if isinstance(pattern, Repeat):
        most = pattern.least + more if pattern.most is None else min(pattern.most, pattern.least + more)
        count = min(choices.integer(pattern.least, most), _LONGEST)
        return "".join([_match(pattern.body, choices, more, groups) for _ in range(count)])[:_LONGEST]
    return ""  # a look or an assertion: what surrounds it may satisfy it


@cache
def _readable(ranges: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """The part of a set that reads best, or all of it."""
    found = [
        (max(low, first), min(high, last))
        for first, last in _PRINTABLE
        for low, high in ranges
        if max(low, first) <= min(high, last)
    ]
    solid = [(low, high) for low, high in ranges if not (low >= 0xD800 and high <= 0xDFFF)]
    return tuple(found or solid or [(0x61, 0x61)])


def _character(ranges: tuple[tuple[int, int], ...], choices: Choices) -> str:
    low, high = choices.pick(_readable(ranges))
    code = choices.integer(low, high)
    return chr(low if 0xD800 <= code <= 0xDFFF else code)


def _date(choices: Choices) -> str:
    return f"{choices.integer(1970, 2037)}-{choices.integer(1, 12):02}-{choices.integer(1, 28):02}"


def _time(choices: Choices) -> str:
    return f"{choices.integer(0, 23):02}:{choices.integer(0, 59):02}:{choices.integer(0, 59):02}Z"


def _hex(choices: Choices, count: int) -> str:
    return "".join([_HEX[choices.integer(0, 15)] for _ in range(count)])


def _uuid(choices: Choices) -> str:
    head, tail = f"{_hex(choices, 8)}-{_hex(choices, 4)}", f"{_hex(choices, 3)}-{_hex(choices, 12)}"
    return f"{head}-4{_hex(choices, 3)}-{choices.pick('89ab')}{tail}"


def _host(choices: Choices) -> str:
    return f"{word(choices)}.example.com"


def _email(choices: Choices) -> str:
    return f"{word(choices)}.{word(choices)}@example.com"


def _uri(choices: Choices) -> str:
    return f"https://{_host(choices)}/{word(choices)}"


def _path(choices: Choices) -> str:
    return f"/{word(choices)}/{choices.integer(0, 9)}"


def _ipv6(choices: Choices) -> str:
    return f"2001:db8::{_hex(choices, 3)}:1"


def _duration(choices: Choices) -> str:
    return f"P{choices.integer(1, 30)}DT{choices.integer(1, 23)}H"


FORMATS: Mapping[str, Callable[[Choices], str]] = {
    "date": _date,
    "date-time": lambda choices: f"{_date(choices)}T{_time(choices)}",
    "time": _time,
    "duration": _duration,
    "email": _email,
    "idn-email": _email,
    "hostname": _host,
    "idn-hostname": _host,
    "ipv4": lambda choices: f"192.0.2.{choices.integer(1, 254)}",
    "ipv6": _ipv6,
    "uri": _uri,
    "uri-reference": _path,
    "iri": _uri,
    "iri-reference": _path,
    "uri-template": lambda choices: f"/{word(choices)}/{{id}}",
    "uuid": _uuid,
    "json-pointer": _path,
    "relative-json-pointer": lambda choices: f"{choices.integer(0, 9)}/{word(choices)}",
    "regex": lambda choices: f"^{word(choices)}+$",
    "byte": lambda choices: base64.b64encode(word(choices).encode()).decode(),
}
