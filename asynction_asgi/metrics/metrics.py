"""`Metrics`: what an application counts, in every format in which it can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..extras import require
from . import families
from .exposition import OPENMETRICS, PROMETHEUS, Exposition
from .families import FAMILIES
from .sample import read_samples

if TYPE_CHECKING:
    from collections.abc import Callable, MutableSequence
    from pathlib import Path

    from opentelemetry.metrics import MeterProvider

    from .families import Family
    from .health import Health
    from .layout import Layout
    from .prometheus import SampleCollector
    from .sample import Sample
    from .shared import WorkerFile


class Metrics:
    """The metrics of one application; read them in its event loop, or from any thread.

    Args:
        layout: Which cell is which number.

    Attributes:
        layout: As given.
        cells: The numbers; `share` exchanges them before the first client comes.
        refresh: Brings those cells up to date that nothing writes as it happens, such as the number of clients.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.cells: MutableSequence[float] = [0.0] * layout.size
        self.refresh: Callable[[], None] = _do_nothing
        self._file: WorkerFile | None = None
        self._exposition = Exposition([layout])
        info = next(block for block in layout.blocks if block.family is families.INFO)
        self.cells[info.at] = 1
        self._version = info.labels[info.family.labels.index("version")]

    def share(self, folder: Path) -> None:
        """Move the cells into a file, which a supervisor reads; before the application starts.

        Args:
            folder: Of all workers.
        """
        from .shared import WorkerFile  # noqa: PLC0415  # for POSIX only

        before = self.cells
        self._file = WorkerFile(folder, self.layout)
        self.cells = self._file.cells
        for place, value in enumerate(before):
            self.cells[place] = value

    def beat(self, health: Health) -> None:
        """Bring the cells up to date, and tell a supervisor that the process lives."""
        if self._file is not None:
            self.refresh()
            self._file.beat(health)

    def end(self, health: Health) -> None:
        """Update the cells a final time, and tell the supervisor to expect no more beats."""
        if self._file is not None:
            self.refresh()
            self._file.end(health)

    def exposition(self, *, openmetrics: bool = False) -> str:
        """Return the metrics as text, for Prometheus or in the format of OpenMetrics 1.0."""
        self.refresh()
        return self._exposition.write([self.cells], OPENMETRICS if openmetrics else PROMETHEUS)

    def sample(self, *only: Family) -> list[Sample]:
        """Return every series that the exposition shows, or those of certain metrics."""
        self.refresh()
        return list(read_samples(self.layout, self.cells, only or FAMILIES))

    def collector(self, *others: Metrics) -> SampleCollector:
        """Return a collector to register with a registry of prometheus-client, which takes only one.

        Args:
            others: Of further servers, for the same registry; each server then has a name.

        Raises:
            ModuleNotFoundError: prometheus-client is not installed.
            ValueError: Two servers can't be told apart.
        """
        require("prometheus_client", "metrics.collector()", "prometheus")
        from .prometheus import SampleCollector  # noqa: PLC0415  # an extra

        return SampleCollector(_sample_all(self, *others))

    def instrument(self, *others: Metrics, meter_provider: MeterProvider | None = None) -> None:
        """Let OpenTelemetry read the metrics whenever it collects; it drops those of a second call.

        Args:
            others: Of further servers, for the same provider; each server then has a name.
            meter_provider: Where the instruments are registered; None is the global provider.

        Raises:
            ModuleNotFoundError: OpenTelemetry's API is not installed.
            ValueError: Two servers can't be told apart.
        """
        require("opentelemetry", "metrics.instrument()", "otel")
        from .otel import instrument  # noqa: PLC0415  # an extra

        instrument(_sample_all(self, *others), self._version, meter_provider)


def _sample_all(*every: Metrics) -> Callable[..., list[Sample]]:
    """Return what samples several servers, as `Metrics.sample` does one.

    Raises:
        ValueError: Two of them can't be told apart.
    """
    names = {metrics.layout.name for metrics in every}
    if len(every) > 1 and (None in names or len(names) < len(every)):
        raise ValueError(
            'several servers need different names: metrics="chat" in place of metrics=True for each'
        )

    def sample(*only: Family) -> list[Sample]:
        return [found for metrics in every for found in metrics.sample(*only)]

    return sample


def _do_nothing() -> None:
    """Leave the cells as they are."""
