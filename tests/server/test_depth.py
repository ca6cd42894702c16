"""Events that nest too deep, whether their schema bounds the depth or not."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from asynction_asgi import AsynctionSocketIO, Limits, Observer
from tests.serving import serve

from .documents import channel, document, message
from .test_security_limits import talk

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 8
ACK = {"x-ack": True}


def lists(levels: int) -> dict[str, Any]:
    """Return the schema of lists within lists, which bounds the depth."""
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(levels):
        schema = {"type": "array", "items": schema}
    return schema


RECURSIVE = {"type": "array", "items": {"$ref": "#/components/schemas/tree"}}
EVENTS = {
    "bounded": lists(DEEPEST - 1),
    "bounded above the limit": lists(DEEPEST + 1),
    "unique": {"type": "array", "items": lists(DEEPEST - 2), "uniqueItems": True},
    "either": {"oneOf": [lists(DEEPEST - 1), {"type": "object", "additionalProperties": False}]},
    "two": {"type": "array", "items": [lists(DEEPEST - 1), {"type": "null"}], "additionalItems": False},
    "recursive": RECURSIVE,
    "open": {"type": "array"},
    "without a payload": None,
}


@dataclass
class Seen(Observer):
    """What became of what was sent."""

    closings: list[tuple[str, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def closing(self, reason: str, sid: str, scope: Any, detail: str) -> None:
        self.closings.append((reason, detail))

    def refused(self, peer: Any, event: str | None, error: BaseException, **_: Any) -> None:
        self.errors.append(event or "")


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, Seen]]:
    async def echo(*values: Any) -> tuple[Any, ...]:
        return values

    seen = Seen()
    spec = document(root=channel([message(name, payload, **ACK) for name, payload in EVENTS.items()]))
    spec["components"] = {"schemas": {"tree": RECURSIVE}}
    sio = AsynctionSocketIO.from_spec(
        spec,
        handlers={"/": dict.fromkeys(EVENTS, echo)},
        limits=Limits(json_depth=DEEPEST),
        observers=[seen],
    )

    @sio.on_error
    def failed(error: Exception, *, arguments: Any) -> None:
        seen.errors.append("error handler")

    with serve(sio) as url:
        yield url, seen


def nested(name: str, levels: int) -> str:
    """Return an event whose packet nests so many levels, the list of its arguments included."""
    return f'421["{name}",{"[" * (levels - 1)}{"]" * (levels - 1)}]'


@pytest.mark.parametrize("levels", [DEEPEST + 1, 1_000])
@pytest.mark.parametrize("name", [*EVENTS, "undeclared"])
async def test_a_deep_event_closes_the_connection(served: tuple[str, Seen], name: str, levels: int) -> None:
    """It does so for the same reason over both transports, and no error handler sees its arguments."""
    url, seen = served
    seen.closings.clear()
    seen.errors.clear()
    assert (await talk(url, "40", nested(name, levels)))[-1] == "closed"
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        target = "/socket.io/?EIO=4&transport=polling"
        opened = json.loads((await http.get(target)).text[1:])
        target += f"&sid={opened['sid']}"
        assert (await http.post(target, content="40")).status_code == 200
        assert (await http.post(target, content=nested(name, levels))).status_code == 400
    assert seen.closings == [("undecodable", "nested too deep")] * 2
    assert seen.errors == []


@pytest.mark.parametrize("name", EVENTS)
async def test_an_event_at_the_limit_is_handled(served: tuple[str, Seen], name: str) -> None:
    """One that nests as deep as the limit allows is answered."""
    url, seen = served
    seen.errors.clear()
    event = nested(name, DEEPEST)
    answer = (await talk(url, "40", event, count=2))[-1]
    assert answer == f"431[{event.partition(',')[2]}"
    assert seen.errors == []
