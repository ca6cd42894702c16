"""Python source, laid out as a formatter would: texts, values, calls and modules.

A document is other people's text. Nothing of it reaches a file but as an escaped literal, a
docstring, a comment of one line, or a name that `names` made.
"""

from __future__ import annotations

import re
import sys
import textwrap
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WIDTH = 88
_MOST_LINES = 24
_QUOTES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}


def fits(text: str, *, indent: int = 0) -> bool:
    """Return whether a line is short enough, as a terminal shows it."""
    return indent + (len(text) if text.isascii() else sum(map(_cells, text))) <= WIDTH


def literal(value: Any, *, indent: int = 0, before: int = 0) -> str:
    """Write a value as an expression, over several lines if it doesn't fit into one.

    Args:
        value: JSON, or bytes.
        indent: Of the line that the expression begins in.
        before: Characters that stand before it there, and after it.
    """
    flat = _flat(value)
    if fits(flat, indent=indent + before) or not value or not isinstance(value, dict | list | tuple):
        return flat
    inner = " " * (indent + 4)
    if isinstance(value, dict):
        lines = []
        for key, member in value.items():
            name = _flat(key)
            lines.append(f"{inner}{name}: {literal(member, indent=indent + 4, before=len(name) + 3)},")
        brackets = "{}"
    else:
        lines = [f"{inner}{literal(element, indent=indent + 4, before=1)}," for element in value]
        brackets = "[]" if isinstance(value, list) else "()"
    return "\n".join([brackets[0], *lines, f"{' ' * indent}{brackets[1]}"])


def call(function: str, arguments: Sequence[tuple[str, Any]], *, indent: int, after: str = "") -> str:
    """Write a call that begins a line: ``function(…)`` and what follows it.

    Args:
        function: What stands before the bracket.
        arguments: Keyword, or ``""``, and value.
        indent: Of the line.
        after: What stands after the bracket.
    """
    flat = ", ".join(f"{name}={_flat(argument)}" if name else _flat(argument) for name, argument in arguments)
    if fits(f"{function}({flat}){after}", indent=indent) or not arguments:
        return f"{' ' * indent}{function}({flat}){after}"
    lines = [f"{' ' * indent}{function}("]
    for name, argument in arguments:
        head = f"{name}=" if name else ""
        text = literal(argument, indent=indent + 4, before=len(head) + 1)
        lines.append(f"{' ' * (indent + 4)}{head}{text},")
    return "\n".join([*lines, f"{' ' * indent}){after}"])


