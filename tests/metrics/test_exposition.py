"""The text formats, read back by prometheus-client's parsers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from asynction_asgi.metrics import Metrics, families
from asynction_asgi.metrics.exposition import OPENMETRICS, PROMETHEUS, Exposition, choose_format

from .contracts import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Parse = Callable[[str], Iterable[Any]]

PARSERS = {PROMETHEUS: parse_text, OPENMETRICS: parse_openmetrics}
NAMES = ("say", 'a"b\\c\nd', "100 %s", "*")


def filled(metrics: Metrics) -> Metrics:
    """Put another number into each cell, and into those of histograms whole ones."""
    for place in range(metrics.layout.size):
        metrics.cells[place] = place + 1
    return metrics


def read(text: str, parse: Parse = parse_text) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return every sample by name and labels; no two are alike."""
    samples = [sample for family in parse(text) for sample in family.samples]
    found = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}
    assert len(found) == len(samples)
    return found


@pytest.mark.parametrize("media_type", PARSERS, ids=["text", "openmetrics"])
def test_a_parser_reads_what_the_cells_hold(media_type: str) -> None:
    """Each series of the layout is read back with its labels and its number, in both formats."""
    metrics = filled(Metrics(layout(*NAMES)))
    found = read(Exposition([metrics.layout]).write([metrics.cells], media_type), PARSERS[media_type])
    for sample in metrics.sample():
        labels = sample.labels.items()
        if sample.family.kind != "histogram":
            assert found.pop((sample.family.sample, frozenset(labels))) == sample.value
            continue
        bounds = [*map(repr, sample.family.buckets), "+Inf"]
        for bound, count in zip(bounds, [*sample.buckets, sample.value], strict=True):
            key = (f"{sample.family.name}_bucket", frozenset([*labels, ("le", bound)]))
            assert found.pop(key) == count
        assert found.pop((f"{sample.family.name}_count", frozenset(labels))) == sample.value
        assert found.pop((f"{sample.family.name}_sum", frozenset(labels))) == sample.sum
    assert not found


def test_zeros_are_shown_where_alerts_need_them() -> None:
    """Handled and failed events have series from the start, and other codes only once they occur."""
    metrics = Metrics(layout("say"))
    say = {("namespace", "/"), ("event", "say")}
    name = "asynction_events_total"

    def outcomes() -> set[str]:
        return {
            dict(labels)["outcome"]
            for sample, labels in read(metrics.exposition())
            if sample == name and labels > say
        }

    assert outcomes() == {"handled", "internal_error"}
    metrics.cells[metrics.layout.index(families.EVENTS, "/", "say")["forbidden"]] += 1
    assert outcomes() == {"handled", "internal_error", "forbidden"}


def test_the_collector_shows_the_same() -> None:
    """A registry of prometheus-client shows the series of the exposition beside its own."""
    metrics = filled(Metrics(layout(*NAMES)))
    registry = CollectorRegistry()
    registry.register(metrics.collector())
    assert read(generate_latest(registry).decode()) == read(metrics.exposition())


def test_a_collector_shows_several_applications() -> None:
    """Both parsers read each metric once, with the series of all; those that can't be told apart are refused."""
    one, two = (filled(Metrics(layout(*NAMES, name=name))) for name in ("one", "two"))
    registry = CollectorRegistry()
    registry.register(one.collector(two))
    expected = {**read(one.exposition()), **read(two.exposition())}
    assert read(generate_latest(registry).decode()) == expected
    text = generate_openmetrics(registry).decode()  # type: ignore[no-untyped-call]  # the module has no types
    assert read(text, parse_openmetrics) == expected
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        registry.register(Metrics(layout("say", name="three")).collector())
    for metrics, other in ((one, one), (one, Metrics(layout("say"))), (Metrics(layout()), Metrics(layout()))):
        with pytest.raises(
            ValueError, match='several servers need different names: metrics="chat" in place of'
        ):
            metrics.collector(other)


def test_several_applications_share_one_text() -> None:
    """Each metric has one header, and the label ``app`` tells the applications apart."""
    layouts = [layout("say", name="one"), layout("say", name="two", queue=False)]
    text = Exposition(layouts).write([[1.0] * each.size for each in layouts], OPENMETRICS)
    found = read(text, parse_openmetrics)
    assert {dict(labels)["app"] for _, labels in found} == {"one", "two"}
    assert text.count("# TYPE asynction_events counter") == 1


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", PROMETHEUS),
        ("*/*", PROMETHEUS),
        ("text/plain;version=0.0.4;q=0.3", PROMETHEUS),
        ("application/json", PROMETHEUS),
        ("application/openmetrics-text", OPENMETRICS),
        ("application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.5", OPENMETRICS),
        (
            "application/openmetrics-text;q=0.8,application/openmetrics-text;q=0.1,text/plain;q=0.5",
            OPENMETRICS,
        ),
        ("text/plain;q=1, application/openmetrics-text;q=0.1", PROMETHEUS),
        ("application/openmetrics-text;q=0", PROMETHEUS),
    ],
)
def test_the_client_chooses_the_format(accept: str, chosen: str) -> None:
    """OpenMetrics is for clients that prefer it, by the weights of their Accept."""
    assert choose_format(accept) == chosen


def test_the_number_of_series_follows_from_the_document() -> None:
    """100 events are about 2,000 lines; nothing else adds any."""
    metrics = Metrics(layout(*(f"e{number}" for number in range(50))))
    lines = metrics.exposition().count("\n")
    assert lines == pytest.approx(2000, rel=0.1)
