"""The quick run: the shipped configurations and the bare server, in under a minute."""

from __future__ import annotations

from . import broadcast, echo
from .contract import PAYLOADS
from .report import arguments
from .variants import BARE


def main() -> None:
    """Run the echo and the broadcast with few short rounds."""
    parser = arguments("", __doc__, rounds=3, seconds=0.5)
    parser.set_defaults(variants=["ours", "ours-asgi", "ours-pure"])
    options = parser.parse_args()
    echo.measure(
        options.variants, list(PAYLOADS), baseline_name=BARE, rounds=options.rounds, seconds=options.seconds
    )
    broadcast.measure(options.variants, rounds=options.rounds, seconds=2 * options.seconds)


if __name__ == "__main__":
    main()
