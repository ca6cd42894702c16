"""What making an instance costs, against the check that accepts it.

``python -m benchmarks.instances [--rounds N]``. Schemas of many kinds, as many instances of each; the
cost is CPU time per instance, from a seeded generator, its own checks included.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser

from asynction_asgi.spec.instances import Choices
from asynction_asgi.spec.model.arguments import compile_arguments
from tests.spec.instances.test_instances import EVENTS, INSTANCES, SPEC

from .report import Pair, heading, row

_COUNT = 50  # of each schema and round


def _costs(seed: int) -> Pair:
    """Seconds per instance: to make it, and to check it once more."""
    choices, made, checked = Choices.seeded(seed), 0.0, 0.0
    for event in EVENTS:
        accept = compile_arguments(event.arguments, SPEC.bundle)
        start = time.process_time()
        values = [INSTANCES.event(event, choices) for _ in range(_COUNT)]
        made += time.process_time() - start
        start = time.process_time()
        for one in values:
            accept(one)
        checked += time.process_time() - start
    count = len(EVENTS) * _COUNT
    return Pair(cost=made / count, baseline=checked / count)


def measure(rounds: int) -> None:
    """Print one line; an instance that is not accepted ends the program with the reason."""
    heading(f"Instances of {len(EVENTS)} schemas", "microseconds each")
    pairs = [_costs(seed) for seed in range(rounds)]
    row("", "made, against one check", pairs, scale=1e6)
    rate = 1 / min(pair.cost for pair in pairs)
    print(f"{'':12}{rate:,.0f} instances/s on one core, all valid")


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    measure(parser.parse_args().rounds)


if __name__ == "__main__":
    main()
