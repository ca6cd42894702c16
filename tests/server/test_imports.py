"""What a server loads before and with its first client: nothing that its document does not need."""

from __future__ import annotations

import subprocess
import sys

# By what needs it. Client packages of python-socketio load much by themselves, which is not listed.
UNNEEDED = {
    "types of handlers": ["pydantic", "msgspec", "asynction_asgi.spec.instances"],
    "the keys of an issuer": [
        "jwt",
        "asynction_asgi.server.security.issuer_keys",
        "asynction_asgi.server.security.fetching",
    ],
    "uvicorn": ["uvicorn", "websockets", "asynction_asgi.engine.transport.uvicorn.shortcut"],
    "a message queue": ["asynction_asgi.engine.cluster"],
    "tracing": ["asynction_asgi.server.tracing.spans"],
    "the mock": ["asynction_asgi.mock", "faker"],
    "other commands": [
        "click",
        "asynction_asgi.cli",
        "asynction_asgi.testing",
        "asynction_asgi.typed_clients",
    ],
}

SERVING = """
import asyncio, sys
from asynction_asgi import AsynctionSocketIO
from asynction_asgi.spec.schemas import formats, hostnames, labels

text = {"type": "string", "minLength": 1}
sio = AsynctionSocketIO.from_spec(
    {
        "asyncapi": "2.6.0",
        "info": {"title": "T", "version": "1"},
        "channels": {"/": {"publish": {"message": {"name": "say", "payload": text, "x-ack": {"args": text}}}}},
    },
    handlers={"/": {"say": lambda text: text}},
)


async def serve() -> list[str]:
    scope = {
        "type": "websocket",
        "path": "/socket.io/",
        "query_string": b"EIO=4&transport=websocket",
        "headers": [(b"upgrade", b"websocket")],
    }
    arriving, sent = asyncio.Queue(), []
    messages = [{"type": "websocket.receive", "text": text} for text in ("40", '421["say","hi"]')]
    for message in ({"type": "websocket.connect"}, *messages):
        arriving.put_nowait(message)

    async def send(message) -> None:
        sent.append(message.get("text"))
        if sent[-1] == '431["hi"]':
            arriving.put_nowait({"type": "websocket.disconnect", "code": 1000})

    async with sio.lifespan(None):
        await asyncio.wait_for(sio(scope, arriving.get, send), 30)
    return sent


assert asyncio.run(serve())[-1] == '431["hi"]'
print(*sys.modules)
print(
    *(
        name
        for module in (formats, hostnames, labels)
        for name, value in vars(module).items()
        if isinstance(value, formats.Expression) and "fullmatch" in vars(value)
    )
)
"""


def test_a_server_loads_only_what_its_document_needs() -> None:
    """Serving a client by another server than uvicorn loads none of the modules that were not asked for."""
    shown = subprocess.run([sys.executable, "-c", SERVING], capture_output=True, text=True, check=True).stdout
    loaded, compiled = shown.split("\n", 1)
    found = {need: [name for name in names if name in loaded.split()] for need, names in UNNEEDED.items()}
    assert found == {need: [] for need in UNNEEDED}
    assert compiled.split() == [
        "_TEMPLATE"
    ]  # of the formats' patterns; addresses of channels are URI templates
