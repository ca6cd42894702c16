"""How a contract change affects clients: which ones it breaks, with a value that shows it, or why it breaks none."""

from __future__ import annotations

from .changes import LEVELS, Change, Comparison, Level, Place, Witness
from .compare import compare_specs

__all__ = ["LEVELS", "Change", "Comparison", "Level", "Place", "Witness", "compare_specs"]
