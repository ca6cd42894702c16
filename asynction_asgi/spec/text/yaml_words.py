"""The parser's messages about YAML in the words of people who write it."""

from __future__ import annotations

import re

# The pure parser's messages for a tab, for a colon within a text, and for what is indented otherwise than its
# neighbours.
_TAB = "found character '\\t' that cannot start any token"
_COLON = "mapping values are not allowed here"
_FLOW_COLON = re.compile(r"expected ',' or '[]}]', but got ':'")
_BLOCK_END = "expected <block end>, but found"
_INDENT = re.compile(r" *(?:- +)*")


def explain(problem: str, text: str, line: int, column: int) -> str | None:
    """Return what is wrong with a text, or None if the parser says it as well as can be.

    Args:
        problem: The parser's message.
        text: The whole text.
        line: Where the parser stopped, counted from 0.
        column: Likewise.
    """
    lines = text.splitlines()
    if line >= len(lines):
        return None  # the end of the text
    before = lines[line][:column]
    if problem == _TAB:
        return f"tabs cannot {'be used here' if before.strip() else 'indent YAML'}; use spaces"
    if problem == _COLON and ":" in before:
        return "a text that contains ': ' must be in quotes"
    if _FLOW_COLON.fullmatch(problem) and ":" in re.split(r"[{\[,]", before)[-1]:
        return "a text that contains ': ' must be in quotes, or a comma is missing before this"
    if problem == _COLON or (problem.startswith(_BLOCK_END) and not before.strip()):
        return _odd_indent(lines, line)
    return None


def _odd_indent(lines: list[str], line: int) -> str | None:
    """Say how a line is indented otherwise than the lines above it, or return None if it is not."""
    own = _spaces(lines[line])
    levels: dict[int, int] = {}
    outermost = max(map(len, lines)) + 1
    for number in range(line - 1, -1, -1):
        above = lines[number]
        if not above.strip() or above.lstrip().startswith("#"):
            continue
        for level in _levels(above):
            if level < outermost:
                levels[level] = number
        outermost = min(outermost, _spaces(above))
    if own in levels or not levels:
        return None
    nearest = min(levels, key=lambda level: (abs(level - own), -level))
    dash = ", its '- ' included" if nearest > _spaces(lines[levels[nearest]]) else ""
    return (
        f"line {line + 1} is indented by {_counted(own)}, and line {levels[nearest] + 1} by {nearest}{dash};"
        " what belongs together is indented alike"
    )


def _levels(line: str) -> list[int]:
    """Return the columns at which a line begins something: its indentation, and what follows each ``- ``."""
    begin = _INDENT.match(line)
    indent = begin[0] if begin is not None else ""
    return [_spaces(line), *(match.end() for match in re.finditer("- +", indent))][::-1]


def _spaces(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _counted(spaces: int) -> str:
    return f"{spaces} space{'' if spaces == 1 else 's'}"
