"""Strict JSON with any of the supported packages."""

from __future__ import annotations

import json
import uuid
from collections import OrderedDict
from enum import Enum
from typing import Any

import pytest

from asynction_asgi.engine.wire.codec import (
    Codec,
    UndecodableError,
    UnencodableError,
    choose_codec,
    plain_codec,
)
from tests.cases import each_case

CODECS = {
    "orjson": choose_codec(None, depth=8),
    "standard library": plain_codec(8),
    "the user's module": choose_codec(json, depth=8),
}
STRICT = {name: codec for name, codec in CODECS.items() if name != "the user's module"}


class Colour(Enum):
    RED = "red"


class Odd(Enum):
    """Members whose values have no JSON form."""

    FLOAT = float("nan")
    LIST = (1, [float("inf")])


@pytest.fixture(params=list(CODECS.values()), ids=list(CODECS))
def codec(request: pytest.FixtureRequest) -> Codec:
    codec: Codec = request.param
    return codec


@pytest.fixture(params=list(STRICT.values()), ids=list(STRICT))
def strict(request: pytest.FixtureRequest) -> Codec:
    codec: Codec = request.param
    return codec


@each_case(
    "value",
    [
        None,
        True,
        0,
        -1,
        1.5,
        "",
        "żółć \U0001f600",
        [],
        {},
        {"a": [1, {"b": None}]},
        2**53 + 1,
        2**63,
        -(2**70),
    ],
    ids=repr,
)
def test_values_survive(codec: Codec, value: Any) -> None:
    """Every JSON value is read back unchanged, and integers keep every digit."""
    attachments: list[bytes] = []
    read = codec.loads(codec.dumps(value, attachments).decode())
    assert (read, type(read), attachments) == (value, type(value), [])


@each_case(
    "text",
    [
        "",
        "[",
        "[1,]",
        "{'a':1}",
        "[1]x",
        "nul",
        "[NaN]",
        "[Infinity]",
        "[-Infinity]",
        "[1e999]",
        "[01]",
        '"\\ud800"',
        '{"\\udc00":1}',
        '["\\ud83d"]',
        "[" * 5000 + "]" * 5000,
        "[" + "9" * 5000 + "]",
    ],
    ids=lambda text: text[:12],
)
def test_invalid_json_is_refused(strict: Codec, text: str) -> None:
    """NaN, overflow, half surrogate pairs, and excessive nesting or digits raise."""
    with pytest.raises(UndecodableError):
        strict.loads(text)


@each_case(
    ("text", "words"),
    [
        ("[1e999]", "a number beyond the range of a double"),
        (f"[{'9' * 401}]", "an integer of more than 400 digits"),
        (f"[-1e999, {'9' * 30}]", "a number beyond the range of a double"),
        ("[1", "not JSON"),
    ],
)
def test_json_that_is_not_taken_is_told_from_none(strict: Codec, text: str, words: str) -> None:
    """Numbers that RFC 8259 allows and the server does not take have words of their own in the log."""
    with pytest.raises(UndecodableError, match=f"^{words}$"):
        strict.loads(text)


@each_case(
    ("text", "value"),
    [
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ("[123456789012345678901234567890]", [123456789012345678901234567890]),
        ('["1234567890123456789012"]', ["1234567890123456789012"]),
        ("[0.1234567890123456789]", [0.1234567890123456789]),
        ("[12345678901234567890.5]", [12345678901234567890.5]),
    ],
)
def test_long_numbers_and_pairs_are_read_exactly(strict: Codec, text: str, value: Any) -> None:
    """An integer above 64 bits stays an integer, and a pair of surrogates becomes one character."""
    assert strict.loads(text) == value


def nested(levels: int, inner: str = "", before: str = "") -> str:
    return f"[{before}" * levels + inner + "]" * levels


