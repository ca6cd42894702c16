"""Patterns mean what ECMA-262 says, even where Python's ``re`` differs."""

from __future__ import annotations

import re

import jsonschema_rs
import pytest

from asynction_asgi.spec.patterns import PatternError, parse_pattern, python_source
from tests.cases import each_case

TEXTS = (
    *("", "a", "b", "ab", "aab", "foo", "a\n", "\n", "é", "É", "\u0663", "7", "_", "-", "$", "a$"),
    *("😀", "\u2028", "\xa0", "\ufeff", "a b", "a.b", "AB", "aa", "abab", "cat", "a/b", "\\", "(", "x1"),
    *("^", "]", "{", "a{", "}", "\x01A\t"),
)


@each_case(
    "pattern",
    [
        *(
            r"^a$",
            r"a|b",
            r"^(?:a|b)+$",
            r"^[^a]$",
            r"^.$",
            r"^\d$",
            r"^\D$",
            r"^\w$",
            r"^\W$",
            r"^\s$",
            r"^\S$",
        ),
        *(r"[$]", r"[\]^]", r"^[\w.-]+$", r"^[a-c\d]+$", r"^a{2}$", r"^a{1,}b?$", r"^a{0,1}?b", r"^a*?b+?$"),
        *(
            r"^(a)\1$",
            r"^(?=a).*b$",
            r"(?<=a)b",
            r"(?<!a)b$",
            r"\bb",
            r"a\B",
        ),
        *(
            r"^\u0061$",
            r"^\u{1F600}$",
            r"^\x61$",
            r"\cA",
            r"\t",
        ),
        *(
            r"^\p{L}$",
            r"^\p{Lu}$",
            r"^\P{L}$",
            r"^\p{Letter}$",
            r"^\p{gc=Nd}$",
            r"^\p{ASCII}+$",
            r"^\p{Any}$",
        ),
        *(
            r"^\p{Extended_Pictographic}$",
            r"^[\p{L}\d]+$",
            r"\/",
            r"^\$$",
            r"a\{",
            r"",
            r"^$",
            r"(a|b)(?:c|t)?",
        ),
    ],
)
def test_matches_agree_with_another_engine(pattern: str) -> None:
    """The translated pattern finds the same texts as an ECMA-262 engine."""
    search = re.compile(python_source(parse_pattern(pattern))).search
    oracle = jsonschema_rs.Draft7Validator({"pattern": pattern})
    assert {text for text in TEXTS if search(text)} == {text for text in TEXTS if oracle.is_valid(text)}


@each_case(
    ("pattern", "text", "expected"),
    [
        (r"^(?:(a)|b)\1$", "b", True),  # a group that did not take part matches the empty text
        (r"^(?<first>a)\k<first>$", "aa", True),
        (r"^(?!a).$", "\u2028", False),
        (r"^\uD83D\uDE00$", "😀", True),
        (r"^[\uD83D\uDE00]$", "😀", True),
        (r"^\uD83Dx$", "\ud83dx", True),
        (r"^\uD83D\u0061$", "\ud83da", True),
        (r"[\b]", "\b", True),
        (r"a{", "a{", True),
        (r"^x{,3}$", "x{,3}", True),
        (r"]", "]", True),
        (r"[^]", "\n", True),
        (r"[]", "a", False),
        (r"[^\s\S]", "a", False),
        (r"^[^\0-a]$", "b", True),
        (r"^[\w-.]$", "-", True),
        (r"\0", "\0", True),
        (r"^\p{Emoji_Component}$", "#", True),
        (r"^\p{ExtPict}$", "a", False),
        (r"^\p{LC}$", "a", True),
    ],
)
def test_corners_of_the_grammar(pattern: str, text: str, expected: bool) -> None:
    """Harmless parts of Annex B and constructs that Python reads differently are translated."""
    assert (re.search(python_source(parse_pattern(pattern)), text) is not None) is expected


@each_case(
    ("pattern", "reason"),
    [
        ("(", "missing )"),
        (")", "unmatched )"),
        ("[a", "missing ]"),
        ("[\\", "ends in a backslash"),
        ("\\", "ends in a backslash"),
        ("*a", "nothing to repeat"),
        ("{2}", "nothing to repeat"),
        ("a**", "nothing to repeat"),
        ("a{2}{3}", "nothing to repeat"),
        ("^*", "nothing to repeat"),
        ("(?=a)*", "nothing to repeat"),
        ("a{2,1}", "out of order"),
        ("a{99999}", "quantifiers above"),
        ("a{1,100000}", "quantifiers above"),
        ("[b-a]", "out of order"),
        (r"\Z", "the end is $"),
        (r"\A", "the start is ^"),
        (r"\a", r"unknown escape \a"),
        (r"\01", "unknown escape"),
        (r"\c1", "unknown escape"),
        ("(?i)a", "unknown kind of group"),
        ("(?P<n>a)", "unknown kind of group"),
        ("(?<n>a)(?<n>b)", "two groups"),
        (r"\k<n>", "not defined before it"),
        (r"\1", "not finished before it"),
        (r"(\1a)", "not finished before it"),
        (r"\pL", "without {a property}"),
        (r"\p{Script=Greek}", "not supported"),
        (r"\p{Klingon}", "not supported"),
        (r"\x6", "hexadecimal"),
        (r"\u12", "hexadecimal"),
        (r"\u{110000}", "code point"),
        ("(" * 60 + ")" * 60, "nested more than"),
    ],
)
def test_refuses_with_a_reason(pattern: str, reason: str) -> None:
    """An invalid or unsupported pattern is refused with a reason, never by a Python error."""
    with pytest.raises(PatternError, match=re.escape(reason)):
        parse_pattern(pattern)
