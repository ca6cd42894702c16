"""The handlers of every server under test, and the contract that declares them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import socketio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .stages import Stage

Handler = Any


def handlers(stage: Stage) -> dict[str, dict[str, Handler]]:
    """Return the handlers of both servers by namespace and event; the contract below declares them."""

    async def connect(sid: str, environ: Any, auth: Any = None) -> None:
        stage.note("connect", "/", sid)

    async def disconnect(sid: str, reason: str) -> None:
        stage.note("disconnect", "/", sid, reason)

    async def echo(sid: str, *args: Any) -> Any:
        stage.note("echo", sid)
        return args

    async def text(sid: str, words: str) -> str:
        return words.upper()

    async def shout(sid: str, *args: Any) -> None:
        await stage.io.emit("news", args)

    async def picture(sid: str, caption: Any) -> None:
        await stage.io.emit("news", (caption, b"picture"))

    async def burst(sid: str, count: int, size: int) -> None:
        for number in range(count):
            await stage.io.emit("news", (number, "x" * size))

    async def boom(sid: str) -> None:
        raise RuntimeError("internal detail")

    async def bad_type(sid: str) -> None:
        raise TypeError("internal detail")

    async def cancelled(sid: str) -> None:
        raise asyncio.CancelledError

    async def hang(sid: str) -> str:
        stage.note("hang", sid)
        await stage.gate.wait()
        return "done"

    def block(sid: str) -> str:
        stage.note("block", sid)
        time.sleep(1.0)
        stage.note("unblocked", sid)
        return "done"

    def plain_boom(sid: str) -> None:
        raise RuntimeError("internal detail")

    async def give(sid: str, what: str) -> Any:
        return UNSENDABLE[what]()

    async def tell(sid: str, what: str) -> None:
        await stage.io.emit("news", UNSENDABLE[what]())

    async def ask(sid: str, question: Any) -> Any:
        answer = await stage.io.call("question", question, to=sid, timeout=0.5)
        stage.note("answer", sid, answer)
        return answer

    async def ask_later(sid: str) -> None:
        def answered(*args: Any) -> None:
            stage.note("callback", sid, *args)

        await stage.io.emit("question", "later", to=sid, callback=answered)

    async def join(sid: str, room: str) -> None:
        await stage.io.enter_room(sid, room)

    async def kick(sid: str) -> None:
        await stage.io.disconnect(sid)

    async def mood_connect(sid: str, environ: Any, auth: Any = None) -> Any:
        mood = auth.get("mood") if isinstance(auth, dict) else None
        stage.note("mood", mood, sid)
        if mood in {"hang", "hang, refuse"}:
            await stage.gate.wait()
        if mood in {"greet", "greet, refuse"}:
            await stage.io.emit("news", "hello", to=sid, namespace="/moods")
        if mood == "refuse":
            raise socketio.exceptions.ConnectionRefusedError("not today")
        if mood in {"hang, refuse", "greet, refuse"}:
            raise ConnectionRefusedError
        if mood == "false":
            return False
        if mood == "boom":
            raise RuntimeError("internal detail")
        if mood == "bad type":
            raise TypeError("internal detail")
        if mood == "cancelled":
            raise asyncio.CancelledError
        stage.note("accepted", sid)
        return None

    async def mood_disconnect(sid: str, reason: str) -> None:
        stage.note("disconnect", "/moods", sid, reason)
        if stage.seen("mood", "bad leaver", sid):
            raise RuntimeError("internal detail")

    async def mood_echo(sid: str, *args: Any) -> Any:
        stage.note("mood echo", sid)
        return args

    async def mood_shout(sid: str, *args: Any) -> None:
        await stage.io.emit("news", args, namespace="/moods")

    return {
        "/": {
            "connect": connect,
            "disconnect": disconnect,
            "echo": echo,
            "text": text,
            "shout": shout,
            "picture": picture,
            "burst": burst,
            "boom": boom,
            "bad type": bad_type,
            "cancelled": cancelled,
            "hang": hang,
            "block": block,
            "plain boom": plain_boom,
            "give": give,
            "tell": tell,
            "ask": ask,
            "ask later": ask_later,
            "join": join,
            "kick": kick,
        },
        "/moods": {
            "connect": mood_connect,
            "disconnect": mood_disconnect,
            "echo": mood_echo,
            "shout": mood_shout,
        },
    }


def _circle() -> Any:
    circle: list[Any] = []
    circle.append(circle)
    return circle


def _deep() -> Any:
    deep: Any = []
    for _ in range(20_000):
        deep = [deep]
    return deep


UNSENDABLE: Mapping[str, Callable[[], Any]] = {
    "object": object,
    "set": lambda: {1, 2},
    "not a number": lambda: float("nan"),
    "infinity": lambda: {"x": float("inf")},
    "circle": _circle,
    "deep": _deep,
    "key": lambda: {("a", "b"): 1},
    "surrogate": lambda: "\ud800",
}

_ANY: Mapping[str, Any] = {"x-ack": True}
_STRING = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_NONE = {"type": "array", "maxItems": 0}
RECEIVED: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "/": {
        "echo": _ANY,
        "text": {"payload": _STRING, "x-ack": _STRING},
        "shout": _ANY,
        "picture": {"payload": True, "x-ack": {"args": _NONE}},
        "burst": {
            "payload": {"type": "array", "items": [_COUNT, _COUNT], "minItems": 2, "additionalItems": False}
        },
        "boom": {"payload": _NONE, "x-ack": True},
        "bad type": {"payload": _NONE},
        "cancelled": {"payload": _NONE},
        "hang": {"payload": _NONE, "x-ack": _STRING},
        "block": {"payload": _NONE, "x-ack": _STRING},
        "plain boom": {"payload": _NONE},
        "give": {"payload": _STRING, "x-ack": True},
        "tell": {"payload": _STRING},
        "ask": {"payload": True, "x-ack": True},
        "ask later": {"payload": _NONE},
        "join": {"payload": _STRING},
        "kick": {"payload": _NONE},
    },
    "/moods": {"echo": _ANY, "shout": _ANY},
}
SENT: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "/": {"news": {}, "question": {"x-ack": _STRING}},
    "/moods": {"news": {}},
}


def _operation(messages: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {"message": {"oneOf": [{"name": name, **message} for name, message in messages.items()]}}


def contract() -> dict[str, Any]:
    """Return the AsyncAPI document of the handlers above."""
    return {
        "asyncapi": "2.6.0",
        "info": {"title": "Faults", "version": "1.0.0"},
        "channels": {
            namespace: {"publish": _operation(received), "subscribe": _operation(SENT[namespace])}
            for namespace, received in RECEIVED.items()
        },
    }
