"""Which of one sender's numbered messages have arrived: duplicates are refused, and gaps are counted."""

from __future__ import annotations

# How many later messages of a sender may arrive before a missing one counts as lost.
REORDERED = 4096
_ALL = (1 << REORDERED) - 1
_OLDEST = REORDERED - 1


class Window:
    """A bit for each of the last numbers of one sender, as in RFC 4303, 3.4.3.

    Args:
        highest: The number of the first message.
        earlier: Whether lower numbers may still arrive; if not, they are refused.

    Attributes:
        highest: The highest number that was admitted.
        lost: How many numbers were skipped and never arrived, as far as is known.
    """

    __slots__ = ("_seen", "_settling", "highest", "lost")

    def __init__(self, highest: int, *, earlier: bool) -> None:
        self.highest = highest
        self.lost = 0
        self._seen = 0 if earlier else _ALL - 1
        self._settling = highest

    def admit(self, number: int) -> bool:
        """Record a number, and return whether it is new."""
        ahead = number - self.highest
        if ahead == 1 and self._seen == _ALL:  # nearly always
            self.highest = number
            return True
        if ahead > 0:
            gone = min(ahead, REORDERED)
            self.lost += gone - (self._seen >> (REORDERED - gone)).bit_count() + ahead - gone
            self._seen = (self._seen << gone) & _ALL
            self.highest = number
        behind = self.highest - number
        if behind > _OLDEST or self._seen >> behind & 1:
            return False
        self._seen |= 1 << behind
        return True

    def settle(self) -> int:
        """Give up the gaps that existed at the last call, and return how many messages were lost since then."""
        if self._seen != _ALL:
            below = (_ALL << min(self.highest - self._settling, REORDERED)) & _ALL
            holes = below & ~self._seen
            self.lost += holes.bit_count()
            self._seen |= holes
        self._settling = self.highest
        lost, self.lost = self.lost, 0
        return lost
