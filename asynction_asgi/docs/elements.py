"""The one way in which HTML is made here: a tree of elements, which escapes all that it holds.

No markup is ever joined from strings, so no word of a document can become an element or attribute.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Iterable

Child = ET.Element | str | None
# What a click may open. Anything else, javascript: in all its spellings included, stays text.
_SAFE_URL = re.compile(r"(?:https?://|mailto:)[^\x00-\x20\x7f]+", re.IGNORECASE)


def element(tag: str, *children: Child, **attributes: str | bool | None) -> ET.Element:
    """Make an element; ``class_`` and ``aria_label`` become ``class`` and ``aria-label``.

    Attributes that are None or False are left out; True is an attribute without a value.
    """
    made = ET.Element(tag)
    for name, value in attributes.items():
        if value is not None and value is not False:
            made.set(name.rstrip("_").replace("_", "-"), "" if value is True else str(value))
    add(made, children)
    return made


def add(parent: ET.Element, children: Iterable[Child]) -> None:
    """Append texts and elements."""
    last = parent[-1] if len(parent) else None
    for child in children:
        if child is None:
            continue
        if isinstance(child, str):
            if last is None:
                parent.text = (parent.text or "") + child
            else:
                last.tail = (last.tail or "") + child
        else:
            parent.append(child)
            last = child


def link(url: object, *children: Child) -> ET.Element:
    """Link to `url` if that is safe to open, else return the children alone; an own ``#fragment`` is safe."""
    if isinstance(url, str) and url.startswith("#"):
        return element("a", *children, href=url)
    if isinstance(url, str) and _SAFE_URL.fullmatch(url):
        return element("a", *children, href=url, rel="noopener noreferrer")
    return element("span", *children)


def serialise(page: ET.Element) -> str:
    """Write the page as HTML."""
    return "<!DOCTYPE html>\n" + ET.tostring(page, encoding="unicode", method="html") + "\n"
