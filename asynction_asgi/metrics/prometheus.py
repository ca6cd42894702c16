"""A collector for prometheus-client, whose registry then holds these metrics beside an application's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from .families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client.metrics_core import Metric

    from .families import Family
    from .sample import Sample


class SampleCollector(Collector):
    """Converts samples whenever the registry is scraped.

    Args:
        read: Returns the samples; those of a metric have the same labels.
    """

    def __init__(self, read: Callable[[], Iterable[Sample]]) -> None:
        self._read = read

    def describe(self) -> Iterator[Metric]:
        """Yield each metric without samples, by which a registry refuses a second collector."""
        for family in FAMILIES:
            yield _metric(family, family.labels)

    def collect(self) -> Iterable[Metric]:
        """Return each metric with its samples."""
        metrics: dict[Family, Metric] = {}
        for sample in self._read():
            if sample.family not in metrics:
                metrics[sample.family] = _metric(sample.family, tuple(sample.labels))
            _add(metrics[sample.family], sample)
        return metrics.values()


def _metric(family: Family, labels: tuple[str, ...]) -> Metric:
    if family.kind == "counter":
        return CounterMetricFamily(family.name, family.help, labels=labels)
    if family.kind == "gauge":
        return GaugeMetricFamily(family.name, family.help, labels=labels)
    return HistogramMetricFamily(family.name, family.help, labels=labels)


def _add(metric: Metric, sample: Sample) -> None:
    values = tuple(sample.labels.values())
    if isinstance(metric, HistogramMetricFamily):
        bounds = [*map(repr, sample.family.buckets), "+Inf"]
        counts = [*sample.buckets, sample.value]
        metric.add_metric(values, list(zip(bounds, counts, strict=True)), sample.sum)
    elif isinstance(metric, CounterMetricFamily | GaugeMetricFamily):
        metric.add_metric(values, sample.value)
