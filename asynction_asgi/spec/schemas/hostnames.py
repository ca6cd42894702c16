"""Names of hosts, plain and international, in time linear in the text.

The standard library's codec ``idna`` decides alike, but takes up to a hundred microseconds per byte: what it
looks up for each character is looked up for a label at a time here, and what it encodes is only counted.

Source: RFC 1123, section 2.1; RFC 3490 (IDNA), RFC 3491 (nameprep), RFC 3492 (Punycode); RFC 5891, section
4.2.3.1.
"""

from __future__ import annotations

import re
import stringprep
import unicodedata
from functools import cache

from .expressions import Expression

__all__ = ["is_hostname", "is_idn_hostname"]

_LABEL = Expression(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_ACE = "xn--"
_LONGEST = 63  # characters of a label
_SURELY_SHORT = 7  # no character takes more than eight digits
# RFC 3454, tables C.1.2, C.2.2 and C.3 to C.9, and ASCII that no name of a host has.
_PROHIBITED = Expression(
    "[\0-,./:-@\\[-`{-\x9f\xa0\u0340\u0341\u06dd\u070f\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2063"
    "\u206a-\u206f\u2ff0-\u2ffb\u3000\ud800-\uf8ff\ufdd0-\ufdef\ufeff\ufff9-\uffff"
    "\U0001d173-\U0001d17a\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe\U0003ffff\U0004fffe\U0004ffff"
    "\U0005fffe\U0005ffff\U0006fffe\U0006ffff\U0007fffe\U0007ffff\U0008fffe\U0008ffff\U0009fffe\U0009ffff"
    "\U000afffe\U000affff\U000bfffe\U000bffff\U000cfffe\U000cffff\U000dfffe\U000dffff\U000e0001"
    "\U000e0020-\U000e007f\U000efffe-\U0010ffff]"
)
_NORMALISE = unicodedata.ucd_3_2_0.normalize
_DIRECTION = unicodedata.ucd_3_2_0.bidirectional
_RIGHT_TO_LEFT_FROM = "\u0590"
_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_LAST_CASED = 0x1FFFF  # beyond, no character has a small form


def is_hostname(text: str) -> bool:
    """Return whether a text is a host name (RFC 1123, section 2.1)."""
    if not 0 < len(text) <= 253:
        return False
    return all(_LABEL.fullmatch(label) and not _is_reserved(label) for label in text.split("."))


def is_idn_hostname(text: str) -> bool:
    """Return whether a text is a host name by RFC 5890, with labels as IDNA 2003 reads them."""
    return 0 < len(text) <= 253 and all(map(_is_label, _DOTS.split(text)))


def _is_reserved(label: str) -> bool:
    """Return whether hyphens in third and fourth place reserve a label (RFC 5891, 4.2.3.1)."""
    if label[2:4] != "--":
        return False
    label = label.lower()
    if not label.startswith(_ACE):
        return True
    name = _decode(label[len(_ACE) :])
    return name is None or _prepare(name) != name


def _is_label(label: str) -> bool:
    if label.isascii():
        return is_hostname(label)
    if unicodedata.category(label[0]).startswith("M"):
        return False
    name = _prepare(label)
    if name is None:
        return False
    if name.isascii():
        return len(name) <= _LONGEST and is_hostname(name)
    if name.startswith(_ACE) or not _is_short(name):
        return False
    return name == label or _prepare(name) == name


# --- nameprep ------------------------------------------------------------------------------------


def _prepare(label: str) -> str | None:
    """Prepare a label (RFC 3491), or return None if it has a character outside host names."""
    folded = _foldings()
    for _ in range(2):
        before, label = label, _NORMALISE("NFKC", label.translate(folded))
        if not label.isascii() and _PROHIBITED.search(label):
            return None
        if label == before:
            break
    if label.isascii():
        return label
    if max(label) >= _RIGHT_TO_LEFT_FROM:
        directions = list(map(_DIRECTION, label))
        if not _RIGHT_TO_LEFT.isdisjoint(directions) and (
            "L" in directions or not _RIGHT_TO_LEFT.issuperset((directions[0], directions[-1]))
        ):
            return None
    return label


@cache
def _foldings() -> dict[int, str | None]:
    """Return what is dropped and what is folded to lower case (RFC 3454, tables B.1 and B.3)."""
    folded: dict[int, str | None] = {
        code: small
        for code in range(_LAST_CASED + 1)
        if (small := stringprep.map_table_b3(chr(code))) != chr(code)
    }
    removed = (code for code in range(_LAST_CASED + 1) if stringprep.in_table_b1(chr(code)))
    return folded | dict.fromkeys(removed)


# --- Punycode ------------------------------------------------------------------------------------

# RFC 3492, section 5. A digit's threshold is its weight less the bias, at least 1 and at most 26.
_BASE, _MOST, _SKEW, _DAMP, _BIAS, _FIRST = 36, 26, 38, 700, 72, 128
_DIGITS = {char: number for number, char in enumerate("abcdefghijklmnopqrstuvwxyz0123456789")}


def _adapt(delta: int, count: int) -> int:
    """Adapt the bias (RFC 3492, section 6.1)."""
    delta += delta // count
    bias = 0
    while delta > 455:  # (36 - 1) * 26 / 2
        delta //= 35
        bias += _BASE
    return bias + 36 * delta // (delta + _SKEW)


def _is_short(label: str) -> bool:
    """Return whether a label's A-label has at most 63 characters (RFC 3492, section 6.3, counting digits).

    What is before a place in the label, and comes before in the order of code points, is counted in the
    bits of one integer.
    """
    if len(label) <= _SURELY_SHORT or len(label) > _LONGEST:
        return len(label) <= _SURELY_SHORT
    smaller = sum(1 << place for place, char in enumerate(label) if char.isascii())
    done = smaller.bit_count()
    left = _LONGEST - len(_ACE) - done - bool(done)
    same = place = delta = 0
    bias, current, damp = _BIAS, _FIRST, _DAMP
    for code, next_place in sorted((ord(char), at) for at, char in enumerate(label) if not char.isascii()):
        if code != current:
            if same:
                delta += (smaller >> place).bit_count() + 1
                smaller |= same
                current += 1
            delta += (code - current) * (done + 1)
            current, same, place = code, 0, 0
        delta += (smaller >> place & (1 << next_place - place) - 1).bit_count()
        left -= 1
        rest, weight = delta, _BASE - bias
        while rest >= (threshold := 1 if weight < 1 else min(weight, _MOST)):
            rest = (rest - threshold) // (_BASE - threshold)
            weight += _BASE
            left -= 1
        if left < 0:
            return False
        done += 1
        bias = _adapt(delta // damp, done)
        delta, damp, place = 0, 2, next_place + 1
        same |= 1 << next_place
    return True


def _decode(text: str) -> str | None:
    """Decode lower-case Punycode (RFC 3492, section 6.2), or return None if the text is not Punycode."""
    base, dash, digits = text.rpartition("-")
    if dash and not base:
        return None
    decoded = list(base)
    bias, code, place = _BIAS, _FIRST, 0
    start, factor, weight, damp = 0, 1, _BASE, _DAMP
    for char in digits:
        digit = _DIGITS[char]
        place += digit * factor
        threshold = min(max(weight - bias, 1), _MOST)
        if digit >= threshold:
            factor *= _BASE - threshold
            weight += _BASE
            continue
        count = len(decoded) + 1
        bias = _adapt((place - start) // damp, count)
        code += place // count
        place %= count
        if code > 0x10FFFF:
            return None
        decoded.insert(place, chr(code))
        place += 1
        start, factor, weight, damp = place, 1, _BASE, 2
    return "".join(decoded) if weight == _BASE else None
