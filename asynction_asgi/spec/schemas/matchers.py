"""Patterns, compiled: a text goes in, whether it matches somewhere comes out."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from ..patterns import PatternError, parse_pattern, python_source

if TYPE_CHECKING:
    from collections.abc import Callable

    Matcher = Callable[[str], object]

__all__ = ["compile_pattern"]


@lru_cache(maxsize=1_024)
def compile_pattern(text: str) -> Matcher:
    """Compile a pattern; the result is true for a text that holds a match.

    Raises:
        PatternError: the pattern can't be checked.
    """
    try:
        return re.compile(python_source(parse_pattern(text))).search
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(str(error)) from error
