"""Names of hosts, plain and international, in time linear in the text.

Source: RFC 1123, section 2.1; RFC 5890 and RFC 5891 (IDNA 2008).
"""

from __future__ import annotations

import re

from .expressions import Expression
from .labels import is_bidirectional, is_label, keeps_direction
from .punycode import PREFIX, decode, encoded_length

_LABEL = Expression(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_MOST = 253  # characters of a name whose labels are A-labels


def is_hostname(text: str) -> bool:
    """Return whether a text is a host name (RFC 1123, section 2.1), whose ``xn--`` labels are A-labels."""
    return text.isascii() and _is_name(text, text.split("."))


def is_idn_hostname(text: str) -> bool:
    """Return whether a text is a host name of A-labels, U-labels and plain ones (RFC 5890, section 2.3.2)."""
    return _is_name(text, text.split(".") if text.isascii() else _DOTS.split(text))


def _is_name(text: str, labels: list[str]) -> bool:
    if not 0 < len(text) <= _MOST:
        return False
    read = []
    left = _MOST + 1
    for label in labels:
        length = len(label) if label.isascii() else encoded_length(label)
        name = None if length is None else _read(label)
        if length is None or name is None:
            return False
        left -= length + 1  # a dot
        read.append(name)
    return left >= 0 and (not any(map(is_bidirectional, read)) or all(map(keeps_direction, read)))


def _read(label: str) -> str | None:
    """Return a label with its characters decoded, or None if they are not valid."""
    if not label.isascii():
        return label if is_label(label) else None
    if not _LABEL.fullmatch(label):
        return None
    if label[2:4] != "--":
        return label
    label = label.lower()
    if not label.startswith(PREFIX):  # which is reserved (RFC 5891, section 4.2.3.1)
        return None
    name = decode(label[len(PREFIX) :])
    return name if name is not None and not name.isascii() and is_label(name) else None
