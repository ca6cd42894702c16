"""Chooses at the start whether an application is traced; without tracing, OpenTelemetry need not be installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...extras import require
from .option import Tracing

if TYPE_CHECKING:
    from .traces import Traces


def create_traces(option: Tracing | bool) -> Traces | None:  # noqa: FBT001  # the public option is one
    """Return what traces an application, or None if the option ``tracing`` says so.

    Raises:
        ModuleNotFoundError: OpenTelemetry is not installed.
        TypeError: The option is neither a bool nor a `Tracing`.
    """
    if option is False:
        return None
    if option is not True and not isinstance(option, Tracing):
        raise TypeError(f"tracing takes True, False or Tracing(…), not {option!r}")
    require("opentelemetry", "tracing", "otel")
    from .traces import Traces  # noqa: PLC0415  # imports OpenTelemetry

    return Traces(Tracing() if option is True else option)
