"""How fast instances are made: checked values per second on one core, over schemas of many kinds.

``python -m benchmarks.instances``
"""

from __future__ import annotations

import time

from asynction_asgi.spec.arguments import compile_arguments
from asynction_asgi.spec.instances import Choices
from tests.spec.instances.test_instances import EVENTS, INSTANCES, SPEC

_COUNT = 200  # of each schema


def main() -> None:
    """Make and check `_COUNT` instances of every schema; print the rate and how many are valid."""
    choices, spent, made = Choices.seeded(1), 0.0, 0
    for event in EVENTS:
        accept = compile_arguments(event.arguments, SPEC.bundle)
        start = time.perf_counter()
        values = [INSTANCES.event(event, choices) for _ in range(_COUNT)]
        spent += time.perf_counter() - start
        for one in values:
            accept(list(one))
        made += len(values)
    print(f"{len(EVENTS)} schemas, {made} instances, all valid: {made / spent:,.0f} instances/s")


if __name__ == "__main__":
    main()
