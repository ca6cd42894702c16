"""Options of emitters, and of what they emit, as types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from ..engine.options import SenderOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ..engine import Audience
    from .tracing.option import Tracing
    from .validation import Enforcement, Validation


class EmitterOptions(SenderOptions, total=False):
    """What `Emitter` and `BlockingEmitter` take besides a document and the URL of a queue.

    Attributes:
        validation: True enforces, False ignores, ``"warn"`` logs and counts; or a `Validation`.
        tracing: True begins spans of OpenTelemetry for emits; a `Tracing` says more.
    """

    validation: Validation | Enforcement | bool
    tracing: Tracing | bool


class QueueEmitOptions(TypedDict, total=False):
    """What an emitter's `emit` takes besides the event, the data and `to`."""

    room: Audience | None
    skip_sid: str | Collection[str] | None
    namespace: str | None


class EmitOptions(QueueEmitOptions, total=False):
    """What an application's `emit` takes besides the event, the data and `to`."""

    callback: Callable[..., Any] | None
    ignore_queue: bool
