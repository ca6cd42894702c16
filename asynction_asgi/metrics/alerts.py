"""Rules by which Prometheus alerts, made from the table of metrics."""

from __future__ import annotations

from typing import Any

from . import families

_EVENTS = families.EVENTS.sample
_BY = "job, namespace, event"


def rules() -> dict[str, Any]:
    """Return the content of a rules file."""
    return {
        "groups": [
            {
                "name": "asynction_asgi",
                "rules": [
                    _rule(
                        "AsynctionInternalErrors",
                        f'sum by ({_BY}) (increase({_EVENTS}{{outcome="internal_error"}}[5m])) > 0',
                        "critical",
                        "The handler of {{ $labels.event }} in {{ $labels.namespace }} fails",
                        "The log has each failure under the ref that the client received.",
                    ),
                    _rule(
                        "AsynctionRefusals",
                        f'sum by ({_BY}, outcome) (rate({_EVENTS}{{outcome!="handled"}}[5m]))'
                        f" / ignoring (outcome) group_left sum by ({_BY}) (rate({_EVENTS}[5m])) > 0.05",
                        "warning",
                        "More than 5 % of {{ $labels.event }} in {{ $labels.namespace }}: {{ $labels.outcome }}",
                        "A new release of a client or of the document may not fit the other.",
                        lasting="10m",
                    ),
                    _rule(
                        "AsynctionSlowEvents",
                        f"histogram_quantile(0.99, sum by ({_BY}, le)"
                        f" (rate({families.EVENT_SECONDS.name}_bucket[5m]))) > 1",
                        "warning",
                        "1 % of {{ $labels.event }} in {{ $labels.namespace }} takes more than a second",
                        "Handlers wait for something, or the event loop is blocked.",
                        lasting="10m",
                    ),
                    _rule(
                        "AsynctionSlowReaders",
                        f'sum by (job) (increase({families.CLOSED.sample}{{reason="slow_reader"}}[10m])) > 0',
                        "warning",
                        "Clients of {{ $labels.job }} are dropped because they read too slowly",
                        "They get more than they can read; Limits.queued_bytes says how much may wait.",
                    ),
                    _rule(
                        "AsynctionQueueSilent",
                        f"max by (job, instance) ({families.QUEUE_SILENCE.sample}) > 30",
                        "critical",
                        "{{ $labels.instance }} receives nothing from the message queue",
                        "Events of other processes don't reach its clients. The log says why.",
                    ),
                    _rule(
                        "AsynctionLoopLag",
                        f"max by (job, instance) ({families.LOOP_LAG.sample}) > 0.5",
                        "warning",
                        "The event loop of {{ $labels.instance }} is late by more than half a second",
                        "A handler blocks, or the process has too little CPU.",
                        lasting="5m",
                    ),
                ],
            }
        ]
    }


def _rule(
    name: str, expression: str, severity: str, summary: str, description: str, *, lasting: str | None = None
) -> dict[str, Any]:
    return {
        "alert": name,
        "expr": expression,
        **({} if lasting is None else {"for": lasting}),
        "labels": {"severity": severity},
        "annotations": {"summary": summary, "description": description},
    }
