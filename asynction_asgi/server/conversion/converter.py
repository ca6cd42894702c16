"""`Converter`: one annotation's way from JSON's values to objects, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...errors import Violation

    Dump = Callable[[Any], Any]

Use = Literal["validation", "serialization"]
"""Whether values are read from JSON, or written as JSON."""
DECIMAL_PATTERN = r"^[+-]?(\d+\.?\d*|\.\d+)$"
"""Of the texts that both libraries read as a Decimal, those that are numbers in decimal notation."""


class UnsupportedError(Exception):
    """No library can convert an annotation; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a value is not converted.

    Attributes:
        violations: Places in the value.
        by_rule: Whether only rules in Python refused it, which no schema can express.
    """

    violations: tuple[Violation, ...]
    by_rule: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Converter:
    """Converts values of one annotation.

    Attributes:
        name: The annotation, for messages.
        load: Takes a value of JSON, or bytes in it; raises one of `errors` if it refuses the value.
        dumps: Take an object and return JSON's value of it: in full, then each leaving more members out.
        dump_errors: What `dumps` raise for an object that they can't write.
        errors: What `load` raises.
        explain: Takes such an error, and the value that was refused.
    """

    name: str
    load: Callable[[Any], Any]
    dumps: Sequence[Dump]
    dump_errors: tuple[type[Exception], ...]
    errors: tuple[type[Exception], ...]
    explain: Callable[[Any, Any], Refused]
