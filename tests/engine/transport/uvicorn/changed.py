"""A server on a modified uvicorn: ``python -m tests.engine.transport.uvicorn.changed CHANGE``.

It prints a JSON object: the sizes of two answers, whether the shortcut was used, and the lines logged.
"""

from __future__ import annotations

import asyncio
import builtins
import importlib
import json
import logging
import sys
import warnings
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.websockets import websockets_sansio_impl
from websockets.server import ServerProtocol

from asynction_asgi.engine.transport.uvicorn import compat
from tests.engine.stage import serve
from tests.protocols import SHORT_WAY

if TYPE_CHECKING:
    from collections.abc import Callable

UVICORNS: Any = websockets_sansio_impl.WebSocketsSansIOProtocol
SIZES = (2, 200_000)


def nothing() -> None:
    """Leave uvicorn as it is installed."""


def refuse(module: str) -> None:
    """Hide `module` from this package alone, as if it had been renamed; uvicorn still finds it."""
    find: Any = builtins.__import__

    def find_unless_ours(name: str, globals: Any = None, *rest: Any, **named: Any) -> Any:  # noqa: A002  # Python's name
        if name == module and (globals or {}).get("__name__", "").startswith("asynction_asgi."):
            raise ModuleNotFoundError(f"No module named {module!r}", name=module)
        return find(name, globals, *rest, **named)

    builtins.__import__ = find_unless_ours


def without_frames() -> None:
    """Rename the module of websockets that contains the unmasking."""
    refuse("websockets.frames")


def without_sansio() -> None:
    """Rename uvicorn's protocol module; its class names the new module."""
    refuse(UVICORNS.__module__)
    UVICORNS.__module__ = "uvicorn.protocols.websockets.sansio"


def without_parser() -> None:
    """Rename the connection's parser for callers outside websockets."""

    class Renamed(ServerProtocol):
        def __getattribute__(self, name: str) -> Any:
            if name == "parser" and sys._getframe(1).f_globals["__name__"].startswith("asynction_asgi."):
                raise AttributeError(f"'ServerProtocol' object has no attribute {name!r}")
            return super().__getattribute__(name)

    setattr(websockets_sansio_impl, "ServerProtocol", Renamed)  # noqa: B010  # mypy does not know the name


def older() -> None:
    """Pretend that the installed release is below the minimum."""
    compat._FLOOR = (1 << 30,)  # type: ignore[assignment]


CHANGES: dict[str, Callable[[], None]] = {
    change.__name__: change for change in (nothing, without_frames, without_sansio, without_parser, older)
}


async def echo() -> dict[str, Any]:
    """Serve, and send an event of each size over its own connection."""
    answers = []
    async with serve(ws=SHORT_WAY) as stage:
        for size in SIZES:
            async with stage.client() as client:
                answers += await client.ask('421["a","' + "x" * size + '"]')
                [socket] = stage.server.eio.sockets.values()
                short = type(getattr(socket.outbox.write, "__self__", None)).__name__ == "Shortcut"
            await stage.emptied()
    return {"sizes": [len(answer) for answer in answers], "short": short}


def main() -> None:
    lines: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    warnings.simplefilter("error")
    CHANGES[sys.argv[1]]()
    importlib.import_module("asynction_asgi.server")
    sys.stdout.write(json.dumps({**asyncio.run(echo()), "lines": lines}))


if __name__ == "__main__":
    main()
