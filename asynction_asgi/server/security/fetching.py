"""GET a small document in a thread, within a bounded time and size whatever the server does.

A socket's timeout applies to each read, so an answer that comes a byte at a time, or endless ``100 Continue``
answers or trailers, would occupy the thread for ever. Here each read has only the time that remains.
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

# Allowance for status lines, headers and the framing of a body, in bytes.
_OVERHEAD = 64 * 1024


class TooLargeError(ValueError):
    """The answer is larger than allowed."""


def fetch(url: str, *, seconds: float, largest: int) -> bytes:
    """Return the body at a URL; redirects are not followed.

    Args:
        url: An http or https URL that passed `check_url`.
        seconds: The time limit, without resolving the host name, which has a limit of its own.
        largest: Maximum size of the body, in bytes.

    Raises:
        TimeoutError: It took longer.
        TooLargeError: The body, or the headers and framing around it, are larger.
        OSError: The server is unreachable, or its status is not 2xx.
        http.client.HTTPException: The server does not speak HTTP.
    """
    budget = _Budget(seconds, largest + _OVERHEAD)
    opener = urllib.request.build_opener(_NoRedirects, _Handler(budget), _TlsHandler(budget))
    headers = {"Accept": "application/json", "User-Agent": "asynction-asgi"}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  # the caller has checked it
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
    """The remaining time and bytes."""

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
    """The part of a socket that `HTTPResponse` uses."""

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
        """Follow no redirect: only the configured host is trusted."""
