"""A provider of OpenTelemetry's SDK that keeps spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.engine.stage import until

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan


class Recorder:
    """Spans by name, once they have ended."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        spans: tuple[ReadableSpan, ...] = self.exporter.get_finished_spans()
        return spans

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.spans]

    async def only(self, name: str) -> ReadableSpan:
        """Wait for the only span of a name."""
        await until(lambda: name in self.names, name)
        (span,) = (span for span in self.spans if span.name == name)
        return span


def linked(span: ReadableSpan) -> list[int]:
    """Return the ids of the spans that a span has links to."""
    return [link.context.span_id for link in span.links]


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def span_id(span: ReadableSpan) -> int:
    return int(span.context.span_id)


def trace_id(span: ReadableSpan) -> int:
    return int(span.context.trace_id)
