"""The option ``app``: which applications can be wrapped, and which are refused at start-up."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import demo_app

import httpx
import pytest
from starlette.applications import Starlette
from starlette.endpoints import HTTPEndpoint
from starlette.responses import PlainTextResponse

from asynction_asgi import AsynctionSocketIO
from tests.cases import each_case
from tests.server.documents import channel, document, message
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DOCUMENT = document(root=channel(sends=[message("news")]))


async def function(scope: Any, receive: Any, send: Any) -> None:
    await PlainTextResponse("wrapped")(scope, receive, send)


async def configured(_: str, scope: Any, receive: Any, send: Any) -> None:
    await function(scope, receive, send)


def middleware(*args: Any, **options: Any) -> Any:
    return function(*args, **options)


class Instance:
    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await function(scope, receive, send)

    async def method(self, scope: Any, receive: Any, send: Any) -> None:
        await function(scope, receive, send)


class Endpoint(HTTPEndpoint):
    async def get(self, _: Any) -> PlainTextResponse:
        return PlainTextResponse("wrapped")


@pytest.mark.parametrize(
    "application",
    [
        pytest.param(function, id="function"),
        pytest.param(functools.partial(configured, "setting"), id="partial"),
        pytest.param(middleware, id="variadic"),
        pytest.param(Instance(), id="instance"),
        pytest.param(Instance().method, id="bound method"),
        pytest.param(Endpoint, id="awaitable class"),
    ],
)
async def test_every_form_of_asgi_application_is_served(application: Any) -> None:
    """Any callable with scope, receive and send gets the requests outside Socket.IO."""
    with serve(AsynctionSocketIO.from_spec(DOCUMENT, app=application)) as url:
        assert httpx.get(f"{url}/anything").text == "wrapped"


class Wsgi:
    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        raise NotImplementedError


class DoubleCallable:
    def __init__(self, scope: Any) -> None: ...

    async def __call__(self, receive: Any, send: Any) -> None: ...


def double_callable(scope: Any) -> Callable[..., Any]:
    raise NotImplementedError


def create_app(title: str = "x", debug: bool = False, routes: Any = None) -> Any:  # noqa: FBT002  # typical of factories
    raise NotImplementedError


async def keyword(scope: Any, *, receive: Any, send: Any) -> None: ...


@each_case(
    ("application", "words"),
    [
        pytest.param(demo_app, r"takes \(environ, start_response\).* WSGI .*a2wsgi", id="WSGI function"),
        pytest.param(Wsgi(), "Wsgi takes .* WSGI .*a2wsgi", id="WSGI instance"),
        pytest.param(Wsgi().__call__, "WSGI .*a2wsgi", id="WSGI method"),
        pytest.param(Starlette, "Starlette is a class: pass an instance", id="class"),
        pytest.param(DoubleCallable, "is a class", id="ASGI 2 class"),
        pytest.param(double_callable, "ASGI 2.*guarantee_single_callable", id="ASGI 2 function"),
        pytest.param(create_app, r"pass create_app\(\)", id="factory"),
        pytest.param(keyword, r"keyword takes \(scope, receive, send\)", id="keyword-only"),
        pytest.param("main:app", "str, which is not callable", id="name"),
        pytest.param(object(), "object, which is not callable", id="object"),
    ],
)
def test_an_unusable_application_is_refused_at_start_up(application: Any, words: str) -> None:
    """It raises when the application is created, instead of failing at the first request."""
    with pytest.raises(TypeError, match=words):
        AsynctionSocketIO.from_spec(DOCUMENT, app=application)
