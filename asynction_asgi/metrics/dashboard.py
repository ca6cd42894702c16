"""A dashboard for Grafana, made from the table of metrics, for any document and any number of processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import families
from .families import FAMILIES, Family

_FILTER = 'job=~"$job",instance=~"$instance"'
_NAMESPACE = f'{_FILTER},namespace=~"$namespace"'
_WINDOW = "[$__rate_interval]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One graph.

    Attributes:
        title: What it shows.
        unit: Grafana's name of the unit.
        queries: Each with the legend of its lines.
    """

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]


def _labels(family: Family) -> str:
    return _NAMESPACE if "namespace" in family.labels else _FILTER


def _sum(family: Family, *by: str, where: str = "") -> str:
    return f"sum by ({', '.join(by)}) ({family.sample}{{{_labels(family)}{where}}})"


def _greatest(family: Family, *by: str) -> str:
    return f"max by ({', '.join(by)}) ({family.sample}{{{_labels(family)}}})"


def _rate(family: Family, *by: str, where: str = "") -> str:
    return f"sum by ({', '.join(by)}) (rate({family.sample}{{{_labels(family)}{where}}}{_WINDOW}))"


def _quantile(quantile: float, family: Family, *by: str) -> str:
    rates = f"rate({family.name}_bucket{{{_labels(family)}}}{_WINDOW})"
    return f"histogram_quantile({quantile}, sum by ({', '.join((*by, 'le'))}) ({rates}))"


