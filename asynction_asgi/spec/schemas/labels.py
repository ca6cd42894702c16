"""Which characters an international label of a host name may have, and where.

Source: RFC 5891, section 4.2 (IDNA 2008); RFC 5892 (code points), by the categories of Python's Unicode; RFC 5893
(labels from right to left).
"""

from __future__ import annotations

import unicodedata
from functools import cache, lru_cache

from .expressions import Expression

_REMEMBERED = 4_096  # characters
_VIRAMA = 9  # the class of characters that ask for a joined form
# RFC 5892, section 2.6, and appendix A for those whose place decides.
_VALID = frozenset("\xdf\u03c2\u06fd\u06fe\u0f0b\u3007")
_IN_PLACE = frozenset("\u200c\u200d\xb7\u0375\u05f3\u05f4")
_MIDDLE_DOT = "\u30fb"  # of Katakana
_ARABIC_DIGITS = frozenset(map(chr, range(0x660, 0x66A)))
_EXTENDED_DIGITS = frozenset(map(chr, range(0x6F0, 0x6FA)))
# The same, sections 2.6, 2.3, 2.4 and 2.9, as far as the characters are letters, marks or digits.
_DISALLOWED = Expression(
    "[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b"
    "\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
    "\u20d0-\u20ff\U0001d100-\U0001d24f"
    "\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]"
)
_LETTERS_AND_DIGITS = frozenset({"Ll", "Lu", "Lo", "Nd", "Lm", "Mn", "Mc"})
_JAPANESE = ("HIRAGANA", "KATAKANA LETTER", "CJK ", "IDEOGRAPHIC ITERATION", "IDEOGRAPHIC NUMBER")
_JOINING = (
    *("ARABIC LETTER", "SYRIAC LETTER", "NKO LETTER", "MANDAIC LETTER", "MONGOLIAN LETTER"),
    *("PHAGS-PA LETTER", "MANICHAEAN LETTER", "PSALTER PAHLAVI LETTER", "HANIFI ROHINGYA LETTER"),
    *("SOGDIAN LETTER", "ADLAM"),
)
_FROM_RIGHT = frozenset({"R", "AL", "AN"})
_NEUTRAL = frozenset({"EN", "ES", "CS", "ET", "ON", "BN", "NSM"})


def is_label(label: str) -> bool:
    """Return whether a label that is not plain is a U-label, whatever its length (RFC 5891, section 4.2)."""
    if label[2:4] == "--" or label[0] == "-" or label[-1] == "-" or unicodedata.category(label[0])[0] == "M":
        return False
    if not all(map(_is_allowed, label)) or not unicodedata.is_normalized("NFC", label):
        return False
    characters = set(label)
    if not (characters.isdisjoint(_ARABIC_DIGITS) or characters.isdisjoint(_EXTENDED_DIGITS)):
        return False
    if _MIDDLE_DOT in characters and not any(_is_named(char, _JAPANESE) for char in characters):
        return False
    return characters.isdisjoint(_IN_PLACE) or all(
        _is_in_place(label, place) for place, char in enumerate(label) if char in _IN_PLACE
    )


@lru_cache(_REMEMBERED)
def _is_allowed(char: str) -> bool:
    """Return whether a character may stand in a label, at some place at least (RFC 5892, section 3)."""
    if char < "\x80":
        return char == "-" or char.isdigit() or char.islower()
    if char in _VALID or char in _IN_PLACE or char == _MIDDLE_DOT:
        return True
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", char).casefold())
    return (
        unicodedata.category(char) in _LETTERS_AND_DIGITS
        and folded == char
        and not _DISALLOWED.fullmatch(char)
    )


def _is_in_place(label: str, place: int) -> bool:
    """Return whether a character may stand beside its neighbours (RFC 5892, appendix A)."""
    before, char, after = label[place - 1 : place], label[place], label[place + 1 : place + 2]
    if char in {"\u200c", "\u200d"}:
        is_joined = char == "\u200c" and _joins(label, place, -1) and _joins(label, place, 1)
        return is_joined or (before != "" and unicodedata.combining(before) == _VIRAMA)
    if char == "\xb7":
        return before == after == "l"
    return _is_named(after, ("GREEK",)) if char == "\u0375" else _is_named(before, ("HEBREW",))


def _joins(label: str, place: int, step: int) -> bool:
    """Return whether the nearest letter to one side joins towards a place, marks aside."""
    place += step
    while 0 <= place < len(label) and unicodedata.category(label[place]) == "Mn":
        place += step
    return (
        0 <= place < len(label)
        and _is_named(label[place], _JOINING)
        and (step > 0 or label[place] not in _joined_on_the_right_only())
    )


@lru_cache(_REMEMBERED)
def _is_named(char: str, names: tuple[str, ...]) -> bool:
    """Return whether a character's name begins with one of these; the empty string has no name."""
    return char != "" and unicodedata.name(char, "").startswith(names)


@cache
def _joined_on_the_right_only() -> frozenset[str]:
    """Return Arabic letters with a form for the end of a word, but none for its beginning.

    Python knows no joining types, but these forms. All other letters of scripts that join are taken to join
    on both sides: too many labels are better than too few.
    """
    forms: dict[str, set[str]] = {"<final>": set(), "<initial>": set()}
    for code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFF00)):
        form, *parts = unicodedata.decomposition(chr(code)).split() or [""]
        if form in forms and len(parts) == 1:
            forms[form].add(chr(int(parts[0], 16)))
    return frozenset(forms["<final>"] - forms["<initial>"])


def is_bidirectional(label: str) -> bool:
    """Return whether a label has a character that is written from right to left (RFC 5893, section 1.4)."""
    return not label.isascii() and not _FROM_RIGHT.isdisjoint(map(unicodedata.bidirectional, label))


def keeps_direction(label: str) -> bool:
    """Return whether a label of a name with right-to-left characters has one direction (RFC 5893, section 2)."""
    directions = [unicodedata.bidirectional(char) for char in label]
    last = next((direction for direction in reversed(directions) if direction != "NSM"), "")
    if directions[0] == "L":
        return last in ("L", "EN") and (_NEUTRAL | {"L"}).issuperset(directions)
    return (
        directions[0] in ("R", "AL")
        and last in ("R", "AL", "EN", "AN")
        and (_NEUTRAL | _FROM_RIGHT).issuperset(directions)
        and not {"EN", "AN"}.issubset(directions)
    )
