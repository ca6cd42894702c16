"""Two documents that use all that the page shows, one per major version, and their server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from asynction_asgi import AsynctionSocketIO

WORKSHOP = Path(__file__).parent / "workshop.yaml"

DEPOT = Path(__file__).parent / "depot.yaml"


def workshop(**options: Any) -> AsynctionSocketIO:
    """Return the server of `WORKSHOP`."""

    async def add(left: int, right: int, how: str = "plain") -> tuple[int, str]:
        return left + right, how

    async def poke(sid: str) -> None:
        await sio.emit("said", {"text": "ouch"}, to=sid)
        await sio.server.emit(
            "<img src=x onerror=alert(1)>", ["</script><script>alert(2)</script>", {"__proto__": 1}], to=sid
        )

    async def slow(sid: str, word: str | None) -> None:
        if word == "ask":
            answer = await sio.call("are you there", "well?", to=sid)
            await sio.emit("said", {"text": f"heard {answer}"}, to=sid)
        elif word == "bye":
            await sio.disconnect(sid)

    async def whoami(socket: Any) -> str:
        return str(socket.user)

    def known(secret: str) -> dict[str, str] | None:
        return info(secret)

    def info(name: str, *_: str) -> dict[str, str] | None:
        return {"sub": f"user {name}"} if name in ("sesame", "ada") else None

    sio = AsynctionSocketIO.from_spec(
        WORKSHOP,
        handlers={
            "/": {
                "echo": lambda comment: comment,
                "add": add,
                "file": lambda about, content: content[::-1],
                "poke": poke,
                "slow": slow,
                "log": lambda *args: None,
                "shape": lambda shape: None,
            },
            "/private": {"whoami": whoami},
            "/members": {"whoami": whoami},
            "/rooms/{roomId}": {"say": lambda sid, text: text.upper()},
        },
        security_handlers={"key": known, "token": known, "login": info},
        **options,
    )
    return sio
