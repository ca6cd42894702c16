"""The cost of generating an instance, relative to the check that accepts it.

``python -m benchmarks.instances [--rounds N]``. Each of many schemas gets the same number of instances;
the cost is CPU time per instance, from a seeded generator, including the generator's own checks.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser

from asynction_asgi.spec.instances import Choices
from asynction_asgi.spec.model.arguments import compile_arguments
from tests.spec.instances.test_instances import EVENTS, INSTANCES, SPEC

from .report import Pair, heading, row

_COUNT = 50  # per schema and round


def _costs(seed: int) -> Pair:
    """Return the seconds per instance for generating it and for another check."""
    choices, made, checked = Choices.seeded(seed), 0.0, 0.0
    for event in EVENTS:
        accept = compile_arguments(event.arguments, SPEC.bundle)
        start = time.process_time()
        values = [INSTANCES.event(event, choices) for _ in range(_COUNT)]
        made += time.process_time() - start
        start = time.process_time()
        for value in values:
            accept(value)
        checked += time.process_time() - start
    count = len(EVENTS) * _COUNT
    return Pair(cost=made / count, baseline=checked / count)


def measure(rounds: int) -> None:
    """Print a row; an invalid instance ends the program with the reason."""
    heading(f"Instances of {len(EVENTS)} schemas", "microseconds per instance")
    pairs = [_costs(seed) for seed in range(rounds)]
    row("", "generated, relative to a check", pairs, scale=1e6)
    rate = 1 / min(pair.cost for pair in pairs)
    print(f"{'':12}{rate:,.0f} instances/s on one core, all valid")


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    measure(parser.parse_args().rounds)


if __name__ == "__main__":
    main()
