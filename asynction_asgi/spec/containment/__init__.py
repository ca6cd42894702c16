"""Whether whatever one schema accepts is accepted by another: proved, shown by a value, or not known.

Pure, and counted in steps and tries: a verdict never depends on the machine.
"""

from __future__ import annotations

from .contain import Containment, Verdict

__all__ = ["Containment", "Verdict"]