PANELS: tuple[Panel, ...] = (
    Panel(
        title="Clients by namespace",
        unit="short",
        queries=((_sum(families.CONNECTIONS, "namespace"), "{{namespace}}"),),
    ),
    Panel(
        title="Connections by transport",
        unit="short",
        queries=((_sum(families.TRANSPORTS, "transport"), "{{transport}}"),),
    ),
    Panel(
        title="Connects and disconnects",
        unit="ops",
        queries=(
            (_rate(families.CONNECTS, "outcome"), "connect: {{outcome}}"),
            (_rate(families.DISCONNECTS, "reason"), "disconnect: {{reason}}"),
        ),
    ),
    Panel(title="Events", unit="ops", queries=((_rate(families.EVENTS, "event"), "{{event}}"),)),
    Panel(
        title="Refused events",
        unit="ops",
        queries=(
            (
                _rate(families.EVENTS, "event", "outcome", where=',outcome!="handled"'),
                "{{event}}: {{outcome}}",
            ),
        ),
    ),
    Panel(
        title="Duration of events",
        unit="s",
        queries=(
            (_quantile(0.5, families.EVENT_SECONDS), "median"),
            (_quantile(0.99, families.EVENT_SECONDS, "event"), "99 %: {{event}}"),
        ),
    ),
    Panel(
        title="Violations of the document",
        unit="ops",
        queries=(
            (
                _rate(families.VIOLATIONS, "event", "direction", "part", "keyword"),
                "{{event}} {{direction}} {{part}}: {{keyword}}",
            ),
        ),
    ),
    Panel(
        title="Emits and deliveries",
        unit="ops",
        queries=(
            (_rate(families.EMITS, "event", "outcome"), "{{event}}: {{outcome}}"),
            (_rate(families.DELIVERIES, "namespace"), "delivered in {{namespace}}"),
        ),
    ),
    Panel(
        title="Answers of clients",
        unit="ops",
        queries=((_rate(families.ACKS, "event", "outcome"), "{{event}}: {{outcome}}"),),
    ),
    Panel(
        title="Duration of calls to clients",
        unit="s",
        queries=((_quantile(0.99, families.ACK_SECONDS, "event"), "99 %: {{event}}"),),
    ),
    Panel(
        title="Bytes",
        unit="Bps",
        queries=(
            (_rate(families.RECEIVED, "transport"), "received: {{transport}}"),
            (_rate(families.SENT, "transport"), "sent: {{transport}}"),
        ),
    ),
    Panel(
        title="Waiting events and paused input",
        unit="short",
        queries=(
            (_sum(families.WAITING, "instance"), "waiting: {{instance}}"),
            (_rate(families.PAUSES, "instance"), "pauses per second: {{instance}}"),
            (_rate(families.PAUSED, "instance"), "clients paused: {{instance}}"),
        ),
    ),
    Panel(
        title="Closed connections, and rejected requests and credentials",
        unit="ops",
        queries=(
            (_rate(families.CLOSED, "reason"), "closed: {{reason}}"),
            (_rate(families.REJECTED, "reason"), "rejected: {{reason}}"),
            (_rate(families.CREDENTIALS_REFUSED, "scheme", "reason"), "credential of {{scheme}}: {{reason}}"),
            (_rate(families.EXPIRED, "namespace"), "session expired in {{namespace}}"),
        ),
    ),
    Panel(
        title="Recovered sessions and processes that drain",
        unit="short",
        queries=(
            (_rate(families.RECOVERIES, "namespace"), "recovered per second: {{namespace}}"),
            (_sum(families.DRAINING, "job"), "draining"),
        ),
    ),
    Panel(
        title="Message queue",
        unit="ops",
        queries=(
            (_rate(families.QUEUE_MESSAGES, "direction"), "{{direction}}"),
            (_rate(families.QUEUE_DROPPED, "reason"), "dropped: {{reason}}"),
            (_rate(families.QUEUE_LOST, "reason"), "lost: {{reason}}"),
            (_rate(families.QUEUE_RECONNECTS, "instance"), "outages: {{instance}}"),
            (_sum(families.QUEUE_PENDING, "instance"), "pending: {{instance}}"),
        ),
    ),
    Panel(
        title="Silence and lag of the message queue, and time without it",
        unit="s",
        queries=(
            (_greatest(families.QUEUE_SILENCE, "instance"), "silence: {{instance}}"),
            (_greatest(families.QUEUE_LAG, "instance"), "lag: {{instance}}"),
            (_rate(families.QUEUE_LOST_SECONDS, "instance"), "share of time without: {{instance}}"),
        ),
    ),
    Panel(
        title="Lag of the event loop",
        unit="s",
        queries=((_greatest(families.LOOP_LAG, "instance"), "{{instance}}"),),
    ),
    Panel(
        title="Versions",
        unit="short",
        queries=(
            (
                _sum(families.INFO, "document", "document_version", "version"),
                "{{document}} {{document_version}} on {{version}}",
            ),
        ),
    ),
)


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana imports it."""
    connections = families.CONNECTIONS.name
    return {
        "title": "asynction_asgi",
        "uid": "asynction-asgi",
        "tags": ["socket.io", "asyncapi"],
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {
            "list": [
                {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Data source"},
                _variable("job", f"label_values({connections}, job)"),
                _variable("instance", f'label_values({connections}{{job=~"$job"}}, instance)'),
                _variable("namespace", f'label_values({connections}{{job=~"$job"}}, namespace)'),
            ]
        },
        "panels": [_panel(number, panel) for number, panel in enumerate(PANELS)],
    }


def _variable(name: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "query",
        "label": name.capitalize(),
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "query": query,
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",  # of namespaces, the empty one too
        "current": {"text": "All", "value": "$__all"},
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${datasource}"}
    described = {family.sample: family.help for family in FAMILIES}
    names = [name for name in described if any(f"{name}{{" in query for query, _ in panel.queries)]
    return {
        "id": number + 1,
        "title": panel.title,
        "type": "timeseries",
        "description": "\n\n".join(f"`{name}`: {described[name]}" for name in names),
        "datasource": source,
        "gridPos": {"x": 12 * (number % 2), "y": 8 * (number // 2), "w": 12, "h": 8},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {"refId": chr(ord("A") + place), "expr": query, "legendFormat": legend, "datasource": source}
            for place, (query, legend) in enumerate(panel.queries)
        ],
    }
