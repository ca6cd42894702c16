"""A client's code for one event, in JavaScript and Python; the names stand in it as literals."""

from __future__ import annotations

import json
import re
from keyword import kwlist
from typing import TYPE_CHECKING, Any

from ..typed_clients.ts_text import RESERVED_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

REST = "...args"
"""Stands for any number of arguments."""
_UNUSED = "...offset"


def snippets(
    event: str,
    namespace: str,
    values: Sequence[Any],
    names: Sequence[str],
    *,
    emits: bool,
    acks: bool,
    offset: bool = False,
) -> Iterator[tuple[str, str]]:
    """Yield pairs of language and code.

    Args:
        event: The event's name.
        namespace: Its namespace.
        values: An example of its arguments, for a client that emits it.
        names: What to call the arguments, for a client that listens to it.
        emits: Whether the client emits or listens.
        acks: Whether an acknowledgement is declared.
        offset: Whether a listener receives one argument more, which it does not need.
    """
    name = json.dumps(event, ensure_ascii=False)
    where = json.dumps(namespace, ensure_ascii=False)
    if emits:
        sent = "".join(f", {literal(value, in_python=False)}" for value in values)
        if acks:
            yield "JavaScript", f"const answer = await socket.emitWithAck({name}{sent});"
        else:
            yield "JavaScript", f"socket.emit({name}{sent});"
        call = "answer = await sio.call" if acks else "await sio.emit"
        yield "Python", f"{call}({name}{_packed(values)}, namespace={where})"
        return
    parameters = _parameters(names)
    rest = REST in parameters  # after which JavaScript takes no further parameter
    listed = ", ".join([*parameters, "answer"] if acks and not rest else parameters)
    body = f" {'args.pop()' if rest else 'answer'}(/* … */); " if acks else " /* … */ "
    yield "JavaScript", f"socket.on({name}, ({listed}) => {{{body}}});"
    if offset and not rest and not acks:
        parameters.append(_UNUSED)
    listed = ", ".join(parameters).replace("...", "*")
    result = "return ...  # the acknowledgement" if acks else "..."
    yield "Python", f"@sio.on({name}, namespace={where})\nasync def handler({listed}):\n    {result}"


def _packed(values: Sequence[Any]) -> str:
    """Pack arguments for python-socketio: several as a tuple, a single one as it is."""
    if not values:
        return ""
    written = [literal(value, in_python=True) for value in values]
    return f", {written[0]}" if len(written) == 1 else f", ({', '.join(written)})"


def literal(value: Any, *, in_python: bool) -> str:
    """Return a value of JSON, or bytes, as it is written in Python or else in JavaScript."""
    if isinstance(value, bytes):
        if in_python:
            return repr(value)
        return f"new Uint8Array([{', '.join(map(str, value[:16]))}])"
    if isinstance(value, dict):
        inner = (
            f"{literal(key, in_python=in_python)}: {literal(member, in_python=in_python)}"
            for key, member in value.items()
        )
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(literal(element, in_python=in_python) for element in value) + "]"
    if in_python and (value is None or isinstance(value, bool)):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def _parameters(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for index, name in enumerate(names):
        if name == REST:
            found.append(REST)
            continue
        word = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()
        usable = re.fullmatch(r"[a-z]\w*", word, re.ASCII) and word not in found and len(word) <= 30
        found.append(word if usable and word not in _KEYWORDS else f"arg{index + 1}")
    return found


_KEYWORDS = frozenset({*kwlist, *RESERVED_WORDS, "answer"})  # of Python, of TypeScript, and our own
