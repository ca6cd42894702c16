"""What a change of a contract means to clients: whom it breaks, shown by a value, or why it breaks nobody."""

from __future__ import annotations

from .changes import LEVELS, Change, Comparison, Level, Place, Witness
from .compare import compare_specs

__all__ = ["LEVELS", "Change", "Comparison", "Level", "Place", "Witness", "compare_specs"]
