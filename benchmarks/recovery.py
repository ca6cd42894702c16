"""Connection state recovery: what it costs per delivery, and whether anything is lost through random cuts.

The first table is server CPU per recipient of a validated broadcast to 1,000 clients, the second of single
emits to 20 clients, with offsets as arguments and as events, against the same server without ``x-recovery``,
loaded concurrently. No client answers a ping meanwhile, so each keeps as many events as the document allows.

The third is what socket.io-client, unmodified, received of 6,000 events through connections that break at
random, a third of them half-open, with a connect handler that is slow or not. It needs Node.js.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import sys
from statistics import median
from typing import TYPE_CHECKING

from .contract import SIZES, WHISPERS
from .load import Connection, broadcast_load, drive, whisper_load
from .processes import all_running, node_modules
from .report import Pair, arguments, heading, row
from .variants import VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .load import Load

RECIPIENTS = 1000
SINGLE_CLIENTS = 20
WARM_SECONDS = 0.2
BASELINE, FORMS = "ours", ("ours-argument", "ours-event")
EVENTS, PER_SECOND, CUTS = 6000, 500, 12


def measure(make: Callable[..., Load], clients: int, deliveries: int, *, rounds: int, seconds: float) -> None:
    """Run all pairs and print a table.

    Args:
        make: Makes the load of a server.
        clients: How many clients each server has.
        deliveries: How many events clients receive for each that is sent.
        rounds: How often.
        seconds: For how long each time.
    """
    with all_running(BASELINE, FORMS) as (baseline, forms):
        loads = {}
        for server in (baseline, *forms):
            connections = [Connection(server) for _ in range(clients)]
            offsets = 1 if server.name == "ours-event" else 0
            loads[server.name] = make(server, connections, offsets=offsets)
            drive([loads[server.name]], WARM_SECONDS)
        pairs: dict[str, list[Pair]] = {server.name: [] for server in forms}
        for _ in range(rounds):
            for name, costs in pairs.items():
                both = [loads[name], loads[baseline.name]]
                for one in both:
                    one.done, one.cpu = 0, 0.0
                drive(both, seconds)
                cost, off = (one.cpu / one.done / deliveries for one in both)
                costs.append(Pair(cost=cost, baseline=off))
        off = median(pair.baseline for costs in pairs.values() for pair in costs)
        without = [Pair(cost=off, baseline=off)]
        for name, costs in {baseline.name: without, **pairs}.items():
            row(f"{SIZES['flat']} B", VARIANTS[name].title, costs, scale=1e6)


def cut() -> None:
    """Send the events through random cuts, and print what arrived."""
    from tests.wire.cutting import received_through_cuts  # noqa: PLC0415  # only here

    modules = node_modules(["socket.io-client@4.8.4"], "recovery")
    print(f"\n{EVENTS:,} events, {PER_SECOND}/s, {CUTS} cuts, socket.io-client")
    for form in ("argument", "event"):
        for hold in (0.0, 0.15):
            numbers, recoveries = asyncio.run(
                received_through_cuts(
                    modules,
                    form=form,
                    events=EVENTS,
                    per_second=PER_SECOND,
                    cuts=CUTS,
                    hold=hold,
                    chance=random.Random(),
                )
            )
            lost = len(set(range(EVENTS)) - set(numbers))
            doubled = len(numbers) - len(set(numbers))
            turned = sum(after < before for before, after in itertools.pairwise(numbers))
            fresh = len(recoveries) - sum(recoveries) - 1
            words = f"{sum(recoveries)} recoveries, {fresh} new sessions, {lost} lost, {doubled} doubled, {turned} out of order"
            print(f"  {form:<9} connect handler {hold:4.2f} s: {words}")


def main() -> None:
    """Run the benchmark from the command line."""
    options = arguments(".recovery", __doc__, rounds=5, seconds=1.0).parse_args()
    heading(f"validated broadcast to {RECIPIENTS:,} clients", "µs of server CPU per recipient")
    measure(broadcast_load, RECIPIENTS, RECIPIENTS, rounds=options.rounds, seconds=options.seconds)
    heading(f"validated emits to one client each, of {SINGLE_CLIENTS}", "µs of server CPU per emit")
    measure(whisper_load, SINGLE_CLIENTS, WHISPERS, rounds=options.rounds, seconds=options.seconds)
    if shutil.which("node") is None:
        sys.exit("the third table needs Node.js and npm")
    cut()


if __name__ == "__main__":
    main()
