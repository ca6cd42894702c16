"""Python's search for garbage in cycles, in a process that does nothing but serve."""

from __future__ import annotations

import gc

__all__ = ["relax_collector"]

# As Python has it, unless an application or whoever started the process wants something else.
_THRESHOLDS = gc.get_threshold()
# New objects per search. An event of 10 KB makes hundreds, and with some dozens of them under way a search
# after every 700, Python's own measure, walks through all of them again and again and finds nothing: what
# events leave behind is freed by its reference count. Cycles wait longer, in a few megabytes.
_ALLOCATIONS = 50_000


def relax_collector() -> None:
    """Search rarely, and never again among what has been loaded so far.

    Does nothing where the thresholds were set by somebody else, or the collector is off.
    """
    if gc.isenabled() and gc.get_threshold() == _THRESHOLDS:
        gc.collect()
        gc.freeze()
        gc.set_threshold(_ALLOCATIONS, *_THRESHOLDS[1:])
