"""Python's garbage collector, in a process that only serves."""

from __future__ import annotations

import gc

# Python's defaults, unless the application or the environment set others.
_THRESHOLDS = gc.get_threshold()
# New objects per search. An event of 10 KB makes hundreds, and with dozens of events under way a search
# after every 700, Python's default, walks all of them again and again and finds nothing: what events leave
# behind is freed by reference counts. Cycles wait longer, in a few megabytes.
_ALLOCATIONS = 50_000


def relax_collector() -> None:
    """Let Python's garbage collector search rarely, and never again among the objects that exist now.

    For the end of the start-up of a process that only serves, such as an application's lifespan; ``asynction-asgi run``
    calls it by itself. Does nothing if the thresholds have been changed before, or the collector is off.
    """
    if gc.isenabled() and gc.get_threshold() == _THRESHOLDS:
        gc.collect()
        gc.freeze()
        gc.set_threshold(_ALLOCATIONS, *_THRESHOLDS[1:])
