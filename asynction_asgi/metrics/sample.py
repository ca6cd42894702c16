"""The metrics as values, for programs and for other libraries' formats."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from .families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from .families import Family
    from .layout import Block, Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One series at one moment.

    Attributes:
        family: The metric.
        labels: Its labels, by name.
        value: The number; of a histogram, how many durations were counted.
        sum: Of a histogram: the sum of the durations, in seconds.
        buckets: Of a histogram: how many durations were at most as long as each bound of the family.
    """

    family: Family
    labels: Mapping[str, str]
    value: float
    sum: float = 0.0
    buckets: tuple[int, ...] = ()


def read_samples(
    layout: Layout, cells: Sequence[float], only: Collection[Family] = FAMILIES
) -> Iterator[Sample]:
    """Yield the series of an application that an exposition would show, in the same order.

    Args:
        layout: The application's.
        cells: The numbers.
        only: The metrics to read.
    """
    common = {} if layout.name is None else {"app": layout.name}
    for block in layout.blocks:
        if block.family not in only:
            continue
        labels = {**common, **dict(zip(block.family.labels, block.labels, strict=False))}
        if block.family.kind == "histogram":
            yield _histogram(block, labels, cells)
        elif not block.values:
            yield Sample(family=block.family, labels=labels, value=cells[block.at])
        else:
            last = block.family.labels[-1]
            for offset, name in enumerate(block.values):
                value = cells[block.at + offset]
                if value or offset < block.shown:
                    yield Sample(family=block.family, labels={**labels, last: name}, value=value)


def _histogram(block: Block, labels: Mapping[str, str], cells: Sequence[float]) -> Sample:
    end = block.at + len(block.family.buckets)
    *buckets, count = accumulate(map(int, cells[block.at : end + 1]))
    return Sample(family=block.family, labels=labels, value=count, sum=cells[end + 1], buckets=tuple(buckets))
