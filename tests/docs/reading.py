"""Read what a page says, as text: counts, rows, types and rules."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterator

_VOID = frozenset({"meta", "link", "br", "hr", "input"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = ET.Element("page")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = ET.SubElement(self.open[-1], tag, {name: value or "" for name, value in attrs})
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        parent = self.open[-1]
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + data
        else:
            parent.text = (parent.text or "") + data


def read_page(html: str) -> ET.Element:
    """Return the page as a tree; fail if an element is not closed."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root]
    return reader.root


def text_of(element: ET.Element) -> str:
    return "".join(element.itertext())


def by_class(element: ET.Element, name: str) -> Iterator[ET.Element]:
    return (descendant for descendant in element.iter() if name in descendant.get("class", "").split())


@dataclass
class Row:
    """What the page says about one value."""

    name: str
    type: str
    required: bool | None
    rules: list[str] = field(default_factory=list)
    inner: list[Row] = field(default_factory=list)


def rows_of(place: ET.Element, page: ET.Element, depth: int = 0) -> list[Row]:
    """Return the rows of a list of values, following links to shared schemas."""
    rows = []
    for item in place.findall("li"):
        kind = next((child for child in item if "type" in child.get("class", "").split()), None)
        if kind is None or depth > 4:
            continue
        need = item.find("b")
        holder = item
        if kind.get("href"):
            card = next(place for place in page.iter() if place.get("id") == kind.get("href", "")[1:])
            holder = next(by_class(card, "tree"))
            kind = next(by_class(holder, "type"))
        rules = next((child for child in holder if child.get("class") == "rules"), None)
        inner = holder.find("ul")
        rows.append(
            Row(
                name=item.findtext("code", ""),
                type=text_of(kind),
                required=None if need is None else text_of(need) == "required",
                rules=[] if rules is None else text_of(rules).split(" · "),
                inner=[] if inner is None else rows_of(inner, page, depth + 1),
            )
        )
    return rows


def example_in(figure: ET.Element) -> list[Any]:
    """Return the arguments in an example of the page."""
    values = json.loads(text_of(next(figure.iter("pre"))), object_hook=_bytes)
    assert isinstance(values, list)
    return values


def _bytes(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["$binary"]) if value.keys() == {"$binary"} else value
