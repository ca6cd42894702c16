r"""Regular expressions as JSON Schema means them: ECMA-262 in Unicode mode.

A pattern is parsed into a small tree, from which source for Python's ``re`` is generated. Nothing
of the author's text reaches ``re`` by itself, so ``\d``, ``\w``, ``$``, ``\p{…}`` and named groups
mean what they mean in a browser, and a pattern that can't be expressed is refused at load.
Annex B is followed where it is harmless: a stray ``{`` or ``]`` and escaped punctuation are literal.

Source: ECMA-262, section 22.2.1 (Patterns).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .tree import Alternation, Assertion, Group, Item, Look, Reference, Repeat, Sequence
from .unicode import ALL, DIGITS, DOT, SPACES, WORDS, complement, is_property, property_ranges, union

if TYPE_CHECKING:
    from .tree import Pattern
    from .unicode import Ranges


class PatternError(ValueError):
    """The pattern is invalid or unsupported; the message says why."""


_CLASSES = {"d": DIGITS, "w": WORDS, "s": SPACES}
_CLASSES |= {name.upper(): complement(ranges) for name, ranges in _CLASSES.items()}
_CONTROLS = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_LOOKS = {"(?=": "?=", "(?!": "?!", "(?<=": "?<=", "(?<!": "?<!"}
_COUNT = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_QUANTIFIER = re.compile(r"[*+?]|\{[0-9]+(?:,[0-9]*)?\}")
_QUANTIFIERS = ("*", "+", "?", "{")
_SIGNS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_DIGITS = re.compile("[0-9]+")
_HEXADECIMAL = {digits: re.compile(f"[0-9A-Fa-f]{{{digits}}}") for digits in (2, 4)}
_DOT = Item(DOT)
_NAME = re.compile(r"<([A-Za-z_$][A-Za-z0-9_$]*)>")
_PROPERTY = re.compile(r"\{([A-Za-z0-9_]+)(?:=([A-Za-z0-9_]+))?\}")
_DEEPEST = 50  # groups within groups; keeps parsing within Python's stack
_MOST_REPEATS = 65_535


def parse_pattern(text: str) -> Pattern:
    """Read a pattern.

    Raises:
        PatternError: The pattern is not ECMA-262, or uses what Python can't express.
    """
    return _Parser(text).parse()


def check_syntax(text: str) -> None:
    """Check that a text is a pattern, without working out what its classes hold.

    Raises:
        PatternError: As `parse_pattern` would.
    """
    _SyntaxChecker(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.groups = 0
        self.names: dict[str, int] = {}
        self.open: list[int] = []

    def parse(self) -> Pattern:
        found = self.alternation()
        if self.at < len(self.text):
            raise PatternError("unmatched )")
        return found

    def take(self, token: str) -> bool:
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def alternation(self) -> Pattern:
        first = self.sequence()
        if not self.text.startswith("|", self.at):
            return first
        options = [first]
        while self.take("|"):
            options.append(self.sequence())
        return Alternation(tuple(options))

    def sequence(self) -> Pattern:
        parts: list[Pattern] = []
        text = self.text
        while (char := text[self.at : self.at + 1]) and char not in "|)":
            atom = self.atom(char)
            parts.append(self.quantified(atom) if text[self.at : self.at + 1] in _QUANTIFIERS else atom)
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def quantified(self, atom: Pattern) -> Pattern:
        char = self.text[self.at]
        if char != "{":
            self.at += 1
            least, most = _SIGNS[char]
        elif count := _COUNT.match(self.text, self.at):
            self.at = count.end()
            least = _repeats(count[1])
            most = least if count[2] is None else _repeats(count[3]) if count[3] else None
            if most is not None and most < least:
                raise PatternError("numbers out of order in {} quantifier")
        else:
            return atom
        if isinstance(atom, Assertion | Look):
            raise PatternError("nothing to repeat")
        lazy = self.text.startswith("?", self.at)
        if lazy:
            self.at += 1
        if self.text[self.at : self.at + 1] in _QUANTIFIERS and _QUANTIFIER.match(self.text, self.at):
            raise PatternError("nothing to repeat")
        return self.repeated(atom, least, most, lazy=lazy)

    def repeated(self, atom: Pattern, least: int, most: int | None, *, lazy: bool) -> Pattern:
        return Repeat(atom, least, most, lazy)

    def atom(self, char: str) -> Pattern:
        if char == "(":
            return self.group()
        self.at += 1
        if char in "^$":
            return Assertion(char)
        if char == ".":
            return _DOT
        if char == "[":
            return Item(self.character_class())
        if char == "\\":
            return self.escape()
        if char in "*+?" or (char == "{" and _COUNT.match(self.text, self.at - 1)):
            raise PatternError("nothing to repeat")
        return _literal(ord(char))

    def group(self) -> Pattern:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise PatternError(f"groups are nested more than {_DEEPEST} deep")
        number = 0
        sign = ""
        if not self.text.startswith("(?", self.at):
            number = self.capture()
        elif not self.take("(?:"):
            sign = next((sign for token, sign in _LOOKS.items() if self.take(token)), "")
            if not sign:
                number = self.capture()
        body = self.alternation()
        if not self.take(")"):
            raise PatternError("missing )")
        self.depth -= 1
        if sign:
            return Look(sign, body)
        if number:
            self.open.remove(number)
            return Group(number, body)
        return Sequence((body,))

    def capture(self) -> int:
        self.at += 1
        name = None
        if self.take("?"):
            found = _NAME.match(self.text, self.at)
            if found is None:
                raise PatternError("unknown kind of group (?…")
            self.at = found.end()
            name = found[1]
            if name in self.names:
                raise PatternError("two groups have the same name")
        self.groups += 1
        if name is not None:
            self.names[name] = self.groups
        self.open.append(self.groups)
        return self.groups

    def escape(self) -> Pattern:
        if self.at >= len(self.text):
            raise PatternError("ends in a backslash")
        char = self.text[self.at]
        if char in "bB":
            self.at += 1
            return Assertion(char)
        if char == "k":
            found = _NAME.match(self.text, self.at + 1)
            if found is None or found[1] not in self.names:
                raise PatternError("\\k refers to a group that is not defined before it")
            self.at = found.end()
            return self.reference(self.names[found[1]])
        if char in "123456789" and (found := _DIGITS.match(self.text, self.at)):
            self.at = found.end()
            return self.reference(int(found[0][:6]))
        return Item(self.escaped_set(in_class=False))

    def reference(self, number: int) -> Pattern:
        if number > self.groups or number in self.open:
            raise PatternError(f"\\{number} refers to a group that is not finished before it")
        return Reference(number)

    def escaped_set(self, *, in_class: bool) -> Ranges:
        """Parse what follows a backslash as a set of characters."""
        char = self.text[self.at]
        self.at += 1
        if char in _CLASSES:
            return _CLASSES[char]
        if char in "pP":
            found = _PROPERTY.match(self.text, self.at)
            if found is None:
                raise PatternError("\\p without {a property}")
            self.at = found.end()
            if not is_property(found[1], found[2]):
                raise PatternError(f"the Unicode property {found[0]} is not supported")
            return self.property(found[1], found[2], negated=char == "P")
        if char in _CONTROLS:
            return _one(_CONTROLS[char])
        if char == "b" and in_class:
            return _one(8)
        if char == "0" and self.text[self.at : self.at + 1] not in tuple("0123456789"):
            return _one(0)
        if char == "c" and re.match(r"[A-Za-z]", self.text[self.at : self.at + 1]):
            self.at += 1
            return _one(ord(self.text[self.at - 1]) % 32)
        if char == "x":
            return _one(self.hexadecimal(2))
        if char == "u":
            return _one(self.code_point())
        if char.isascii() and char.isalnum():
            hint = {"Z": "; the end is $", "z": "; the end is $", "A": "; the start is ^"}.get(char, "")
            raise PatternError(f"unknown escape \\{char}{hint}")
        return _one(ord(char))

    def property(self, name: str, value: str | None, *, negated: bool) -> Ranges:
        ranges = property_ranges(name, value)
        return complement(ranges) if negated else ranges

    def hexadecimal(self, digits: int) -> int:
        found = _HEXADECIMAL[digits].match(self.text, self.at)
        if found is None:
            raise PatternError(f"\\x and \\u need {digits} hexadecimal digits")
        self.at = found.end()
        return int(found[0], 16)

    def code_point(self) -> int:
        if self.take("{"):
            end = self.text.find("}", self.at)
            digits = self.text[self.at : end]
            if not re.fullmatch(r"[0-9A-Fa-f]{1,8}", digits) or int(digits, 16) > 0x10FFFF:
                raise PatternError("\\u{…} needs a code point")
            self.at = end + 1
            return int(digits, 16)
        first = self.hexadecimal(4)
        if 0xD800 <= first < 0xDC00 and self.text.startswith("\\u", self.at):
            back = self.at
            self.at += 2
            second = self.hexadecimal(4)
            if 0xDC00 <= second < 0xE000:
                return 0x10000 + (first - 0xD800) * 0x400 + second - 0xDC00
            self.at = back
        return first

    def character_class(self) -> Ranges:
        negated = self.take("^")
        parts: list[Ranges] = []
        while not self.take("]"):
            low = self.class_atom()
            if self.text.startswith("-", self.at) and not self.text.startswith("-]", self.at):
                self.at += 1
                high = self.class_atom()
                if _single(low) is None or _single(high) is None:
                    parts += [low, _one(0x2D), high]  # Annex B: [\w-.] holds a plain hyphen
                    continue
                if low[0][0] > high[0][0]:
                    raise PatternError("range out of order in a character class")
                parts.append(((low[0][0], high[0][0]),))
            else:
                parts.append(low)
        return self.united(parts, negated=negated)

    def united(self, parts: list[Ranges], *, negated: bool) -> Ranges:
        ranges = union(parts)
        return complement(ranges) if negated else ranges

    def class_atom(self) -> Ranges:
        if self.at >= len(self.text):
            raise PatternError("missing ]")
        char = self.text[self.at]
        self.at += 1
        if char != "\\":
            return _one(ord(char))
        if self.at >= len(self.text):
            raise PatternError("ends in a backslash")
        return self.escaped_set(in_class=True)


class _SyntaxChecker(_Parser):
    """Reads alike, but takes every class and property for all characters, and builds no repetitions."""

    def repeated(self, atom: Pattern, *_: Any, **__: Any) -> Pattern:
        return atom

    def property(self, *_: Any, **__: Any) -> Ranges:
        return ALL

    def united(self, *_: Any, **__: Any) -> Ranges:
        return ALL


def _repeats(digits: str) -> int:
    if len(digits) > 5 or int(digits) > _MOST_REPEATS:
        raise PatternError(f"quantifiers above {_MOST_REPEATS} are not supported")
    return int(digits)


def _one(code: int) -> Ranges:
    return ((code, code),)


@lru_cache(maxsize=256)
def _literal(code: int) -> Item:
    return Item(_one(code))


def _single(ranges: Ranges) -> int | None:
    return ranges[0][0] if len(ranges) == 1 and ranges[0][0] == ranges[0][1] else None
