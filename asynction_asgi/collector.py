"""Python's garbage collector, in a process that only serves."""

from __future__ import annotations

import gc
import sys

# Python's own: of 3.13, and of the incremental collector of 3.14. Any others are the application's choice.
_DEFAULTS = ((2000, 10, 10), (2000, 10, 0)) if sys.version_info >= (3, 13) else ((700, 10, 10),)
# New objects per search. An event of 10 KB makes hundreds, and with dozens of events under way a search
# after every 700 or 2,000, as by default, walks all of them again and again and finds nothing: reference
# counts free what events leave behind. Cycles wait longer, in a few megabytes.
_ALLOCATIONS = 50_000


def relax_collector() -> None:
    """Let Python's garbage collector search rarely, and never again among the objects that exist now.

    For the end of the start-up of a process that only serves, such as an application's lifespan; ``asynction-asgi run``
    calls it by itself. Does nothing if the collector is off or its thresholds are not Python's defaults.
    """
    thresholds = gc.get_threshold()
    if gc.isenabled() and thresholds in _DEFAULTS:
        gc.collect()
        gc.freeze()
        gc.set_threshold(_ALLOCATIONS, *thresholds[1:])
