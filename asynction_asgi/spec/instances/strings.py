"""Strings, and bytes, by every keyword about them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..schemas import formats
from .formats import FORMATS, lengthened
from .selection import DeadEndError
from .texts import matches, matching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..schemas.definitions import Schema
    from ..schemas.shape import Shape
    from .choices import Choices

    Make = Callable[[Choices], str]

# Texts of a format, and of a pattern, of which none fits the other keywords.
_FORMAT_ATTEMPTS = 10
_PATTERN_ATTEMPTS = 60
_LONGEST = 1_000_000
# How long a text, and how many bytes, are where nothing is said.
_USUAL_BYTES = 4


class Providers(Protocol):
    """Gives texts of formats that JSON Schema doesn't know, and texts for properties of common names."""

    def of_format(self, name: str) -> Make | None:
        """Return what makes a text of a format, or None for an unknown name."""

    def of_property(self, name: str) -> Make | None:
        """Return what makes a text for a property, or None for an unknown name."""


def string(shape: Shape[Schema], choices: Choices, about: str, providers: Providers | None) -> str:
    """Make a text that meets the bounds, the patterns and the formats.

    Raises:
        DeadEndError: No value was found.
    """
    bounds = shape.bounds
    least, most = int(bounds.get("minLength", 0)), int(min(bounds.get("maxLength", _LONGEST), _LONGEST))
    if least > most:
        raise DeadEndError
    if not shape.formats and not shape.patterns and providers is None:
        return choices.text(least, most, about)

    def fits(text: str) -> bool:
        return (
            least <= len(text) <= most
            and all(matches(pattern, text) for pattern in shape.patterns)
            and all(formats.FORMATS[name](text) for name in shape.formats if name in formats.FORMATS)
        )

    before = choices.attempt
    try:
        for name, make in _makers(shape, about, providers):
            for attempt in range(_FORMAT_ATTEMPTS):
                choices.attempt = before + attempt
                text = lengthened(name, make(choices), least, most)
                if fits(text):
                    return text
        for attempt in range(_PATTERN_ATTEMPTS if shape.patterns else 0):
            choices.attempt = before + attempt
            for text in _matching(shape, choices, least, attempt):
                if fits(text):
                    return text
    finally:
        choices.attempt = before
    text = choices.text(least, most, about)
    if fits(text):
        return text
    raise DeadEndError


def _matching(shape: Shape[Schema], choices: Choices, least: int, attempt: int) -> Iterator[str]:
    """Yield texts that may match all patterns and more; the likeliest first."""
    more = max(1, least) if attempt % 2 else 1 + attempt // 4
    # One after the other, where they are open at their ends.
    patterns = sorted(shape.patterns, key=lambda pattern: pattern.endswith("$") - pattern.startswith("^"))
    text = "".join([matching(pattern, choices, more) for pattern in patterns])
    if len(text) >= least:
        yield text
    else:
        yield text + choices.text(least - len(text), least - len(text))
    if attempt:
        yield f"{choices.word()}{text}"
        for name in shape.formats:
            if name in FORMATS:
                known = FORMATS[name](choices)
                yield known + text
                yield text + known


def _makers(shape: Shape[Schema], about: str, providers: Providers | None) -> list[tuple[str, Make]]:
    found = [(name, FORMATS[name]) for name in shape.formats if name in FORMATS]
    if found or providers is None:
        return found
    makes = [providers.of_format(name) for name in shape.formats] or [providers.of_property(about)]
    return [("", make) for make in makes if make is not None]


def binary(shape: Shape[Schema], choices: Choices) -> bytes:
    """Make bytes that meet the bounds.

    Raises:
        DeadEndError: The bounds admit no bytes.
    """
    least = int(shape.bounds.get("minLength", 0))
    most = int(min(shape.bounds.get("maxLength", least + 8), least + 8))
    if least > most:
        raise DeadEndError
    count = choices.count(least, most, shown=_USUAL_BYTES)
    return bytes(choices.integer(0, 255) for _ in range(count))