@each_case(
    ("text", "good"),
    [
        (nested(8), True),
        (nested(9), False),
        ("{" + '"a":{' * 8 + "}" * 9, False),
        ("[" + "[]," * 200 + "[]]", True),
        (nested(8, '"[[[[["'), True),
        (nested(3, '"\\"[[[[[[[[["'), True),
        # Brackets in strings must not cancel those that count.
        ("[" + '["]",' * 20 + "0" + ',"["]' * 20 + "]", False),
        (nested(9, '"x"', before='"]]]]]",'), False),
    ],
    ids=["at the limit", "beyond", "objects", "wide", "in strings", "escaped", "cancelling", "closers first"],
)
def test_nesting_is_limited(codec: Codec, text: str, *, good: bool) -> None:
    """Eight levels are accepted and nine refused, whatever the strings contain."""
    if good:
        assert codec.loads(text) == json.loads(text)
    else:
        with pytest.raises(UndecodableError):
            codec.loads(text)
        if codec.loads_deep is not None:
            assert codec.loads_deep(text) == json.loads(text)


@pytest.mark.parametrize("text", [nested(1_025), "[1]x", f"[{'9' * 401}]", "[" + "9" * 30 + nested(9) + "]"])
def test_decoding_without_the_limit_is_bounded_and_strict(text: str) -> None:
    """Only a decoder that bounds the depth itself offers that, and all else is refused as ever."""
    assert [name for name, codec in CODECS.items() if codec.loads_deep is not None] == ["orjson"]
    loads_deep = CODECS["orjson"].loads_deep
    assert loads_deep is not None
    with pytest.raises(UndecodableError):
        loads_deep(text)


@each_case(
    "value",
    [
        float("nan"),
        [float("inf")],
        {"a": [{"b": -float("inf"), "c": None}]},
        (1, (float("nan"),)),
        [Odd.FLOAT],
        {"a": (None, Odd.LIST)},
        "\ud800",
        {1, 2},
        object(),
        b"x".__iter__(),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_values_without_a_json_form_are_not_written(strict: Codec, value: Any) -> None:
    """A value that peers could not read raises before anything is sent."""
    with pytest.raises(UnencodableError):
        strict.dumps(value, [])


def test_a_cycle_is_not_written(strict: Codec) -> None:
    """A list that contains itself raises instead of looping for ever."""
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(UnencodableError):
        strict.dumps(cycle, [])


def test_bytes_become_attachments(codec: Codec) -> None:
    """Bytes are replaced by numbered placeholders in the order of the text."""
    attachments: list[bytes] = []
    value = [b"a", {"deep": [bytearray(b"b"), memoryview(b"c")]}, None]
    text = codec.dumps(value, attachments)
    holes = [{"_placeholder": True, "num": number} for number in range(3)]
    assert json.loads(text) == [holes[0], {"deep": [holes[1], holes[2]]}, None]
    assert attachments == [b"a", b"b", b"c"]


def test_bytes_beside_numeric_keys_are_counted_once(strict: Codec) -> None:
    """If one encoder gives up half-way, the other does not add the same bytes again."""
    attachments: list[bytes] = []
    text = strict.dumps([b"a", {1: b"b"}], attachments)
    assert json.loads(text)[1]["1"]["num"] == 1
    assert attachments == [b"a", b"b"]


def test_the_strict_codecs_write_the_same(strict: Codec) -> None:
    """Accepted values do not depend on the installed packages."""
    value = {"t": (1, 2), "o": OrderedDict(a=1), "u": uuid.UUID(int=1), "e": Colour.RED, "k": {1: None}}
    assert json.loads(strict.dumps(value, [])) == {
        "t": [1, 2],
        "o": {"a": 1},
        "u": "00000000-0000-0000-0000-000000000001",
        "e": "red",
        "k": {"1": None},
    }


def test_a_user_supplied_module_may_write_bytes() -> None:
    """A module whose `dumps` returns bytes, as orjson's does, is accepted."""

    class Module:
        @staticmethod
        def dumps(value: Any, **_: Any) -> bytes:
            return json.dumps(value).encode()

        loads = staticmethod(json.loads)

    codec = choose_codec(Module, depth=8)
    assert codec.loads(codec.dumps([1], []).decode()) == [1]
    with pytest.raises(UnencodableError):
        codec.dumps([{1, 2}], [])
