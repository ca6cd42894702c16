"""The metrics as OpenTelemetry collects them."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from asynction_asgi.metrics import Metrics, families

from .contracts import layout


def test_opentelemetry_reads_the_same_numbers() -> None:
    """Events and emits have the conventions' names, and every outcome but success is given as ``error.type``."""
    metrics = Metrics(layout("say"))
    metrics.cells[metrics.layout.index(families.EVENTS, "/", "say")["handled"]] = 3
    metrics.cells[metrics.layout.index(families.EVENTS, "/", "say")["forbidden"]] = 1
    durations = metrics.layout.block(families.EVENT_SECONDS, "/", "say")
    metrics.cells[durations.at + 1] = 3
    metrics.cells[durations.at + durations.size - 1] = 0.5
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    metrics.instrument(meter_provider=provider)
    data = reader.get_metrics_data()
    assert data is not None
    [scope] = data.resource_metrics[0].scope_metrics
    points = {
        (metric.name, *sorted((point.attributes or {}).items())): getattr(point, "value", None)
        for metric in scope.metrics
        for point in metric.data.data_points
    }
    provider.shutdown()
    say = (
        ("asynction.event", "say"),
        ("messaging.destination.template", "/"),
        ("messaging.system", "socketio"),
    )
    assert points["messaging.client.consumed.messages", say[0], *say[1:]] == 3
    error = ("error.type", "forbidden")
    assert points["messaging.client.consumed.messages", say[0], error, *say[1:]] == 1
    assert points["asynction.event_duration_seconds.count", *say] == 3
    assert points["asynction.event_duration_seconds.sum", *say] == 0.5
    assert scope.scope.name == "asynction_asgi"


def test_opentelemetry_reads_several_servers() -> None:
    """Instruments of the same name are made once, so the metrics of all servers are given together."""
    one, two = (Metrics(layout("say", name=name)) for name in ("one", "two"))
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    one.instrument(two, meter_provider=provider)
    data = reader.get_metrics_data()
    assert data is not None
    [scope] = data.resource_metrics[0].scope_metrics
    apps = [
        (point.attributes or {})["asynction.app"]
        for metric in scope.metrics
        if metric.name == "asynction.info"
        for point in metric.data.data_points
    ]
    provider.shutdown()
    assert apps == ["one", "two"]
    with pytest.raises(ValueError, match="several servers need different names"):
        one.instrument(Metrics(layout()), meter_provider=provider)
