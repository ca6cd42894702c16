"""The parts of the reference that the code says best, as Markdown; nothing of them is committed.

A page has ``{generated} NAME`` where the part of that name belongs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .codes import diagnostic_codes, refusal_codes
from .commands import commands
from .extensions import extensions
from .instead import instead
from .metrics import metrics
from .options import limits, options
from .reasons import reasons

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["PARTS"]

PARTS: Mapping[str, Callable[[], str]] = {
    "commands": commands,
    "diagnostic-codes": diagnostic_codes,
    "extensions": extensions,
    "instead": instead,
    "limits": limits,
    "metrics": metrics,
    "options": options,
    "reasons": reasons,
    "refusal-codes": refusal_codes,
}
