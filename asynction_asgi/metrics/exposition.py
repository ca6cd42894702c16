"""The text formats that Prometheus scrapes, written from cells.

Nearly all of a line is fixed by the layout, so it is made once: a scrape fills in numbers.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from ..negotiation import preferred
from .families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .families import Family
    from .layout import Block, Layout

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_OFFERED = {PROMETHEUS: ["text/plain"], OPENMETRICS: ["application/openmetrics-text"]}


def choose_format(accept: str) -> str:
    """Return the media type to answer a header ``Accept`` with; OpenMetrics only for a client that prefers it."""
    return preferred(accept, _OFFERED)


class Exposition:
    """Writes the metrics of several applications as one text.

    Args:
        layouts: Of each application; their names differ.
    """

    def __init__(self, layouts: Sequence[Layout]) -> None:
        self._families: dict[Family, list[tuple[int, Callable[[Sequence[float]], str]]]] = {
            family: [] for family in FAMILIES
        }
        for number, layout in enumerate(layouts):
            for block in layout.blocks:
                self._families[block.family].append((number, _writer(block, layout.name)))

    def write(self, cells: Sequence[Sequence[float]], media_type: str = PROMETHEUS) -> str:
        """Return the exposition.

        Args:
            cells: Of each application, in the order of the layouts.
            media_type: `PROMETHEUS` or `OPENMETRICS`.
        """
        opened = media_type == OPENMETRICS
        parts: list[str] = []
        for family, writers in self._families.items():
            text = "".join([write(cells[number]) for number, write in writers])
            if text:
                parts += (_head_open(family) if opened else _head(family), text)
        if opened:
            parts.append("# EOF\n")
        return "".join(parts)


def _head(family: Family) -> str:
    return f"# HELP {family.sample} {_escaped(family.help)}\n# TYPE {family.sample} {family.kind}\n"


def _head_open(family: Family) -> str:
    unit = f"# UNIT {family.name} {family.unit}\n" if family.unit else ""
    text = _escaped(family.help).replace('"', '\\"')
    return f"# TYPE {family.name} {family.kind}\n{unit}# HELP {family.name} {text}\n"


def _writer(block: Block, name: str | None) -> Callable[[Sequence[float]], str]:
    """Return what writes the lines of a block."""
    family = block.family
    common = [] if name is None else [("app", name)]
    labels = [*common, *zip(family.labels, block.labels, strict=False)]
    if family.kind == "histogram":
        return _histogram_writer(block, labels)
    if not block.values:
        return _number_writer(f"{family.sample}{_braces(labels)} ", block.at)
    return _row_writer(block, labels)


def _number_writer(head: str, at: int) -> Callable[[Sequence[float]], str]:
    def write(cells: Sequence[float]) -> str:
        return f"{head}{_number(cells[at])}\n"

    return write


def _row_writer(block: Block, labels: Sequence[tuple[str, str]]) -> Callable[[Sequence[float]], str]:
    start, end, shown = block.at, block.at + block.size, block.shown
    last = block.family.labels[-1]
    heads: dict[int, str] = {}  # most of them are never needed

    def head(offset: int) -> str:
        every = _braces([*labels, (last, block.values[offset])])
        return heads.setdefault(offset, f"{block.family.sample}{every} ")

    def write(cells: Sequence[float]) -> str:
        values = cells[start:end]
        if not shown and not any(values):
            return ""
        lines = [
            f"{heads.get(offset) or head(offset)}{_number(value)}\n"
            for offset, value in enumerate(values)
            if value or offset < shown
        ]
        return "".join(lines)

    return write


def _histogram_writer(block: Block, labels: Sequence[tuple[str, str]]) -> Callable[[Sequence[float]], str]:
    name = block.family.sample
    bounds = [*map(repr, block.family.buckets), "+Inf"]
    lines = [f"{name}_bucket{_braces([*labels, ('le', bound)])}" for bound in bounds]
    plain = _braces(labels)
    sum_at = block.at + len(bounds)
    lines += [f"{name}_count{plain}", f"{name}_sum{plain}"]
    template = "".join(f"{line.replace('%', '%%')} %s\n" for line in lines)
    empty = template % (*[0] * len(lines),)

    def write(cells: Sequence[float]) -> str:
        values = cells[block.at : sum_at]
        if not any(values):
            return empty
        counts = list(accumulate(map(int, values)))
        return template % (*counts, counts[-1], _number(cells[sum_at]))

    return write


def _number(value: float) -> str:
    whole = int(value)
    return str(whole) if whole == value else repr(float(value))


def _braces(labels: Sequence[tuple[str, str]]) -> str:
    if not labels:
        return ""
    pairs = ",".join(f'{label}="{_quoted(value)}"' for label, value in labels)
    return f"{{{pairs}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')
