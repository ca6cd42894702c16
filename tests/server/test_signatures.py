"""How a signature shows that its first parameter is the connection, and what is refused as ambiguous."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING, Annotated, Any, Optional, Union
from unittest.mock import AsyncMock

import pytest

import asynction_asgi
from asynction_asgi import AsynctionSocketIO, BindingError
from tests.cases import each_case
from tests.clients import ConnectError, connected
from tests.serving import serve

from .documents import PAIR, TEXT, channel, document, message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from asynction_asgi import Socket
    from tests.server.nowhere import Plug  # type: ignore[import-untyped]  # it never resolves

Alias = asynction_asgi.Socket | None
NONE = {"type": "array", "maxItems": 0}
OPEN = {"type": "array", "items": [{"type": "string"}], "minItems": 2}


def said(lead: Any, data: Any) -> list[Any]:
    """Return a handler's arguments as its answer."""
    return [type(lead).__name__, data]


async def name_sid(sid: Any, data: Any) -> Any:
    return said(sid, data)


async def ends_in_sid(client_sid: Any, data: Any) -> Any:
    return said(client_sid, data)


async def underscored(_sid: Any, data: Any) -> Any:
    return said(_sid, data)


async def camel(clientSid: Any, data: Any) -> Any:  # noqa: N803  # as people write it
    return said(clientSid, data)


async def trailing(sid_: Any, data: Any) -> Any:
    return said(sid_, data)


async def name_socket(socket: Any, data: Any) -> Any:
    return said(socket, data)


async def annotated(s: Socket, data: Any) -> Any:
    return said(s, data)


async def union(s: Socket | None, data: Any) -> Any:
    return said(s, data)


async def optional(s: Optional[Socket], data: Any) -> Any:  # noqa: UP045  # as people write it
    return said(s, data)


async def united(s: Union[Socket, int], data: Any) -> Any:  # noqa: UP007  # as people write it
    return said(s, data)


async def dotted(s: asynction_asgi.Socket, data: Any) -> Any:
    return said(s, data)


async def aliased(s: Alias, data: Any) -> Any:
    return said(s, data)


async def described(s: Annotated[Socket, "the client"], data: Any) -> Any:
    return said(s, data)


async def positional_only(s: Socket, data: Any, /) -> Any:
    return said(s, data)


def plain(s: Socket, data: Any) -> Any:
    return said(s, data)


async def evaluated(s: Any, data: Any) -> Any:
    return said(s, data)


evaluated.__annotations__["s"] = Optional[asynction_asgi.Socket]  # noqa: UP045  # without the future import


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*args: Any, **options: Any) -> Any:
        return await function(*args, **options)

    return wrapper


class Room:
    async def method(self, s: Socket, data: Any) -> Any:
        return said(s, data)

    async def __call__(self, client_sid: str, data: Any) -> Any:
        return said(client_sid, data)


async def configured(_: Any, s: Socket, data: Any) -> Any:
    return said(s, data)


FORMS: dict[str, tuple[Callable[..., Any], str]] = {
    **{
        function.__name__: (function, "str")
        for function in (name_sid, ends_in_sid, underscored, camel, trailing)
    },
    **{
        function.__name__: (function, "Socket")
        for function in (name_socket, annotated, union, optional, united, dotted, aliased, described)
    },
    **{function.__name__: (function, "Socket") for function in (positional_only, plain, evaluated)},
    "wraps": (wrapped(annotated), "Socket"),
    "partial": (functools.partial(configured, "setting"), "Socket"),
    "bound method": (Room().method, "Socket"),
    "instance": (Room(), "str"),
}


async def test_the_first_parameter_may_be_the_connection() -> None:
    """A parameter annotated with Socket, named socket, or whose name ends in sid gets the connection."""
    messages = [message(name, TEXT, **{"x-ack": True}) for name in FORMS]
    handlers = {name: function for name, (function, _) in FORMS.items()}
    data = {"text": "x"}
    with serve(
        AsynctionSocketIO.from_spec(document(root=channel(receives=messages)), handlers={"/": handlers})
    ) as url:
        async with connected(url) as client:
            answers = {name: await client.call(name, data) for name in FORMS}
    assert answers == {name: [kind, data] for name, (_, kind) in FORMS.items()}


