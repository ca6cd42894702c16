"""What is wrong with a text that is meant to be JSON, in the words of JSON."""

from __future__ import annotations

import json
import re

from .yaml_events import Fault

_WORDS = {
    "Expecting ',' delimiter": "expected a comma or a closing bracket before this",
    "Expecting ':' delimiter": "expected a colon after the name",
    "Expecting value": "expected a value",
    "Expecting property name enclosed in double quotes": "expected a name in double quotes",
    "Illegal trailing comma before end of object": "no comma may stand before a closing bracket",
    "Illegal trailing comma before end of array": "no comma may stand before a closing bracket",
    "Unterminated string starting at": "the string that begins here has no closing double quote",
    "Invalid control character at": "a line break or control character in a string must be escaped, as \\n",
    "Extra data": "the document has ended before this",
}
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN)')


def find_json_fault(text: str, *, is_json: bool = False) -> Fault | None:
    """Return where a text stops being JSON, and why, or None if it is JSON or was not meant to be.

    Args:
        text: The text.
        is_json: Whether it is meant to be JSON. Otherwise it is if it begins with an object whose first
            name is in double quotes, or is a comment: YAML in flow style seldom looks so.
    """
    opened = text.lstrip()
    if not is_json and (opened[:1] != "{" or opened[1:].lstrip()[:1] not in ('"', "/")):
        return None
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return _at(error, _explain(error))
    except (ValueError, RecursionError):
        return None
    for found in _WORD.finditer(text):  # which Python reads, and YAML takes for text
        if found[1]:
            message = f"{found[1]} is not a valid JSON number; write null, or leave it out"
            return _at(json.JSONDecodeError(message, text, found.start()), message)
    return None


def _at(error: json.JSONDecodeError, message: str) -> Fault:
    return Fault(code="YAML_SYNTAX", message=message, line=error.lineno - 1, column=error.colno - 1)


def _explain(error: json.JSONDecodeError) -> str:
    rest = error.doc[error.pos :]
    before = error.doc[: error.pos].rstrip()[-1:]
    if not rest.strip():
        return "the JSON ends here, before the last bracket was closed"
    if rest.startswith(("//", "/*", "#")):
        return "JSON has no comments: remove this"
    if rest.startswith("'"):
        return "JSON takes double quotes only"
    if rest[0] in "}]" and before == ",":
        return "no comma may stand before a closing bracket in JSON: remove it"
    if not before and rest[0] not in '{["':
        return "not valid JSON; if the file is YAML, its name must end with .yaml"
    words = _WORDS.get(error.msg)
    return f"not valid JSON: {words if words is not None else error.msg[:1].lower() + error.msg[1:]}"
