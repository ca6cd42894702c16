"""Observable instruments of OpenTelemetry, which are read when a provider collects and cost nothing before.

OpenTelemetry has no such histogram: of durations it gets their number and their sum.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from opentelemetry.metrics import MeterProvider, Observation, get_meter_provider

from . import families
from .families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from opentelemetry.metrics import CallbackOptions

    from .families import Family
    from .sample import Sample

    Read = Callable[[Family], Iterable[Sample]]

# Where the semantic conventions for messaging have a name.
_NAMES = {
    families.EVENTS: "messaging.client.consumed.messages",
    families.EMITS: "messaging.client.sent.messages",
}
_ATTRIBUTES = {"namespace": "messaging.destination.template"}
_UNITS = {"seconds": "s", "bytes": "By", "": "1"}
_SUCCESS = ("handled", "sent", "accepted", "answered")


def instrument(read: Read, version: str, provider: MeterProvider | None) -> None:
    """Register an instrument for each metric.

    Args:
        read: Returns the samples of one metric.
        version: This package's.
        provider: Where to; None is the global one.
    """
    meter = (provider or get_meter_provider()).get_meter("asynction_asgi", version)
    for family in FAMILIES:
        name = _NAMES.get(family, family.name.replace("asynction_", "asynction.", 1))
        unit = _UNITS[family.unit]
        if family.kind == "gauge":
            meter.create_observable_gauge(name, [partial(_observe, read, family)], unit, family.help)
        elif family.kind == "counter":
            meter.create_observable_counter(name, [partial(_observe, read, family)], unit, family.help)
        else:
            counts, sums = partial(_observe, read, family), partial(_observe_sums, read, family)
            meter.create_observable_counter(f"{name}.count", [counts], "1", family.help)
            meter.create_observable_counter(f"{name}.sum", [sums], unit, family.help)


def _observe(read: Read, family: Family, _: CallbackOptions) -> Iterator[Observation]:
    for sample in read(family):
        yield Observation(sample.value, _attributes(sample.labels))


def _observe_sums(read: Read, family: Family, _: CallbackOptions) -> Iterator[Observation]:
    for sample in read(family):
        yield Observation(sample.sum, _attributes(sample.labels))


def _attributes(labels: Mapping[str, str]) -> dict[str, str]:
    """Return labels as attributes; an outcome that is not a success is the type of an error."""
    attributes = {"messaging.system": "socketio"}
    for label, value in labels.items():
        if label != "outcome":
            attributes[_ATTRIBUTES.get(label, f"asynction.{label}")] = value
        elif value not in _SUCCESS:
            attributes["error.type"] = value
    return attributes