async def with_id(client_id: Any, data: Any) -> Any: ...
async def with_default(client_id: Any, data: Any = None) -> Any: ...
async def with_rest(client_id: Any, *rest: Any) -> Any: ...
async def alone(client_id: Any) -> Any: ...
async def three(client_id: Any, number: Any, side: Any) -> Any: ...
async def event_first(client_id: Any, event: Any, *arguments: Any) -> Any: ...
async def socket_last(data: Any, socket: Any) -> Any: ...
async def annotated_last(data: Any, s: Socket) -> Any: ...


def opaque(function: Callable[..., Any]) -> Callable[..., Any]:
    async def wrapper(*args: Any, **options: Any) -> Any:
        return await function(*args, **options)

    return wrapper


def half_opaque(function: Callable[..., Any]) -> Callable[..., Any]:
    async def wrapper(*args: Any) -> Any:
        return await function(*args)

    return wrapper


class Traced:
    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    async def __call__(self, *args: Any, **options: Any) -> Any:
        return await self.function(*args, **options)


class Desk:
    async def ask(self, data: Any) -> None: ...


ADVICE = "call it sid or socket, or annotate it with Socket"


@each_case(
    ("payload", "handler", "words"),
    [
        pytest.param(TEXT, with_id, ADVICE, id="one too many"),
        pytest.param(TEXT, with_default, f"{ADVICE}.* keyword-only", id="default"),
        pytest.param(TEXT, with_rest, ADVICE, id="rest"),
        pytest.param(NONE, alone, ADVICE, id="no argument"),
        pytest.param(PAIR, three, ADVICE, id="tuple"),
        pytest.param(OPEN, three, ADVICE, id="open tuple"),
        pytest.param(None, with_id, f"no schema.*{ADVICE}.* put socket before it", id="no schema"),
        pytest.param(None, with_default, f"no schema.*{ADVICE}", id="no schema, default"),
        pytest.param(None, with_rest, f"no schema.*{ADVICE}", id="no schema, rest"),
        pytest.param(PAIR, socket_last, "'socket' takes the connection: put it first", id="socket last"),
        pytest.param(PAIR, annotated_last, "'s' takes the connection: put it first", id="Socket last"),
        pytest.param(TEXT, opaque(name_sid), "functools.wraps", id="wrapper"),
        pytest.param(TEXT, half_opaque(name_sid), "functools.wraps", id="wrapper of arguments"),
        pytest.param(None, opaque(name_sid), "functools.wraps", id="no schema, wrapper"),
        pytest.param(TEXT, Traced(name_sid), "functools.wraps", id="wrapper of a class"),
        pytest.param(TEXT, Desk.ask, "use instance.method", id="method of the class"),
    ],
)
def test_an_ambiguous_signature_is_refused_at_start_up(payload: Any, handler: Any, words: str) -> None:
    """If a parameter could be the connection or an argument, the error says how to decide."""
    spec = document(root=channel(receives=[message("move", payload)]))
    with pytest.raises(BindingError, match=words):
        AsynctionSocketIO.from_spec(spec, handlers={"/": {"move": handler}})


@each_case(
    ("event", "handler", "words"),
    [
        pytest.param("*", event_first, ADVICE, id="catch-all"),
        pytest.param("error", with_id, ADVICE, id="error"),
        pytest.param("error", with_default, ADVICE, id="error, default"),
        pytest.param("connect", opaque(name_sid), "functools.wraps", id="connect"),
        pytest.param("disconnect", opaque(name_sid), "functools.wraps", id="disconnect"),
        pytest.param("connect", Desk.ask, "use instance.method", id="connect of the class"),
    ],
)
def test_ambiguous_lifecycle_handlers_are_refused(event: str, handler: Any, words: str) -> None:
    """The same errors apply to lifecycle handlers, catch-alls and error handlers."""
    with pytest.raises(BindingError, match=words):
        AsynctionSocketIO.from_spec(document(root=channel()), handlers={"/": {event: handler}})


class Ringing:
    """An object that can be called, and a class of handlers."""

    def __call__(self) -> Iterator[int]:
        yield 1

    async def say(self, data: Any) -> None: ...


