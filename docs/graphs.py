"""Four graphs of the dashboard as a picture, drawn from scrapes of a chat that clients use for half a minute.

The queries are those of the dashboard: of PromQL, what they use is evaluated here.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections import defaultdict
from html import escape
from typing import TYPE_CHECKING, NamedTuple

import httpx
from prometheus_client.parser import text_string_to_metric_families as parse

from asynction_asgi import AsynctionSocketIO
from asynction_asgi.demo import DOCUMENT as CHAT
from asynction_asgi.metrics.dashboard import PANELS
from tests.clients import connected
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from asynction_asgi.metrics.dashboard import Panel

    Labels = tuple[tuple[str, str], ...]
    Line = list[tuple[float, float]]

SHOWN = ("Clients by namespace", "Events", "Refused events", "Duration of events")
SECONDS, STEP, WINDOW, CLIENTS = 30.0, 0.5, 4.0, 12
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 520, 250, 52, 34, 56
COLORS = ("#3b7dd8", "#d9822b", "#2f9e6b", "#c2485b", "#7b61c9", "#6b7785")
UNITS = {"short": "", "ops": "/s", "s": " s"}
# max by (…) (name{…}) and histogram_quantile(q, sum by (…) (rate(name{…}[…]))), with what is optional left out.
QUERY = re.compile(
    r"(?:histogram_quantile\((?P<quantile>[\d.]+), )?(?P<how>sum|max) by \((?P<by>[^)]*)\) "
    r"\((?P<rate>rate\()?(?P<name>\w+)\{(?P<where>[^}]*)\}(?:\[[^]]*\]\))?\)\)?"
)


class Scrape(NamedTuple):
    """What was shown at one moment."""

    at: float
    values: Mapping[tuple[str, Labels], float]


def draw_graphs(path: Path) -> None:
    """Let clients use a chat, and draw what was scraped meanwhile."""
    with serve(
        AsynctionSocketIO.from_spec(CHAT, metrics=True, metrics_path="/metrics", monitor_guard=None)
    ) as url:
        scrapes = asyncio.run(_watch(url))
    panels = [panel for title in SHOWN for panel in PANELS if panel.title == title]
    graphs = [
        f'<g transform="translate({WIDTH * (place % 2)}, {HEIGHT * (place // 2)})">{_graph(panel, scrapes)}</g>'
        for place, panel in enumerate(panels)
    ]
    height = HEIGHT * math.ceil(len(graphs) / 2)
    path.write_text(
        f'<svg viewBox="0 0 {2 * WIDTH} {height}" xmlns="http://www.w3.org/2000/svg" font-family="sans-serif"'
        ' font-size="12"><rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(graphs) + "\n</svg>\n",
        "utf-8",
    )


async def _watch(url: str) -> Sequence[Scrape]:
    began, scrapes = time.monotonic(), []
    async with httpx.AsyncClient(trust_env=False) as http, asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(_use(url, number))
        while (now := time.monotonic() - began) < SECONDS:
            text = (await http.get(f"{url}/metrics")).text
            samples = (sample for family in parse(text) for sample in family.samples)
            values = {(sample.name, tuple(sample.labels.items())): sample.value for sample in samples}
            scrapes.append(Scrape(now, values))
            await asyncio.sleep(STEP)
    return scrapes


async def _use(url: str, number: int) -> None:
    """Come, talk, say nothing in every fifth message, which is refused, and leave."""
    await asyncio.sleep(number)
    async with connected(url) as client:
        await client.call("add user", f"user {number}")
        for message in range(int((SECONDS - 2 * number) * (1 + number % 3))):
            if message % 3 == 0:
                await client.emit("typing")
            await client.call("new message", "" if message % 5 == 4 else "hello")
            await asyncio.sleep(0.9 / (1 + number % 3))


def _evaluate(query: str, scrapes: Sequence[Scrape]) -> Mapping[Labels, Line]:
    """Return the lines of a query, by the labels that it keeps."""
    found = QUERY.fullmatch(query)
    if found is None:
        raise ValueError(f"this query has a form that is not evaluated here: {query}")
    refused = 'outcome!="handled"' in found["where"]
    by = found["by"].split(", ")
    lines: dict[Labels, Line] = defaultdict(list)
    for place, scrape in enumerate(scrapes):
        before = next(other for other in scrapes[: place + 1] if other.at >= scrape.at - WINDOW)
        if found["rate"] and before is scrape:
            continue
        groups: dict[Labels, list[float]] = defaultdict(list)
        for (name, labels), value in scrape.values.items():
            if name != found["name"] or (refused and ("outcome", "handled") in labels):
                continue
            kept = tuple((label, text) for label, text in labels if label in by)
            if found["rate"]:
                value = (value - before.values.get((name, labels), 0)) / (scrape.at - before.at)  # noqa: PLW2901  # the same, per second
            groups[kept].append(value)
        combined = {
            labels: max(values) if found["how"] == "max" else sum(values) for labels, values in groups.items()
        }
        if found["quantile"]:
            combined = _quantiles(float(found["quantile"]), combined)
        for labels, value in combined.items():
            lines[labels].append((scrape.at, value))
    return lines


def _quantiles(quantile: float, rates: Mapping[Labels, float]) -> dict[Labels, float]:
    """Return the quantile of each histogram whose cumulative buckets are given, as Prometheus interpolates it."""
    histograms: dict[Labels, list[tuple[float, float]]] = defaultdict(list)
    for labels, rate in rates.items():
        rest = tuple(label for label in labels if label[0] != "le")
        histograms[rest].append((float(dict(labels)["le"]), rate))
    quantiles = {}
    for labels, buckets in histograms.items():
        buckets.sort()
        wanted, low, below = quantile * buckets[-1][1], 0.0, 0.0
        if not wanted:
            continue
        for bound, rate in buckets:
            if rate >= wanted:
                share = (wanted - below) / (rate - below)
                quantiles[labels] = low if math.isinf(bound) else low + (bound - low) * share
                break
            low, below = bound, rate
    return quantiles


def _graph(panel: Panel, scrapes: Sequence[Scrape]) -> str:
    lines: dict[str, Line] = {}
    for query, legend in panel.queries:
        for labels, line in _evaluate(query, scrapes).items():
            if any(value for _, value in line):
                lines[_name(legend, labels)] = line
    most = max((value for line in lines.values() for _, value in line), default=1.0)
    step = _round_step(most / 4)
    top = step * math.ceil(most / step)

    def point(at: float, value: float) -> str:
        x = LEFT + (WIDTH - LEFT - 20) * at / SECONDS
        return f"{x:.1f},{HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top:.1f}"

    parts = [f'<text x="{LEFT}" y="20" font-weight="bold">{escape(panel.title)}</text>']
    for number in range(round(top / step) + 1):
        start, end = point(0, number * step), point(SECONDS, number * step)
        parts.append(f'<polyline points="{start} {end}" stroke="#ddd"/>')
        label = f"{number * step:.6g}{UNITS[panel.unit]}"
        x, y = start.split(",")
        parts.append(
            f'<text x="{float(x) - 6}" y="{float(y) + 4}" text-anchor="end" fill="#555">{label}</text>'
        )
    for seconds in (0, 10, 20, 30):
        x = point(seconds, 0).split(",")[0]
        parts.append(
            f'<text x="{x}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle" fill="#555">{seconds} s</text>'
        )
    place = LEFT
    for color, (name, line) in zip(COLORS, lines.items(), strict=False):
        points = " ".join(point(at, value) for at, value in line)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts.append(f'<text x="{place}" y="{HEIGHT - 16}" fill="{color}">{escape(name)}</text>')
        place += 7 * len(name) + 18
    return "".join(parts)


def _name(legend: str, labels: Labels) -> str:
    for label, text in labels:
        legend = legend.replace(f"{{{{{label}}}}}", text)
    return legend


def _round_step(step: float) -> float:
    """Return the next larger step of the form 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step)
