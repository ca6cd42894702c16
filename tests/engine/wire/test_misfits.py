"""Values without a JSON form, and what the message says to use instead."""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import pathlib
import types
import uuid
from typing import Any

import pydantic
import pytest

from asynction_asgi.engine.wire.codec import UnencodableError, choose_codec, plain_codec
from asynction_asgi.engine.wire.misfits import describe_misfit
from asynction_asgi.engine.wire.packets import ACK, EVENT, encode_packet
from tests.cases import each_case


class Model(pydantic.BaseModel):
    text: str = ""


@dataclasses.dataclass
class Point:
    x: int = 1


class Colour(enum.Enum):
    RED = "red"
    WHEN = dt.date(2026, 1, 2)


CIRCLE: list[Any] = []
CIRCLE.append(CIRCLE)


@each_case(
    ("value", "message"),
    [
        (dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "a datetime at /0/a is not JSON: use .isoformat()"),
        (
            dt.datetime(2026, 1, 2),  # noqa: DTZ001  # what the message is about
            "a datetime at /0/a is not JSON: use .isoformat(), and give it a time zone for 'format: date-time'",
        ),
        (dt.date(2026, 1, 2), "a date at /0/a is not JSON: use .isoformat()"),
        (dt.timedelta(1), "a timedelta at /0/a is not JSON: use .total_seconds()"),
        (decimal.Decimal(1), "a Decimal at /0/a is not JSON: use str(…) or float(…)"),
        (Model(), "a Model at /0/a is not JSON: use .model_dump(mode='json')"),
        (Point(), "a Point at /0/a is not JSON: use dataclasses.asdict(…)"),
        (Point, "a type at /0/a is not JSON: use a dict, list, str, number, bool or None"),
        ({1}, "a set at /0/a is not JSON: use list(…)"),
        (collections.deque([1]), "a deque at /0/a is not JSON: use list(…)"),
        (types.MappingProxyType({}), "a mappingproxy at /0/a is not JSON: use dict(…)"),
        (pathlib.PurePosixPath("/x"), "a PurePosixPath at /0/a is not JSON: use str(…)"),
        (object(), "an object at /0/a is not JSON: use a dict, list, str, number, bool or None"),
        (Colour.WHEN, "a date at /0/a is not JSON: use .isoformat()"),
        (float("nan"), "nan at /0/a is not JSON: use None"),
        ("\ud800", "the text at /0/a holds half a surrogate pair, which has no UTF-8"),
        ({(1, 2): 3}, "a key at /0/a is a tuple, not a string: use str(…)"),
        ([1, {"b/~": {2}}], "a set at /0/a/1/b~1~0 is not JSON: use list(…)"),
        (CIRCLE, "the list at /0/a/0 holds itself"),
    ],
    ids=lambda value: "" if isinstance(value, str) else type(value).__name__,
)
@each_case("kind", [EVENT, ACK], ids=["event", "ack"])
@each_case("codec", [choose_codec(None, depth=128), plain_codec(128)], ids=["fast", "plain"])
def test_an_encoding_error_names_place_and_remedy(value: object, message: str, kind: int, codec: Any) -> None:
    """Both encoders name the place among the arguments, and what to use instead."""
    arguments = [{"fine": [1, None, "x"], "a": value}]
    with pytest.raises(UnencodableError) as caught:
        encode_packet(kind, ["event", *arguments] if kind == EVENT else arguments, codec)
    assert str(caught.value) == message
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_coroutine_must_be_awaited() -> None:
    """The message for a coroutine says to await it."""

    async def answer() -> int:
        return 1

    coroutine = answer()
    assert describe_misfit([coroutine]) == "a coroutine at /0 is not JSON: await it"
    assert asyncio.run(coroutine) == 1


@pytest.mark.parametrize("value", [b"x", uuid.UUID(int=1), Colour.RED, (1, "x"), {1: None}], ids=repr)
def test_encodable_values_are_not_reported(value: object) -> None:
    """Bytes, UUIDs, Enum members, tuples and scalar keys are encodable."""
    assert describe_misfit([value]) is None
    encode_packet(ACK, [value], choose_codec(None, depth=128))


def test_a_shared_value_is_checked_once() -> None:
    """Lists that contain each other twice, a hundred deep, take a hundred steps instead of 2**100."""
    shared: list[Any] = []
    for _ in range(100):
        shared = [shared, shared]
    assert describe_misfit([shared, {1}]) == "a set at /1 is not JSON: use list(…)"


def test_a_long_pointer_is_truncated() -> None:
    """The message stays short, as keys may come from a peer and have any length."""
    message = describe_misfit([{"x" * 10_000: {1}}])
    assert message is not None
    assert len(message) < 300