def one_line(text: str, *, most: int = 60) -> str:
    """Shorten a text for a comment or a message to one printable line."""
    line = " ".join(_printable(text).split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def sentence(text: str) -> str:
    """End a text with a full stop, unless it ends as a sentence does, and begin it in upper case."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?', '…')) else '.'}"


def docstring(summary: str, details: str = "", *, indent: int) -> list[str]:
    """Write a docstring's lines: a sentence, and paragraphs of detail as they were written."""
    room = WIDTH - 8 - indent
    lines = textwrap.wrap(
        sentence(" ".join(_printable(summary).split()))[:400],
        room,
        break_long_words=False,
        break_on_hyphens=False,
    )
    body = [part for line in details.splitlines() for part in _wrapped(_printable(line), room)]
    while body and not body[0]:
        body.pop(0)
    while body and not body[-1]:
        body.pop()
    if len(body) > _MOST_LINES:
        body = [*body[:_MOST_LINES], "…"]
    if body:
        lines += ["", *body]
    text = "\n".join(lines).replace("\\", "\\\\").replace('"""', "'''")
    if text.startswith('"'):  # four quotes in a row would begin it
        text = text.replace('"', "'")
    margin = " " * indent
    first, *rest = text.split("\n")
    if not rest:
        return [f'{margin}"""{first}"""']
    return [
        f'{margin}"""{first}',
        *(f"{margin}{line}" if line else "" for line in rest),
        f'{margin}"""',
    ]


class Module:
    """One module of Python in the making; imports come as names are used.

    Attributes:
        name: Dotted, as other modules of the folder import it.
        lines: The text below the imports.

    Args:
        name: As above.
        doc: The first sentence of its docstring.
        details: The rest of it.
        own: Names that it defines.
        known: What it imports already: the local name by module and name, the latter alone for a whole module.
    """

    def __init__(
        self,
        name: str,
        doc: str,
        details: str = "",
        *,
        own: Iterable[str] = (),
        known: Mapping[tuple[str, str], str] | None = None,
    ) -> None:
        self.name = name
        self.lines: list[str] = []
        self._doc = docstring(doc, details, indent=0)
        self._own = set(own)
        self._modules: set[str] = set()
        self._imported: dict[tuple[str, str], str] = dict(known or {})
        self._known = frozenset(self._imported)

    def use(self, module: str, name: str) -> str:
        """Return the name here of something in another module; ``builtins`` need no import."""
        if module == self.name:
            return name
        if module == "builtins":
            if name not in self._own:
                return name
            self._modules.add("builtins")
            return f"builtins.{name}"
        local = self._imported.get((module, name), name)
        while (module, name) not in self._imported and (
            local in self._own or local in self._imported.values()
        ):
            local += "_"
        self._imported[module, name] = local
        return local

    def use_module(self, name: str) -> str:
        """Return the name here of a whole module."""
        parent, _, last = name.rpartition(".")
        if parent:
            return self.use(parent, last)
        if ("", name) in self._imported:
            return self._imported["", name]
        if name in self._own:
            self._imported["", name] = f"{name}_"
            return f"{name}_"
        self._modules.add(name)
        return name

    def text(self) -> str:
        """Write the whole module."""
        parts = [*self._doc, "", "from __future__ import annotations", ""]
        groups = self._import_lines()
        for group in sorted(groups):
            parts += [*groups[group], ""]
        body = "\n".join(self.lines).strip("\n")
        if not body:
            return "\n".join(self._doc) + "\n"
        gap = [""] if body.startswith(("async def ", "def ", "class ", "@")) else []
        return "\n".join([*parts, *gap, body]) + "\n"

    def new_imports(self) -> list[str]:
        """Return the import statements that are not known already."""
        groups = self._import_lines()
        return [line for group in sorted(groups) for line in groups[group]]

    def _import_lines(self) -> dict[int, list[str]]:
        """Write import statements by group: Python's own, installed, those of the folder."""
        groups: dict[int, list[str]] = defaultdict(list)
        for name in sorted(self._modules):
            groups[_group(name)].append(f"import {name}")
        plain: dict[str, list[str]] = defaultdict(list)
        renamed: dict[str, list[str]] = defaultdict(list)
        for (module, name), local in self._imported.items():
            if (module, name) in self._known:
                continue
            if name == local:
                plain[module].append(name)
            else:
                renamed[module].append(f"{name} as {local}")
        for module in sorted({*plain, *renamed}, key=_natural):
            names = sorted(plain[module], key=_rank)
            line = f"from {module} import {', '.join(names)}"
            if not fits(line):
                line = "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])
            lines = [(names[0], line)] if names else []
            lines += [
                (name, f"from {module} import {name}" if module else f"import {name}")
                for name in renamed[module]
            ]
            groups[_group(module or renamed[module][0].split(" ")[0])] += [
                text for _, text in sorted(lines, key=lambda entry: _rank(entry[0]))
            ]
        return groups


def _rank(name: str) -> tuple[Any, ...]:
    """Return the order in which linters want names: constants, classes, others; numbers by value."""
    word = name.partition(" ")[0]
    kind = 0 if len(word) > 1 and word.isupper() else 1 if word[:1].isupper() else 2
    return kind, _natural(word.lower()), _natural(word)


def _natural(name: str) -> list[str | int]:
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def _group(module: str) -> int:
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        return 0
    return 1 if top in {"asynction_asgi", "pytest"} else 2


def _cells(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _printable(text: str) -> str:
    """Return a text without characters that an editor would hide or show in another order."""
    return "".join(char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in text)


def _wrapped(line: str, room: int) -> list[str]:
    stripped = line.lstrip()
    lead = " " * min(len(line) - len(stripped), 8)
    return textwrap.wrap(
        stripped,
        room,
        initial_indent=lead,
        subsequent_indent=lead,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]


def _flat(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, bytes):
        return f"b{_quoted(value.decode('latin-1'), binary=True)}"
    if isinstance(value, float):
        return repr(value).replace("e+", "e")
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_flat(key)}: {_flat(member)}' for key, member in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flat, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(_flat, value))}{',' if len(value) == 1 else ''})"
    return repr(value)


def _quoted(text: str, *, binary: bool = False) -> str:
    quote = "'" if text.count('"') > text.count("'") else '"'
    return f"{quote}{''.join(_escaped(char, quote, binary=binary) for char in text)}{quote}"


def _escaped(char: str, quote: str, *, binary: bool) -> str:
    if char == quote:
        return f"\\{char}"
    if char in _QUOTES:
        return _QUOTES[char]
    if char.isprintable() and (char.isascii() or not binary):
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
