"""Regular expressions that are compiled by their first use."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Expression:
    """A regular expression of a format; compiling those of all formats takes longer than loading a small document."""

    def __init__(self, source: str, flags: re.RegexFlag = re.NOFLAG) -> None:
        self._source = source
        self._flags = flags

    @cached_property
    def fullmatch(self) -> Callable[[str], re.Match[str] | None]:
        """Match a whole text, or return None."""
        return re.compile(self._source, self._flags).fullmatch

    @cached_property
    def search(self) -> Callable[[str], re.Match[str] | None]:
        """Find the first match in a text, or return None."""
        return re.compile(self._source, self._flags).search
