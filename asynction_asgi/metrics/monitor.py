"""The ASGI application of a monitor's port: ``/metrics``, ``/live`` and ``/ready``, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from .exposition import choose_format

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"


class Observed(Protocol):
    """What a monitor reports on: one process, or several workers."""

    def expose(self, media_type: str) -> str:
        """Return the metrics in one of the formats of `exposition`."""
        ...

    def live(self) -> bool:
        """Return whether nothing has to be started again."""
        ...

    def ready(self) -> Mapping[str, bool]:
        """Return whether clients may be sent here, as ``ready``, and what that depends on."""
        ...


class Monitor:
    """Answers operators and their programs; reads, and changes nothing.

    Args:
        observed: What it reports on.
    """

    def __init__(self, observed: Observed) -> None:
        self._observed = observed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        del receive
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1000})
            return
        path = scope["path"]
        if path not in ("/metrics", "/live", "/ready"):
            await respond(scope, send, 404, "this port has /metrics, /live and /ready\n")
        elif path == "/metrics":
            kind = choose_format(_accept(scope))
            await respond(scope, send, 200, self._observed.expose(kind), kind)
        elif path == "/live":
            lives = self._observed.live()
            await respond(scope, send, 200 if lives else 503, json.dumps({"live": lives}) + "\n", _JSON)
        else:
            state = self._observed.ready()
            await respond(scope, send, 200 if state["ready"] else 503, json.dumps(state) + "\n", _JSON)


async def respond(scope: Scope, send: Send, status: int, text: str, media_type: str = _TEXT) -> None:
    """Answer GET and HEAD with a text that must not be kept, and other methods with 405."""
    if scope["method"] in ("GET", "HEAD"):
        await send_text(scope, send, status, text, media_type)
    else:
        await send_text(scope, send, 405, "GET or HEAD\n", extra=[(b"allow", b"GET, HEAD")])


async def send_text(
    scope: Scope,
    send: Send,
    status: int,
    text: str,
    media_type: str = _TEXT,
    extra: Sequence[tuple[bytes, bytes]] = (),
) -> None:
    """Answer any method with a text that must not be kept, and HEAD without it.

    Args:
        scope: Of the request.
        send: Sends the answer.
        status: With 503, clients are told when to try again.
        text: The body.
        media_type: That of the text.
        extra: Further headers.
    """
    if status == 503:
        extra = [*extra, (b"retry-after", b"1")]
    body = text.encode()
    headers = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *extra,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def respond_ready(scope: Scope, send: Send, *, ready: bool) -> None:
    """Answer a probe by one word, which says no more than whether clients may be sent here."""
    await respond(scope, send, 200 if ready else 503, "ready\n" if ready else "not ready\n")


def _accept(scope: Scope) -> str:
    return ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"accept")
