"""Cells in files, which a supervisor adds up: each worker's are a file that outlives its death.

A worker holds a lock on its file as long as it lives, which the kernel releases however it dies. The
supervisor adds the counters of dead workers to a sum of its own, so that no counter ever falls.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .families import FAMILIES
from .health import Health, combined
from .layout import Layout

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence
    from pathlib import Path

# The layout's hash, the length of its description, the time of the last beat, and the flags of `Health`. The time is
# 0 while the application starts or ends, when no beat is due.
_HEAD = struct.Struct("8sQdQ")
_BEAT = struct.Struct("dQ")
_BEAT_AT = 16
_CELL = 8
_SUFFIX = ".cells"


class WorkerFile:
    """The file of one application in a worker.

    Args:
        folder: Of all workers; only their user may read it.
        layout: The application's.

    Attributes:
        cells: The application's, in shared memory.

    Raises:
        OSError: They don't fit on the disk or into memory; the file is removed.
    """

    def __init__(self, folder: Path, layout: Layout) -> None:
        described = _describe(layout)
        start = _HEAD.size + len(described)
        name = f"{time.monotonic_ns()}-{os.getpid()}"
        hidden = folder / f"{name}.new"
        file = os.open(hidden, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        size = start + layout.size * _CELL
        try:
            os.ftruncate(file, size)
            _reserve(file, size)
            self._map = mmap.mmap(file, 0)
            _hold(hidden)
        except OSError:
            hidden.unlink()
            raise
        finally:
            os.close(file)
        self._map[:start] = _HEAD.pack(layout.hash, len(described), 0.0, 0) + described
        self.cells: MutableSequence[float] = memoryview(self._map)[start:].cast("d")  # type: ignore[assignment]  # typeshed has no item type
        hidden.rename(folder / f"{name}{_SUFFIX}")

    def beat(self, health: Health) -> None:
        """Note that the process lives, and how."""
        _BEAT.pack_into(self._map, _BEAT_AT, time.monotonic(), health.flags)

    def end(self, health: Health) -> None:
        """Note that no further beat is due."""
        _BEAT.pack_into(self._map, _BEAT_AT, 0.0, health.flags)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    pid: int
    layout: Layout
    cells: Sequence[float]
    beat: float
    health: Health


class Gathering:
    """The workers of a supervisor, read from their files.

    Args:
        folder: Of all workers.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._layouts: dict[bytes, Layout] = {}
        self._newest: dict[str | None, Layout] = {}
        self._dead: dict[bytes, list[float]] = {}
        self._living: list[_Part] = []

    def look(self) -> None:
        """Read the files again, and fold those of the dead."""
        self._living = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}"), key=_age):
            with path.open("rb") as file:
                part = self._read(path, file.read())
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    self._living.append(part)
                    continue
                file.seek(0)  # it may have counted between the two
                self._bury(self._read(path, file.read()))
                path.unlink()

    def totals(self) -> list[tuple[Layout, Sequence[float]]]:
        """Return the sum over all workers since the start, for each application by name."""
        totals = {name: (layout, [0.0] * layout.size) for name, layout in self._newest.items()}
        for key, cells in self._dead.items():
            layout = self._layouts[key]
            _add(*totals[layout.name], layout, cells)
        for part in self._living:
            _add(*totals[part.layout.name], part.layout, part.cells)
        return list(totals.values())

    def silence(self) -> float:
        """Return the seconds since the last beat of the worker that has been silent longest, if one is due."""
        now = time.monotonic()
        return max((now - part.beat for part in self._living if part.beat), default=0.0)

    @property
    def workers(self) -> Sequence[Health]:
        """What each living worker says of itself, all its applications together."""
        workers: dict[int, list[Health]] = {}
        for part in self._living:
            workers.setdefault(part.pid, []).append(part.health)
        return [combined(parts) for parts in workers.values()]

    def _read(self, path: Path, content: bytes) -> _Part:
        key, length, beat, flags = _HEAD.unpack_from(content)
        start = _HEAD.size + length
        layout = self._layouts.get(key)
        if layout is None:
            layout = self._layouts[key] = _understand(content[_HEAD.size : start])
        self._newest[layout.name] = layout
        cells = memoryview(content)[start:].cast("d")
        return _Part(
            pid=int(path.stem.partition("-")[2]),
            layout=layout,
            cells=cells.tolist(),
            beat=beat,
            health=Health.of(flags),
        )

    def _bury(self, part: _Part) -> None:
        key, layout = part.layout.hash, part.layout
        sums = self._dead.setdefault(key, [0.0] * layout.size)
        for block in layout.blocks:
            if block.family.kind != "gauge":
                for at in range(block.at, block.at + block.size):
                    sums[at] += part.cells[at]


# Kept open: closing them would release the locks.
_locks: list[int] = []


def _hold(path: Path) -> None:
    """Lock a file until the process ends, by a descriptor that the map does not duplicate."""
    lock = os.open(path, os.O_RDWR)
    _locks.append(lock)
    fcntl.flock(lock, fcntl.LOCK_EX)


def _let_go() -> None:
    """Close the locks' descriptors in a child, which would hold the locks when the worker is dead."""
    while _locks:
        os.close(_locks.pop())


os.register_at_fork(after_in_child=_let_go)


def _reserve(file: int, size: int) -> None:
    """Take the space of a file, so that a full disk is an error now and not a signal at a later count."""
    if hasattr(os, "posix_fallocate"):  # not on macOS
        os.posix_fallocate(file, 0, size)


def _age(path: Path) -> int:
    return int(path.name.partition("-")[0])


def _add(target: Layout, sums: list[float], layout: Layout, cells: Sequence[float]) -> None:
    """Add the cells of one layout to those of another, which may have fewer series."""
    for block in layout.blocks:
        into = target.find(block.family, *block.labels)
        if into is None or not any(cells[block.at : block.at + block.size]):
            continue
        greatest = block.family.kind == "gauge" and block.family.combined == "max"
        for at, place in zip(range(block.at, block.at + block.size), target.places(into, block), strict=True):
            if place is None or not cells[at]:
                continue
            sums[place] = max(sums[place], cells[at]) if greatest else sums[place] + cells[at]


def _describe(layout: Layout) -> bytes:
    """Return a layout as JSON, padded to whole cells."""
    values = list(dict.fromkeys(block.values for block in layout.blocks))
    numbers = {texts: number for number, texts in enumerate(values)}
    families = {family: number for number, family in enumerate(FAMILIES)}
    blocks = [
        (families[block.family], block.labels, numbers[block.values], block.shown) for block in layout.blocks
    ]
    text = json.dumps({"name": layout.name, "values": values, "blocks": blocks}).encode()
    return text + b" " * (-len(text) % _CELL)


def _understand(text: bytes) -> Layout:
    described = json.loads(text)
    values = [tuple(texts) for texts in described["values"]]
    series = (
        (FAMILIES[family], tuple(labels), values[number], shown)
        for family, labels, number, shown in described["blocks"]
    )
    return Layout(list(series), described["name"])
