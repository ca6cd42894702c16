"""The index page: every namespace, event and acknowledgement on one page of plain HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from ..spec.model import count_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..spec.model import Arguments, Event, Namespace, Spec

__all__ = ["render_index"]


def render_index(spec: Spec, *, below: bool = False) -> str:
    """The page as text; every word of the document is escaped by the tree that it is built in.

    Args:
        spec: What is shown.
        below: Whether the page's own URL ends in a slash, which its relative links depend on.
    """
    page = ET.Element("html", {"lang": "en"})
    head = _add(page, "head")
    _add(head, "meta", charset="utf-8")
    _add(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
    _add(head, "meta", name="color-scheme", content="light dark")
    _add(head, "title", spec.title)
    body = _add(page, "body")
    main = _add(body, "main")
    _add(main, "h1", f"{spec.title} {spec.version}")
    if spec.description:
        _add(main, "p", spec.description)
    links = _add(main, "p", "The document: ")
    folder = "" if below else "docs/"
    for name in ("json", "yaml"):
        link = _add(links, "a", f"asyncapi.{name}", href=f"{folder}asyncapi.{name}")
        link.tail = " "
    transport = _add(main, "p", "Socket.IO path: ")
    _add(transport, "code", spec.path)
    for namespace in spec.namespaces.values():
        _add_namespace(main, namespace)
    return "<!DOCTYPE html>\n" + ET.tostring(page, encoding="unicode", method="html") + "\n"


def _add_namespace(main: ET.Element, namespace: Namespace) -> None:
    section = _add(main, "section")
    _add(_add(section, "h2", "Namespace "), "code", namespace.name)
    if namespace.description:
        _add(section, "p", namespace.description)
    _add_events(section, "The client emits", "The server answers", namespace.receives)
    _add_events(section, "The server emits", "The client answers", namespace.sends)


def _add_events(section: ET.Element, caption: str, answer: str, events: Mapping[str, Event]) -> None:
    if not events:
        return
    _add(section, "h3", caption)
    table = _add(section, "table")
    row = _add(_add(table, "thead"), "tr")
    for title in ("Event", "Arguments", answer):
        _add(row, "th", title, scope="col")
    body = _add(table, "tbody")
    for event in events.values():
        row = _add(body, "tr")
        name = _add(row, "td")
        _add(name, "code", event.name)
        summary = event.message.get("summary") or event.message.get("title")
        if isinstance(summary, str):
            _add(name, "div", summary)
        _add(row, "td", arguments_words(event.arguments))
        _add(row, "td", "nothing" if event.ack is None else arguments_words(event.ack))


def arguments_words(arguments: Arguments) -> str:
    """How many arguments, in words."""
    if arguments.kind == "union":
        return " or ".join(dict.fromkeys(arguments_words(one) for one in arguments.of))
    if arguments.kind == "positional":
        count = count_words(arguments.minimum, arguments.maximum)
        return f"{count} argument{'' if count == '1' else 's'}"
    return {
        "single": "1 argument",
        "any": "anything",
        "opaque": "anything, in a format that is not validated",
    }[arguments.kind]


def _add(parent: ET.Element, tag: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, tag, attributes)
    element.text = text
    return element
