"""Whether the queue can be reached, what was lost in outages, and the log lines about both."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from ...logs import Throttle
from ...reasons import Lost
from .traffic import Traffic
from .troubles import describe_error, name_trouble

if TYPE_CHECKING:
    Part = Literal["writing", "reading"]

_SECONDS = 60.0  # between two outages that are logged
_MOST_NAMED = 3


class Outages:
    """One line when an outage begins, and one when it has ended and it is known what was lost.

    Args:
        place: The queue, as it may be logged.
        logger: The logger for both lines.
        lost: Counts lost messages by the reason, as far as this process knows.
        settle: Seconds after an outage in which missing messages may still arrive.
        parts: What has to work for the queue to count as connected.
        traffic: Counts outages.

    Attributes:
        last_error: The text of the last error.
        state: What the queue does instead of working, by the last error; continues a sentence after its name.
        begun: How many outages have begun.
    """

    def __init__(
        self,
        place: str,
        logger: Any,
        *,
        lost: Counter[str],
        settle: float,
        parts: tuple[Part, ...] = ("writing", "reading"),
        traffic: Traffic | None = None,
    ) -> None:
        self._traffic = traffic or Traffic()
        self._counts = lost
        self.last_error = ""
        self.state = ""
        self.begun = 0
        self._place = place
        self._logger = logger
        self._settle = settle
        self._down: set[Part] = set(parts)
        self._began: float | None = None
        self._back: asyncio.TimerHandle | None = None
        self._lasted = 0.0
        self._told = False
        self._lost: Counter[tuple[str, Lost]] = Counter()
        self._throttle = Throttle(_SECONDS)

    @property
    def connected(self) -> bool:
        """Whether this process can write and is subscribed, as far as it knows."""
        return not self._down

    @property
    def without(self) -> float:
        """Seconds without the queue since the process began."""
        now = 0.0
        if self._began is not None:
            now = self._lasted if self.connected else time.monotonic() - self._began
        return self._traffic.without + now

    @property
    def is_quiet(self) -> bool:
        """Whether there is no outage, and messages that the last one delayed have had time to arrive."""
        return self._began is None

    def begin(self, part: Part, error: BaseException) -> None:
        """Note that a connection can't be opened, or was lost."""
        self._down.add(part)
        self.last_error, trouble = describe_error(error), name_trouble(error)
        self.state = trouble.state
        if self._back is not None:  # the same outage goes on
            self._back.cancel()
            self._back = None
        if self._began is None:
            self._began = time.monotonic()
            self.begun += 1
            self._lost.clear()
            unsaid = self._throttle.admits(self._place)
            self._told = unsaid is not None
            if self._told:
                self._logger.error(
                    "the message queue %s %s (%s): until it is back, this process and the others do not receive each"
                    " other's events. %s; the connection is retried automatically%s",
                    self._place,
                    trouble.state,
                    self.last_error.rstrip("."),
                    trouble.remedy,
                    unsaid,
                )

    def end(self, part: Part) -> None:
        """Note that a connection is open."""
        if part not in self._down:
            return
        self._down.discard(part)
        if self.connected and self._began is not None:
            self._lasted = seconds = time.monotonic() - self._began
            self._back = asyncio.get_running_loop().call_later(self._settle, self._tell_end, seconds)

    def lose(self, reason: Lost, number: int = 1, *, sender: str = "this process") -> None:
        """Count messages that were lost."""
        self._counts[reason.value] += number
        self._lost[sender, reason] += number
        if self._began is None:
            self._tell_loss(reason, number, sender)

    def refuse(self, message: str) -> str:
        """Count and log a message that the broker refuses while it accepts others; return the text of the log."""
        self.lose(Lost.REFUSED)
        text = (
            f"the message queue {self._place} refuses {message}: {self.last_error.rstrip('.')}; send less in one"
            " event, or raise the broker's limit"
        )
        unsaid = self._throttle.admits("refused")
        if unsaid is not None:
            self._logger.error("%s. Other processes don't receive it%s", text, unsaid)
        return text

    def close(self) -> None:
        """Stop logging, and count an outage that is still going on."""
        if self._back is not None:
            self._back.cancel()
        if self._began is not None:
            self._traffic.outages += 1
            self._traffic.without = self.without
            self._began = self._back = None

    def _tell_end(self, seconds: float) -> None:
        self._began = self._back = None
        self._traffic.outages += 1
        self._traffic.without += seconds
        if not self._told and not self._lost:
            return
        lost = sum(self._lost.values())
        senders = Counter[str]()
        for (sender, _), number in self._lost.items():
            senders[sender] += number
        named = ", ".join(f"{number} of {sender}" for sender, number in senders.most_common(_MOST_NAMED))
        self._logger.warning(
            "the message queue %s is back after %.1f seconds; messages lost: %d%s",
            self._place,
            seconds,
            lost,
            f" ({named})" if lost else "",
        )

    def _tell_loss(self, reason: Lost, number: int, sender: str) -> None:
        """Log messages that the sender or the broker lost while this process had no outage."""
        unsaid = self._throttle.admits(reason)
        if unsaid is not None:
            self._logger.warning(
                "the message queue %s: %d messages of %s never came%s", self._place, number, sender, unsaid
            )
