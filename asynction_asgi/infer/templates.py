"""Namespaces that differ in one segment, as one namespace with a parameter."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PARAMETER = "{%s}"
_ENOUGH = 8


def templates_of(names: Iterable[str]) -> Mapping[str, str]:
    """Return the template of each namespace that is one of at least eight which differ in a segment.

    Args:
        names: Of concrete namespaces.
    """
    groups: dict[tuple[tuple[str, ...], int], list[str]] = defaultdict(list)
    for name in sorted(names):
        segments = name.split("/")
        for place in range(1, len(segments)):
            if segments[place]:
                groups[(*segments[:place], "", *segments[place + 1 :]), place].append(name)
    templates: dict[str, str] = {}
    # The largest first; among equals the first by name.
    for (segments_left, place), members in sorted(
        groups.items(), key=lambda group: (-len(group[1]), group[0])
    ):
        alike = [name for name in members if name not in templates]
        if len(alike) >= _ENOUGH:
            parameter = PARAMETER % _parameter(segments_left[place - 1])
            template = "/".join((*segments_left[:place], parameter, *segments_left[place + 1 :]))
            templates.update(dict.fromkeys(alike, template))
    return templates


def _parameter(segment_before: str) -> str:
    """Name a parameter after the segment before it: ``room`` in ``/rooms/7``."""
    word = segment_before.removesuffix("s") if len(segment_before) > 2 else segment_before
    return word if word.isidentifier() and word.isascii() else "name"
