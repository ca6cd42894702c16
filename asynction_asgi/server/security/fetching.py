"""One GET of a small document in a thread, bounded in time and size whatever the server does.

A timeout of a socket holds for each read: an answer that comes a byte at a time, ``100 Continue`` without
end, or trailers without end, would keep the thread for ever. Here every read has the time that is left.
"""

from __future__ import annotations

import functools
import http.client
import io
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import socket

# What status lines, headers and the framing of a body may take besides it.
_OVERHEAD = 64 * 1024


class TooLargeError(ValueError):
    """The answer is larger than it may be."""


def fetch(url: str, *, seconds: float, largest: int) -> bytes:
    """Return the body behind a URL; redirects are not followed.

    Args:
        url: An http or https URL that was checked before.
        seconds: The time for all but the resolution of the host's name, which has its own.
        largest: Bytes that the body may have.

    Raises:
        TimeoutError: It took longer.
        TooLargeError: The body is larger, or what comes with it is.
        OSError: The server can't be reached, or answered with another status than 2xx.
        http.client.HTTPException: The server does not speak HTTP.
    """
    budget = _Budget(seconds, largest + _OVERHEAD)
    opener = urllib.request.build_opener(_NoRedirects, _Handler(budget), _TlsHandler(budget))
    headers = {"Accept": "application/json", "User-Agent": "asynction-asgi"}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 -- the caller has checked it
    try:
        response = opener.open(request, timeout=seconds)
    except urllib.error.HTTPError as error:
        error.close()
        raise
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise error.reason from None
        raise
    body = bytearray()
    with response:
        while chunk := response.read1(65536):
            body += chunk
            if len(body) > largest:
                raise TooLargeError
    return bytes(body)


class _Budget:
    """What is left of the time and the bytes."""

    def __init__(self, seconds: float, size: int) -> None:
        self._deadline = time.monotonic() + seconds
        self._size = size

    def seconds(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left

    def spend(self, size: int) -> None:
        self._size -= size
        if self._size < 0:
            raise TooLargeError


class _Bounded(io.RawIOBase):
    """Reads from a socket within a budget."""

    def __init__(self, connected: socket.socket, budget: _Budget) -> None:
        self._socket = connected
        self._file = connected.makefile("rb", buffering=0)  # keeps the socket open until it is closed
        self._budget = budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(self._budget.seconds())
        size = self._file.readinto(buffer)
        self._budget.spend(size or 0)
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


class _Source:
    """As much of a socket as `HTTPResponse` asks for."""

    def __init__(self, connected: socket.socket, budget: _Budget) -> None:
        self._socket = connected
        self._budget = budget

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(_Bounded(self._socket, self._budget))


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *arguments: Any, budget: _Budget, **options: Any) -> None:
        super().__init__(_Source(sock, budget), *arguments, **options)  # type: ignore[arg-type]  # all that it uses


class _Handler(urllib.request.HTTPHandler):
    def __init__(self, budget: _Budget) -> None:
        super().__init__()
        self._budget = budget

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(functools.partial(_connection, http.client.HTTPConnection, self._budget), req)


class _TlsHandler(urllib.request.HTTPSHandler):
    def __init__(self, budget: _Budget) -> None:
        super().__init__()
        self._budget = budget

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(functools.partial(_connection, http.client.HTTPSConnection, self._budget), req)


def _connection(
    kind: type[http.client.HTTPConnection], budget: _Budget, host: str, **options: Any
) -> http.client.HTTPConnection:
    connection = kind(host, **options)
    connection.response_class = functools.partial(_Response, budget=budget)  # type: ignore[assignment]  # called alike
    return connection


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow none: where an answer comes from is for the configuration to say."""
