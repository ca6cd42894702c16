"""`TestServer`: an application served to clients in the same process, without a port."""

from __future__ import annotations

import os
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from ..callables import is_coroutine_function
from ..client.refusals import refusal_in
from ..server.discovery import find_served
from .client import WAIT_SECONDS, TestClient
from .contract import Contract
from .errors import ConnectError
from .lifespan import Lifespan

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from types import TracebackType
    from typing import Self

    from ..client.in_memory_websocket import ASGIApp, Message
    from ..spec.model import Spec

__tracebackhide__ = True  # pytest reads it: a failure ends in the line of the test

_LIFESPAN_SECONDS = 30.0


class TestServer:
    """Serves an application to test clients, its lifespan and whole middleware stack included.

    An asynchronous context manager. The application may be an `AsynctionSocketIO`, or one that
    mounts or wraps one, such as Starlette's or FastAPI's.

    Args:
        app: The ASGI application.
        path: The path of Socket.IO, mount included; by default it is found in the routes of `app`.
        spec: The document that clients and server are checked against; by default that of `app`.
        is_refusal: Returns whether an acknowledgement's only argument is a refusal, which no document
            describes. Needed if the application refuses in a shape of its own.

    Raises:
        TypeError: `app` is not an application, or `is_refusal` is a coroutine function.
        ValueError: Path and document are not found, or several applications have them.
    """

    __test__ = False  # pytest collects classes of this name

    def __init__(
        self,
        app: ASGIApp,
        *,
        path: str | None = None,
        spec: Spec | None = None,
        is_refusal: Callable[[Any], bool] | None = None,
    ) -> None:
        _check_application(app)
        every = ((mount + served.spec.path, served) for mount, served in find_served(app))
        found = [(place, served) for place, served in every if path in (None, place)]
        if len({id(served) for _, served in found}) > 1:
            places = ", ".join(place for place, _ in found)
            raise ValueError(f"several applications serve Socket.IO ({places}); choose one with path=")
        self._served = found[0][1] if found else None
        if self._served is None and (path is None or spec is None):
            raise ValueError(
                "this application has no AsynctionSocketIO in its routes; pass both path= and spec="
            )
        self._app = app
        self._path = path or found[0][0]
        self._contract = Contract(spec or found[0][1].spec)
        if is_coroutine_function(is_refusal):  # a coroutine is always true
            raise TypeError("is_refusal must be a plain function")
        self._is_refusal = is_refusal or _is_standard_refusal
        self._lifespan: Lifespan | None = None
        self._clients: set[TestClient] = set()

    async def __aenter__(self) -> Self:
        """Start the application.

        Raises:
            LifespanError: The application did not start.
            RuntimeError: This object has started it before.
        """
        if self._lifespan is not None:
            raise RuntimeError("this server was started before")
        self._lifespan = Lifespan(self._app, seconds=_LIFESPAN_SECONDS)
        await self._lifespan.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Disconnect the remaining clients and stop the application.

        Raises:
            LifespanError: The application did not stop.
        """
        for client in list(self._clients):
            await client.close()
        if self._lifespan is not None:
            await self._lifespan.stop()

    def connect(
        self,
        namespace: str = "/",
        *,
        auth: Any = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        cookies: Mapping[str, str] | None = None,
        timeout: float = WAIT_SECONDS,
    ) -> AbstractAsyncContextManager[TestClient]:
        """Connect a client; it disconnects when the block ends.

        Args:
            namespace: The concrete namespace.
            auth: The auth object of CONNECT, or None.
            headers: Headers of the opening request, in place of those that it has anyway.
            query: Parameters of the opening request; a list repeats a parameter.
            cookies: Cookies of the opening request, after those in `headers`.
            timeout: Seconds to wait for the server's answer.

        Raises:
            ConnectError: The server refused the connection.
            NothingReceivedError: The server did not answer in time.
            RuntimeError: The application is not started; use the server as a context manager.
        """
        scope = _scope(self._path, headers, query, cookies)
        return _Connecting(partial(self._begin, namespace, auth, scope, timeout), self._end)

    async def _begin(self, namespace: str, auth: Any, scope: Message, seconds: float) -> TestClient:
        if self._lifespan is None:
            raise RuntimeError("the application is not started; use 'async with TestServer(app) as server'")
        scope["state"] = self._lifespan.state.copy()
        client = TestClient(
            namespace,
            self._contract.of_namespace(namespace),
            app=self._app,
            scope=scope,
            auth=auth,
            is_refusal=self._is_refusal,
            gone=self._gone,
        )
        self._clients.add(client)
        try:
            await self._open(client, seconds)
        except BaseException:
            await self._end(client)
            raise
        return client

    async def _end(self, client: TestClient) -> None:
        self._clients.discard(client)
        await client.close()

    async def _open(self, client: TestClient, seconds: float) -> None:
        try:
            await client.open(timeout=seconds)
        except ConnectError as error:
            # The server itself says only "Invalid namespace".
            if (undeclared := self._contract.undeclared(client.namespace)) is not None:
                error.add_note(undeclared)
            raise

    def _gone(self, sid: str, namespace: str) -> bool:
        return self._served is None or self._served.socket(sid, namespace) is None


class _Connecting(AbstractAsyncContextManager[TestClient]):
    """The block of a client; a generator's frames in `contextlib` would stand at the end of each failure."""

    def __init__(
        self,
        begin: Callable[[], Awaitable[TestClient]],
        end: Callable[[TestClient], Awaitable[None]],
    ) -> None:
        self._begin = begin
        self._end = end

    async def __aenter__(self) -> TestClient:
        self._client = await self._begin()
        return self._client

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._end(self._client)
        if error is None:
            self._client.raise_trouble()


def _check_application(app: Any) -> None:
    if callable(app):
        return
    given = os.fspath(app) if isinstance(app, str | os.PathLike) else None
    module, colon, attribute = (given or "").partition(":")
    if colon and module.replace(".", "_").isidentifier() and attribute.isidentifier():
        remedy = f"use 'from {module} import {attribute}'"
    else:
        document = "…" if given is None else repr(given)
        remedy = (
            f"AsynctionSocketIO.from_spec({document}) makes an application of a document,"
            " MockAsynctionSocketIO.from_spec one without its handlers"
        )
    what = repr(type(app).__name__ if given is None else given)
    raise TypeError(f"TestServer takes an ASGI application, not {what}; {remedy}")


def _scope(
    path: str,
    headers: Mapping[str, str] | None,
    query: Mapping[str, Any] | None,
    cookies: Mapping[str, str] | None,
) -> Message:
    """Return ASGI's scope of the WebSocket that opens an Engine.IO session."""
    path = path.rstrip("/") + "/"  # as clients in every language send it
    fields = {"host": "testserver", **{name.lower(): value for name, value in (headers or {}).items()}}
    if cookies:
        pairs = [f"{name}={value}" for name, value in cookies.items()]
        fields["cookie"] = "; ".join([fields["cookie"], *pairs] if "cookie" in fields else pairs)
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": urlencode(
            {**(query or {}), "EIO": "4", "transport": "websocket"}, doseq=True
        ).encode(),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()],
        "client": ("testclient", 50000),
        "server": ("testserver", 80),
        "subprotocols": [],
        "extensions": {},
    }


def _is_standard_refusal(value: Any) -> bool:
    return refusal_in(value) is not None