@each_case(
    ("handler", "words"),
    [
        pytest.param(Ringing.say, "'/': Ringing.say is a method without its instance", id="method"),
        pytest.param(Ringing().__call__, "'/': Ringing.__call__ is a generator", id="generator"),
        pytest.param(Ringing(), "'/': an object of Ringing is a generator", id="object"),
        pytest.param(
            functools.partial(Ringing()), "'/': partial(an object of Ringing, …) is a generator", id="partial"
        ),
        pytest.param(object(), "'/': an object of object can't be called", id="nothing"),
        pytest.param(7, "'/': 7 can't be called", id="number"),
    ],
)
def test_errors_name_functions_without_addresses(handler: Any, words: str) -> None:
    """As their author wrote them."""
    with pytest.raises(BindingError) as raised:
        AsynctionSocketIO.from_spec(
            document(root=channel([message("say")])), handlers={"/": {"say": handler}}
        )
    assert words in str(raised.value)
    assert " at 0x" not in str(raised.value)


async def first_of_two(number: Any, *rest: Any) -> Any: ...
async def two(number: Any, side: Any) -> Any: ...
async def variadic(*arguments: Any) -> Any: ...
async def another_class(s: Desk, data: Any) -> None: ...
async def unresolved(kind: Plug, side: Any) -> None: ...
async def open_ended(*arguments: Any, **options: Any) -> Any: ...


@each_case(
    "handler",
    [variadic, first_of_two, unresolved, another_class, open_ended, half_opaque(two), Traced(two)],
    ids=[
        "variadic",
        "first and rest",
        "unresolved",
        "another class",
        "options",
        "helper",
        "helper of a class",
    ],
)
def test_handlers_may_omit_the_connection(handler: Any) -> None:
    """A signature that fits the event's arguments exactly gets only those."""
    spec = document(root=channel(receives=[message("move", PAIR)]))
    AsynctionSocketIO.from_spec(spec, handlers={"/": {"move": handler}}).check_handlers()


async def test_an_async_mock_is_a_handler() -> None:
    """A bare ``AsyncMock`` is called with the event's arguments, and its return value is the ack."""
    handler = AsyncMock(return_value="done")
    spec = document(root=channel(receives=[message("move", TEXT, **{"x-ack": True})]))
    with serve(AsynctionSocketIO.from_spec(spec, handlers={"/": {"move": handler}})) as url:
        async with connected(url) as client:
            assert await client.call("move", {"text": "x"}) == "done"
    handler.assert_awaited_once_with({"text": "x"})


async def test_lifecycle_handlers_take_the_rest_by_position() -> None:
    """``(sid, *args)``, as in fastapi-socketio, gets what python-socketio would pass."""
    calls: dict[str, Any] = {}
    left = asyncio.Event()

    async def connect(client: Socket, *rest: Any) -> None:
        calls["connect"] = type(client).__name__, rest[0]["PATH_INFO"], rest[1:]

    async def disconnect(client: Socket, *rest: Any) -> None:
        calls["disconnect"] = type(client).__name__, len(rest)
        left.set()

    async def named(*everything: Any) -> None:
        calls["named"] = len(everything)
        raise ConnectionRefusedError

    spec = document(root=channel(), other=channel())
    handlers: Any = {"/": {"connect": connect, "disconnect": disconnect}, "/other": {"connect": named}}
    app = AsynctionSocketIO.from_spec(spec, handlers=handlers)
    with serve(app) as url:
        async with connected(url, auth={"token": "x"}):
            pass
        with pytest.raises(ConnectError):
            async with connected(url, "/other"):
                pass
    assert left.is_set()
    assert calls == {
        "connect": ("Socket", "/socket.io/", ({"token": "x"},)),
        "disconnect": ("Socket", 1),
        "named": 3,
    }


async def test_a_catch_all_may_take_the_sid_second() -> None:
    """The sid may come after the event's name, as in python-socketio's documentation, or before it."""

    async def after(event: str, sid: str, data: Any) -> Any:
        return [event, len(sid) > len(event), data]

    async def before(sid: str, event: str, data: Any) -> Any:
        return [event, len(sid) > len(event), data]

    spec = document(
        root=channel(),
        other=channel(),
        declared=channel(receives=[message("*", TEXT, **{"x-ack": True})]),
    )
    handlers: Any = {"/": {"*": after}, "/other": {"*": before}, "/declared": {"*": after}}
    with serve(AsynctionSocketIO.from_spec(spec, handlers=handlers)) as url:
        for namespace in handlers:
            async with connected(url, namespace) as client:
                assert await client.call("any", {"text": "x"}) == ["any", True, {"text": "x"}]
