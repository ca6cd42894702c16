"""Events without a handler, answered by a mock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from ..logs import get_logger
from .player import Player
from .scripts import write_scripts
from .settings import MockSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..spec import Spec

logger = get_logger()


class Gaps(Protocol):
    """Events without a handler, as a server's table of handlers knows them."""

    def unhandled(self) -> Mapping[str, Sequence[str]]:
        """Return the declared events that have no handler, by namespace."""

    def stand_in(self, namespace: str, event: str, function: Callable[..., Any], /) -> None:
        """Handle an event by `function` until it has a handler."""


def mock_missing(gaps: Gaps, spec: Spec) -> None:
    """Let a mock handle each event that has no handler, until it has one.

    The mock emits what the ``x-mock`` of such an event says, and nothing by itself.

    Args:
        gaps: The server's events.
        spec: The contract, as it is served.

    Raises:
        SpecError: An acknowledgement admits no value, or an ``x-mock`` doesn't fit.
    """
    wanted = gaps.unhandled()
    if not any(wanted.values()):
        return
    settings = MockSettings(interval=0)
    for namespace, script in write_scripts(spec, settings, only=wanted).items():
        for event, handler in Player(script, settings).answers().items():
            gaps.stand_in(namespace, event, handler)
        if script.acks:
            # Logged, so that no developer has to infer from the answers that they are mocked.
            logger.warning("a mock answers in %s: %s", namespace, ", ".join(map(repr, script.acks)))
