"""Events of a channel without an address apply in every declared namespace."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi import AsynctionSocketIO
from tests.clients import ConnectError, connected
from tests.server.documents import TEXT
from tests.serving import serve

LIST = {"payload": {"type": "array", "maxItems": 0}}


def document(*addresses: str) -> dict[str, Any]:
    """Return an AsyncAPI 3 document whose channel ``shared`` has a null address."""
    own = {
        f"own{index}": {"address": address, "messages": {"hello": LIST}}
        for index, address in enumerate(addresses)
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Shared", "version": "1.0.0"},
        "channels": {
            "shared": {"address": None, "messages": {"who": LIST, "news": {"payload": TEXT}}},
            **own,
        },
        "operations": {
            "ask": {
                "action": "receive",
                "channel": {"$ref": "#/channels/shared"},
                "messages": [{"$ref": "#/channels/shared/messages/who"}],
                "x-ack": True,
            },
            "tell": {
                "action": "send",
                "channel": {"$ref": "#/channels/shared"},
                "messages": [{"$ref": "#/channels/shared/messages/news"}],
            },
            **{name: {"action": "receive", "channel": {"$ref": f"#/channels/{name}"}} for name in own},
        },
    }


async def who(socket: Any) -> str:
    await socket.emit("news", {"text": "asked"})
    return str(socket.namespace)


async def hello() -> None:
    return None


@pytest.mark.parametrize(
    "addresses", [(), ("/a", "/b/{id}")], ids=["nothing else declared", "two namespaces"]
)
async def test_shared_events_apply_in_every_declared_namespace(addresses: tuple[str, ...]) -> None:
    """Shared events are received, answered and emitted there, and undeclared namespaces are refused."""
    places = [address.replace("{id}", "7") for address in addresses] or ["/"]
    app = AsynctionSocketIO.from_spec(
        document(*addresses),
        handlers={
            address: {"who": who, **({"hello": hello} if addresses else {})}
            for address in addresses or ("/",)
        },
    )
    with serve(app) as url:
        for place in places:
            async with connected(url, place) as client:
                assert await client.call("who") == place
                assert await client.receive() == ("news", {"text": "asked"})
        with pytest.raises(ConnectError) as refused:
            async with connected(url, "/elsewhere"):
                pass
    assert refused.value.answer == {"message": "Invalid namespace"}
