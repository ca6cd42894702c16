"""Events without a handler, answered by what the contract says of their answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..logs import get_logger
from ..standins import MockSettings, Player, write_scripts

if TYPE_CHECKING:
    from ..spec import Spec
    from .routes import Routes

__all__ = ["is_mocked", "mock_missing"]

logger = get_logger()


def is_mocked(option: object) -> bool:
    """Whether the option ``mock`` is ``"missing"``, the one value that it has.

    Raises:
        ValueError: it is another.
    """
    if option not in (None, "missing"):
        raise ValueError(f'mock must be "missing" or None, not {option!r}')
    return option is not None


def mock_missing(routes: Routes, spec: Spec) -> None:
    """Let a mock handle each event that nothing handles, until something does.

    It emits what the ``x-mock`` of such an event says, and nothing by itself.

    Raises:
        SpecError: an acknowledgement admits no value, or an ``x-mock`` doesn't fit.
    """
    wanted = routes.unhandled()
    if not any(wanted.values()):
        return
    settings = MockSettings(interval=0)
    for name, script in write_scripts(spec, settings, only=wanted).items():
        for event, handler in Player(script, settings).answers().items():
            routes.stand_in(name, event, handler)
        if script.acks:
            # Nobody should find out by the answers.
            logger.warning("a mock answers in %s: %s", name, ", ".join(map(repr, script.acks)))
