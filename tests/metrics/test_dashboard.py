"""The dashboard and the alerts, which use only series that exist."""

from __future__ import annotations

import json
import re

from click.testing import CliRunner
from ruamel.yaml import YAML

from asynction_asgi.cli import main
from asynction_asgi.metrics import FAMILIES, outcomes
from asynction_asgi.metrics.alerts import rules
from asynction_asgi.metrics.dashboard import PANELS, dashboard
from tests.cases import each_case

# Those that Prometheus adds to what it scrapes.
_SCRAPED = {"job", "instance", "le"}
_SERIES = {
    name: family
    for family in FAMILIES
    for name in (
        [f"{family.name}{suffix}" for suffix in ("_bucket", "_sum", "_count")]
        if family.kind == "histogram"
        else [family.sample]
    )
}
_PANEL_QUERIES = [query for panel in PANELS for query, _ in panel.queries]
_ALERT_QUERIES = [rule["expr"] for group in rules()["groups"] for rule in group["rules"]]


@each_case("query", [*_PANEL_QUERIES, *_ALERT_QUERIES])
def test_queries_name_series_and_labels_that_exist(query: str) -> None:
    """Each name of a query is that of a series, and each label is one of its labels."""
    names = re.findall(r"asynction_\w+", query)
    assert names
    known = {*_SCRAPED}
    for name in names:
        assert name in _SERIES
        known |= {*_SERIES[name].labels}
    grouped = re.findall(r"(?:by|ignoring) \(([^)]*)\)", query)
    labels = {label.strip() for group in grouped for label in group.split(",")} - {""}
    labels |= set(re.findall(r"(\w+)(?:=~|!=|=)\"", query))
    assert labels <= known


@each_case("panel", PANELS, ids=lambda panel: panel.title)
def test_legends_name_labels_of_their_queries(panel: object) -> None:
    """A legend shows only labels by which its query groups."""
    for query, legend in panel.queries:  # type: ignore[attr-defined]  # a Panel
        grouped = {label.strip() for label in re.findall(r"by \(([^)]*)\)", query)[0].split(",")}
        assert set(re.findall(r"{{(\w+)}}", legend)) <= grouped


def test_values_of_labels_exist() -> None:
    """The alerts and panels compare outcomes and reasons with values that occur."""
    compared = {
        (label, value)
        for query in (*_PANEL_QUERIES, *_ALERT_QUERIES)
        for label, value in re.findall(r"(outcome|reason)!?=\"(\w+)\"", query)
    }
    assert compared
    known = {"outcome": outcomes.EVENTS, "reason": outcomes.CLOSES}
    assert all(value in known[label] for label, value in compared)


def test_every_metric_is_on_the_dashboard() -> None:
    """No metric is forgotten: an operator sees all of them."""
    shown = "\n".join(_PANEL_QUERIES)
    assert [family.name for family in FAMILIES if f"{family.name}" not in shown] == []


def test_the_commands_print_both() -> None:
    """``monitor dashboard`` prints JSON, and ``monitor alerts`` YAML."""
    printed = CliRunner().invoke(main, ["monitor", "dashboard"])
    assert json.loads(printed.stdout) == dashboard()
    printed = CliRunner().invoke(main, ["monitor", "alerts"])
    assert YAML(typ="safe").load(printed.stdout) == rules()
