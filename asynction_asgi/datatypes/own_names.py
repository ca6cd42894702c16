"""What a document itself calls a schema, which types are then called as well."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING

from ..spec.text.pointer import Pointer

if TYPE_CHECKING:
    from ..spec.text.document import Node

MOST_CHOICES = 16
"""Alternatives that are written one by one beside what surrounds them."""

LONGEST_NAME = 60
"""In characters; a longer name of a document is not used for a type."""

# A component, or a member of a file that holds nothing but schemas: what is part of a message or a schema
# that is a file of its own stands as high, and has no name.
_PARTS = (
    "payload|headers|args|items|additionalItems|contains|additionalProperties|propertyNames|not|if|then|else"
)
_NAMED = re.compile(rf"(?:/(?:schemas|\$defs|definitions)/|^/(?!(?:{_PARTS})$))[^/]+$")
_MESSAGE = re.compile(r"/messages/([^/]+)/payload(?:/schema)?$")


def is_component(node: Node) -> bool:
    """Return whether a schema stands where others refer to it by name."""
    return _NAMED.search(node.pointer) is not None


def own_name(node: Node | None) -> str:
    """Return what a schema is called, its reference followed: as a component, or by its title; ``""`` for neither."""
    if node is None or not isinstance(node.value, dict):
        return ""
    if is_component(node):
        return Pointer.parse(node.pointer).last
    title = node.value.get("title")
    if isinstance(title, str) and title.strip():
        return title
    return PurePath(node.document.name or "").stem if node.pointer == "" else ""


def name_or_message(node: Node) -> str:
    """Return what a schema is called, or else the message whose payload it is; ``""`` for neither."""
    if (name := own_name(node)) or (message := _MESSAGE.search(node.pointer)) is None:
        return name
    return Pointer.parse(message[0]).tokens[1]
