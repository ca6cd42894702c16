"""``asynction-asgi monitor``: what an operator needs to watch servers."""

from __future__ import annotations

import click


@click.group()
def monitor() -> None:
    """Print a dashboard and alerts for the metrics of servers."""


@monitor.command()
def dashboard() -> None:
    """Print a dashboard as JSON, which Grafana imports."""
    import json  # noqa: PLC0415  # not for --help and completion

    from ...metrics.dashboard import dashboard as make  # noqa: PLC0415  # likewise

    click.echo(json.dumps(make(), indent=2))


@monitor.command()
def alerts() -> None:
    """Print alerts as YAML, a file of rules for Prometheus."""
    from ...metrics.alerts import rules  # noqa: PLC0415  # not for --help and completion
    from ...spec.text.yaml import dump_yaml  # noqa: PLC0415  # likewise

    click.echo(dump_yaml(rules()), nl=False)
