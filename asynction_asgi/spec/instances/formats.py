"""Texts of the formats of JSON Schema, of any length that they admit."""

from __future__ import annotations

import base64
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .choices import Choices

_HEX = "0123456789abcdef"
_NAMES = ("ada", "bob", "cleo", "dan", "eve", "finn", "gil", "hana")
_FIRST_DAY, _DAYS = date(2026, 1, 31), 3650
_ENDS = ("Z", ".000Z", "+00:00", ".000000Z", ".000+00:00", ".000000+00:00")
_LONGEST_LABEL = 63


def _date(choices: Choices) -> str:
    return (_FIRST_DAY + timedelta(days=choices.integer(0, _DAYS))).isoformat()


def _time(choices: Choices) -> str:
    hour = (12 + choices.integer(0, 23)) % 24
    # What a pattern may ask for beside the format; the plain form where it doesn't.
    end = choices.pick(_ENDS) if choices.attempt else "Z"
    return f"{hour:02}:{choices.integer(0, 59):02}:{choices.integer(0, 59):02}{end}"


def _hex(choices: Choices, count: int) -> str:
    return "".join([_HEX[choices.integer(0, 15)] for _ in range(count)])


def _uuid(choices: Choices) -> str:
    head, tail = f"{_hex(choices, 8)}-{_hex(choices, 4)}", f"{_hex(choices, 3)}-{_hex(choices, 12)}"
    return f"{head}-4{_hex(choices, 3)}-{choices.pick('89ab')}{tail}"


def _host(choices: Choices) -> str:
    return choices.pick(("example.com", "example.org", "www.example.com", "api.example.net"))


def _email(choices: Choices) -> str:
    return f"{choices.pick(_NAMES)}@example.com"


def _uri(choices: Choices) -> str:
    return f"https://{_host(choices)}/{choices.pick(('', *_NAMES))}"


def _path(choices: Choices) -> str:
    return f"/{choices.pick(('path', *_NAMES))}"


FORMATS: Mapping[str, Callable[[Choices], str]] = {
    "date": _date,
    "date-time": lambda choices: f"{_date(choices)}T{_time(choices)}",
    "time": _time,
    "duration": lambda choices: f"PT{choices.integer(1, 48)}H",
    "email": _email,
    "idn-email": _email,
    "hostname": _host,
    "idn-hostname": _host,
    "ipv4": lambda choices: f"192.0.2.{choices.integer(1, 254)}",
    "ipv6": lambda choices: f"2001:db8::{choices.integer(1, 0xFFFF):x}",
    "uri": _uri,
    "uri-reference": _path,
    "iri": _uri,
    "iri-reference": _path,
    "uri-template": lambda choices: f"{_path(choices)}/{{id}}",
    "uuid": _uuid,
    "json-pointer": _path,
    "relative-json-pointer": lambda choices: f"{choices.integer(0, 9)}{_path(choices)}",
    "regex": lambda choices: f"^{choices.pick('abcdefgh')}+$",
    "byte": lambda choices: base64.b64encode(choices.word("hello").encode()).decode(),
}
_SHORT = {
    **dict.fromkeys(("email", "idn-email"), ("a@b.co", "a@b")),
    **dict.fromkeys(("hostname", "idn-hostname"), ("a.co", "a")),
    **dict.fromkeys(("uri", "iri"), ("http://a.co", "urn:a:b", "a:b")),
    **dict.fromkeys(("uri-reference", "iri-reference", "json-pointer"), ("/a", "")),
    **dict.fromkeys(("ipv4",), ("1.2.3.4",)),
    **dict.fromkeys(("ipv6",), ("::1", "::")),
    **dict.fromkeys(("uri-template",), ("/{a}", "a", "")),
    **dict.fromkeys(("relative-json-pointer",), ("0",)),
    **dict.fromkeys(("regex",), ("a", "")),
    **dict.fromkeys(("byte",), ("YQ==", "")),
}
_OPEN = ("uri", "iri", "uri-reference", "iri-reference", "json-pointer", "uri-template", "relative-json-pointer", "regex")  # fmt: skip


def lengthened(name: str, text: str, least: int, most: int) -> str:
    """Return a text of the format with the length asked for, if possible; else the text unchanged."""
    missing = least - len(text)
    if missing > 0:
        if name in _OPEN:
            return f"{text[:-1]}{'a' * missing}$" if text.endswith("$") else text + "a" * missing
        if name.endswith("hostname"):
            return _labels(missing) + text
        if name.endswith("email"):
            local, _, domain = text.partition("@")
            more = min(missing, 64 - len(local))
            return f"{local}{'a' * more}@{_labels(missing - more)}{domain}"
        if name in ("date-time", "time"):
            return f"{text[:-1]}.{'0' * max(1, missing - 1)}Z"
        if name == "byte":
            return base64.b64encode(b"hello" * (least // 5 + 1)).decode()[: -(-least // 4) * 4]
        return text
    if len(text) > most:
        return next((short for short in _SHORT.get(name, ()) if least <= len(short) <= most), text)
    return text


def _labels(count: int) -> str:
    """Make labels before a host's name, of as many characters or one more."""
    text = ""
    while count > 0:
        size = min(max(count - 1, 1), _LONGEST_LABEL)
        text += f"{'a' * size}."
        count -= size + 1
    return text
