"""Security after admission: requirements of events, expiry, re-authentication."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import (
    AsynctionSocketIO,
    BindingError,
    JWTVerifier,
    RefusedError,
    SecurityError,
    Socket,
    load_spec,
)
from asynction_asgi.metrics import families
from asynction_asgi.server.security import authenticate, bind_security, guard
from tests.clients import WAIT_SECONDS, ConnectError, connected
from tests.server.documents import TEXT, message
from tests.server.issuer import AUDIENCE, ISSUER, Key, KeyServer, sign
from tests.server.secured import FLOWS, bearer, namespace, secured
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NOTHING = {"type": "array", "maxItems": 0}
SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": {"type": "http", "scheme": "bearer", "x-authField": "token"},
    "oauth": {"type": "oauth2", "flows": FLOWS, "x-authField": "token"},
    "key": {"type": "httpApiKey", "in": "header", "name": "X-Key"},
}
BEARER: list[dict[str, list[str]]] = [{"bearer": []}]
REAUTH = message("again", {"type": "object"}, **{"x-reauth": True})
WHO = message("who", NOTHING, **{"x-ack": True})
UNAUTHORIZED = {"error": {"code": "unauthorized", "message": "unauthorized"}}
FORBIDDEN = {"error": {"code": "forbidden", "message": "forbidden"}}
EXPIRED = {"error": {"code": "unauthorized", "message": "the session has expired"}}


async def who(socket: Any, *, user: Any, token_info: Any) -> Any:
    assert (socket.user, socket.token_info) == (user, token_info)
    return [user, token_info]


class Clock:
    """The clock of the server's security.

    Attributes:
        ahead: The seconds by which a test has set it forward.
    """

    def __init__(self) -> None:
        self.ahead = 0.0

    def time(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that is noticed at once when it is set forward."""
    clock = Clock()
    for module in (authenticate, guard):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(guard, "_LONGEST_TIMER", 0.05)
    return clock


class Tokens:
    """The infos of known tokens, and a record of calls.

    ``seconds`` in an info sets its ``exp`` that long after the first call.
    """

    def __init__(self, **known: dict[str, Any]) -> None:
        self.known = known
        self.asked: list[str] = []

    async def __call__(self, token: str) -> Mapping[str, Any] | None:
        self.asked.append(token)
        info = self.known.get(token)
        if info is not None and "seconds" in info:
            info["exp"] = time.time() + info.pop("seconds")
        return info

    def has_ended(self, token: str) -> bool:
        return bool(self.known[token]["exp"] <= time.time())


def secure(
    *receives: dict[str, Any],
    functions: dict[str, Any],
    security: Any = None,
    events: Any = None,
    handlers: dict[str, Any] | None = None,
    **options: Any,
) -> AsynctionSocketIO:
    """Return a server with a single namespace; `events` is the requirement of its events."""
    root = namespace(*receives, security=security)
    root["publish"].update({} if events is None else {"security": events})
    return AsynctionSocketIO.from_spec(
        secured(SCHEMES, {"root": root}),
        security_handlers=functions,
        handlers={"/": handlers or {"who": who}},
        **options,
    )


# --- events with their own requirements ---------------------------------------------------------------


async def test_an_event_may_require_more_than_the_connection() -> None:
    """It is checked with the credentials from the CONNECT, and its handler sees the resulting user."""
    oauth = Tokens(reader={"sub": "ada", "scope": "read"}, writer={"sub": "ada", "scope": ["read", "write"]})
    bearers = Tokens(reader={"uid": 1}, writer={"uid": 2})
    sio = secure(
        WHO, functions={"bearer": bearers, "oauth": oauth}, security=BEARER, events=[{"oauth": ["write"]}]
    )
    with serve(sio) as url:
        async with connected(url, auth={"token": "writer"}) as client:
            assert await client.call("who") == ["ada", {"sub": "ada", "scope": ["read", "write"]}]
            socket = sio.socket(client.sid)
            assert socket is not None
            assert socket.user == 2
        async with connected(url, auth={"token": "reader"}) as client:
            assert await client.call("who") == FORBIDDEN
            await client.emit("who")
            assert await client.receive() == ("exception", {**FORBIDDEN, "event": "who"})
            assert client.sio.connected
        with pytest.raises(ConnectError):
            async with connected(url):
                pass


async def test_an_events_requirement_is_checked_once() -> None:
    """Many or concurrent events call the function once, whether it admits or refuses."""
    oauth = Tokens(good={"sub": "ada", "scope": "write"}, bad={"sub": "eve"})
    write = [{"oauth": ["write"]}]
    sio = secure(
        WHO, message("say", NOTHING, **{"x-ack": True}), functions={"oauth": oauth},
        handlers={"who": who, "say": who}, security=[], events=write,
    )  # fmt: skip
    with serve(sio) as url:
        async with connected(url, auth={"token": "good"}) as client:
            assert oauth.asked == []
            answers = await asyncio.gather(*(client.call(event) for event in ("who", "say") * 10))
            assert all(answer[0] == "ada" for answer in answers)
        assert oauth.asked == ["good"]
        async with connected(url, auth={"token": "bad"}) as client:
            assert [await client.call("who") for _ in range(5)] == [FORBIDDEN] * 5
        assert oauth.asked == ["good", "bad"]
        async with connected(url) as client:
            assert await client.call("who") == UNAUTHORIZED
        assert oauth.asked == ["good", "bad"]


async def test_a_failed_verification_is_not_remembered() -> None:
    """A verifier that was unavailable is called again."""
    tokens: list[str] = []

    async def verify(token: str) -> Any:
        tokens.append(token)
        if len(tokens) == 1:
            raise RefusedError("unavailable")
        return {"sub": "ada"}

    sio = secure(WHO, functions={"bearer": verify}, security=[], events=BEARER)
    with serve(sio) as url:
        async with connected(url, auth={"token": "t"}) as client:
            assert (await client.call("who"))["error"]["code"] == "unavailable"
            assert (await client.call("who"))[0] == "ada"
            assert (await client.call("who"))[0] == "ada"
    assert len(tokens) == 2


async def test_an_event_may_keep_the_connections_user() -> None:
    """An event's identity without a user keeps the connection's user, and ``{}`` keeps its whole identity."""
    functions = {"bearer": Tokens(good={"sub": "ada"}), "key": Tokens(k={"plan": "gold"})}
    sio = secure(WHO, functions=functions, security=BEARER, events=[{"key": []}, {}])
    with serve(sio) as url:
        async with connected(url, auth={"token": "good"}, headers={"X-Key": "k"}) as client:
            assert await client.call("who") == ["ada", {"plan": "gold"}]
        async with connected(url, auth={"token": "good"}) as client:
            assert await client.call("who") == ["ada", {"sub": "ada"}]


async def test_undeclared_events_need_the_wildcards_credential() -> None:
    """The requirement of ``*`` applies to every event name."""
    events: list[str] = []

    async def anything(event: str, *arguments: Any) -> None:
        events.append(event)

    sio = secure(
        message("*"),
        functions={"bearer": Tokens(good={"sub": "ada"})},
        handlers={"*": anything},
        security=[],
        events=BEARER,
    )
    with serve(sio) as url:
        async with connected(url) as client:
            assert await client.call("whatever") == UNAUTHORIZED
            assert events == []
        async with connected(url, auth={"token": "good"}) as client:
            await client.call("whatever")
    assert events == ["whatever"]


async def test_arguments_are_checked_before_credentials() -> None:
    """Invalid arguments are refused first, and the handler runs only with a valid credential."""
    calls: list[Any] = []
    sio = secure(
        message("say", TEXT, **{"x-ack": True}), functions={"bearer": Tokens()}, handlers={"say": calls.append},
        security=[], events=BEARER,
    )  # fmt: skip
    with serve(sio) as url:
        async with connected(url) as client:
            assert (await client.call("say", {}))["error"]["code"] == "invalid_payload"
            assert await client.call("say", {"text": "hi"}) == UNAUTHORIZED
    assert calls == []


# --- expiry -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_session_ends_with_its_credential(transport: str, clock: Clock) -> None:
    """The client receives the reason and is disconnected, its disconnect handler runs, and it is counted."""
    left: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    tokens = Tokens(good={"sub": "ada", "seconds": 600})
    sio = secure(WHO, functions={"bearer": tokens}, security=BEARER, metrics=True)
    sio.on("disconnect", lambda reason: loop.call_soon_threadsafe(left.put_nowait, reason))
    with serve(sio) as url:
        async with connected(url, auth={"token": "good"}, transports=[transport]) as client:
            sid = client.sid
            clock.ahead = 300
            assert (await client.call("who"))[0] == "ada"
            clock.ahead = 601
            assert await client.receive() == ("exception", EXPIRED)
            await client.wait_gone()
            assert await asyncio.wait_for(left.get(), WAIT_SECONDS) == "server disconnect"
        with pytest.raises(ConnectError):
            async with connected(url, auth={"token": "good"}):
                pass
    assert sio.socket(sid) is None
    assert sio.metrics is not None
    assert [sample.value for sample in sio.metrics.sample(families.EXPIRED)] == [1]


async def test_the_earliest_expiry_ends_the_session() -> None:
    """With several credentials combined by AND, the session ends with the first of them."""
    keys = Tokens(k={"seconds": 0.4})
    functions = {"bearer": Tokens(good={"sub": "ada", "seconds": 600}), "key": keys}
    with serve(secure(WHO, functions=functions, security=[{"bearer": [], "key": []}])) as url:
        async with connected(url, auth={"token": "good"}, headers={"X-Key": "k"}) as client:
            assert await client.receive() == ("exception", EXPIRED)
            assert keys.has_ended("k")


async def test_a_session_may_end_during_its_connect_handler() -> None:
    """The time of the connect handler counts towards the session."""

    async def slow(socket: Any) -> None:
        await asyncio.sleep(socket.token_info["exp"] - time.time())

    sio = secure(WHO, functions={"bearer": Tokens(good={"seconds": 0.1})}, security=BEARER)
    sio.on("connect", slow)
    with serve(sio) as url:
        async with connected(url, auth={"token": "good"}) as client:
            assert await client.receive() == ("exception", EXPIRED)
            await client.wait_gone()


async def test_a_long_session_ends_on_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timers run in short steps, so that a clock set forward is noticed."""
    monkeypatch.setattr("asynction_asgi.server.security.guard._LONGEST_TIMER", 0.05)
    tokens = Tokens(good={"seconds": 0.4})
    with serve(secure(WHO, functions={"bearer": tokens}, security=BEARER)) as url:
        async with connected(url, auth={"token": "good"}) as client:
            assert await client.receive() == ("exception", EXPIRED)
            assert tokens.has_ended("good")


async def test_expiry_does_not_depend_on_the_timer(clock: Clock) -> None:
    """An event after the expiry is refused even if a busy loop delays the timer."""
    spec = load_spec(secured(SCHEMES, {"root": namespace(WHO, security=BEARER)}))
    tokens = Tokens(good={"seconds": 600})
    rules = bind_security(spec, {"bearer": tokens}).for_namespace("/")
    assert rules is not None
    socket = Socket(None, None, {})  # type: ignore[arg-type]  # a guard only writes to it
    opened = await rules.open({}, {"token": "good"}, socket)
    assert await opened.admit("who", ()) is socket
    clock.ahead = 601
    with pytest.raises(SecurityError, match="expired"):
        await opened.admit("who", ())


async def test_a_slow_renewal_does_not_extend_a_session(clock: Clock) -> None:
    """A session that ends during the verification of new credentials is not extended."""
    tokens = Tokens(old={"sub": "ada", "seconds": 600}, new={"sub": "ada"})

    async def slowly(token: str) -> Any:
        if token == "new":
            clock.ahead = 601
            await asyncio.sleep(0.2)  # longer than the timer of the session
        return await tokens(token)

    with serve(secure(REAUTH, WHO, functions={"bearer": slowly}, security=BEARER)) as url:
        async with connected(url, auth={"token": "old"}) as client:
            await client.emit("again", {"token": "new"})
            assert await client.receive() == ("exception", EXPIRED)
            await client.wait_gone()


async def test_an_events_credential_may_end_before_the_session(clock: Clock) -> None:
    """The event is refused then, and the connection stays open."""
    oauth = Tokens(t={"sub": "ada", "seconds": 600})
    functions = {"bearer": Tokens(t={"sub": "ada"}), "oauth": oauth}
    sio = secure(WHO, functions=functions, security=BEARER, events=[{"oauth": []}])
    with serve(sio) as url:
        async with connected(url, auth={"token": "t"}) as client:
            for clock.ahead in (0, 300):
                assert (await client.call("who"))[0] == "ada"
            clock.ahead = 601
            assert await client.call("who") == UNAUTHORIZED
            assert client.sio.connected


# --- re-authentication --------------------------------------------------------------------------------


def renewable(tokens: Tokens, **options: Any) -> AsynctionSocketIO:
    return secure(REAUTH, WHO, functions={"bearer": tokens}, security=BEARER, **options)


async def test_fresh_credentials_extend_a_session(clock: Clock) -> None:
    """The new auth object is the first argument, the ack is empty, and handlers see the new info."""
    tokens = Tokens(old={"sub": "ada", "seconds": 600}, new={"sub": "ada", "seconds": 1200})
    with serve(renewable(tokens)) as url:
        async with connected(url, auth={"token": "old"}) as client:
            assert await client.call("again", {"token": "new"}) is None
            clock.ahead = 900
            assert await client.call("who") == ["ada", tokens.known["new"]]
            clock.ahead = 1201
            assert await client.receive() == ("exception", EXPIRED)


@pytest.mark.parametrize(
    ("auth", "answer"),
    [
        pytest.param({"token": "bad"}, UNAUTHORIZED, id="wrong"),
        pytest.param({"token": "late"}, UNAUTHORIZED, id="expired"),
        pytest.param({}, UNAUTHORIZED, id="missing, with the old one still in a header"),
        pytest.param({"token": "eve"}, FORBIDDEN, id="another user's"),
        pytest.param({"token": "nobody"}, FORBIDDEN, id="without a user"),
    ],
)
async def test_refused_credentials_do_not_change_a_session(auth: Any, answer: Any, clock: Clock) -> None:
    """The session continues unchanged until its original expiry."""
    tokens = Tokens(
        old={"sub": "ada", "seconds": 600},
        late={"sub": "ada", "exp": 1},
        eve={"sub": "eve"},
        nobody={"plan": "free"},
    )
    with serve(renewable(tokens)) as url:
        async with connected(url, headers=bearer("old")) as client:
            assert await client.call("again", auth) == answer
            clock.ahead = 300
            assert (await client.call("who"))[0] == "ada"
            clock.ahead = 601
            assert await client.receive() == ("exception", EXPIRED)


@pytest.mark.parametrize(
    ("auth", "answer", "user"),
    [
        pytest.param({"token": "new"}, None, {"sub": "ada", "by": "token"}, id="valid"),
        pytest.param({"token": "eve"}, FORBIDDEN, {"sub": "ada", "by": "key"}, id="another user's"),
        pytest.param({"token": "bad"}, UNAUTHORIZED, {"sub": "ada", "by": "key"}, id="wrong"),
        pytest.param({}, UNAUTHORIZED, {"sub": "ada", "by": "key"}, id="missing"),
    ],
)
async def test_a_fresh_credential_counts_beside_one_of_the_request(
    auth: Any, answer: Any, user: Mapping[str, Any]
) -> None:
    """An earlier alternative that the opening request satisfies neither renews a session nor prevents it."""
    keys = Tokens(k={"sub": "ada", "by": "key"})
    tokens = Tokens(new={"sub": "ada", "by": "token"}, eve={"sub": "eve"})
    sio = secure(REAUTH, WHO, functions={"key": keys, "bearer": tokens}, security=[{"key": []}, *BEARER, {}])
    with serve(sio) as url:
        async with connected(url, headers={"X-Key": "k"}) as client:
            assert await client.call("again", auth) == answer
            assert await client.call("who") == ["ada", user]


async def test_fresh_credentials_apply_to_events() -> None:
    """New credentials reset earlier decisions about events, and refused ones keep them."""
    tokens = Tokens(reader={"scope": "read"}, writer={"sub": "ada", "scope": "write"})
    sio = secure(REAUTH, WHO, functions={"oauth": tokens}, security=[], events=[{"oauth": ["write"]}])
    with serve(sio) as url:
        async with connected(url, auth={"token": "reader"}) as client:
            assert await client.call("who") == FORBIDDEN
            assert await client.call("again", {"token": "writer"}) is None
            assert (await client.call("who"))[0] == "ada"
            assert await client.call("again", {"token": "reader"}) == FORBIDDEN
            assert await client.call("again", {}) == UNAUTHORIZED
            assert (await client.call("who"))[0] == "ada"


async def test_an_anonymous_client_may_authenticate_later() -> None:
    """If security is optional, re-authentication gives the connection a user."""
    sio = secure(REAUTH, WHO, functions={"bearer": Tokens(t={"sub": "ada"})}, security=[*BEARER, {}])
    with serve(sio) as url:
        async with connected(url) as client:
            assert await client.call("who") == [None, None]
            assert await client.call("again", {"token": "bad"}) == UNAUTHORIZED
            assert await client.call("again", {"token": "t"}) is None
            assert await client.call("who") == ["ada", {"sub": "ada"}]


async def test_re_authentication_may_have_a_handler() -> None:
    """The handler runs after the credentials are accepted, and its result is the ack."""
    tokens = Tokens(old={"sub": "ada"}, new={"sub": "ada", "exp": time.time() + 600})
    ran: list[Any] = []

    async def again(socket: Any, auth: Any) -> Any:
        ran.append(auth)
        return {"exp": socket.token_info["exp"]}

    event = message("again", {"type": "object"}, **{"x-reauth": True, "x-ack": {"args": {"type": "object"}}})
    sio = secure(event, functions={"bearer": tokens}, security=BEARER, handlers={"again": again})
    with serve(sio) as url:
        async with connected(url, auth={"token": "old"}) as client:
            assert await client.call("again", {"token": "bad"}) == UNAUTHORIZED
            assert await client.call("again", {"token": "new"}) == {"exp": tokens.known["new"]["exp"]}
            assert (await client.call("again"))["error"]["code"] == "invalid_payload"
    assert ran == [{"token": "new"}]


async def test_credentials_do_not_reach_a_catch_all() -> None:
    """Re-authentication without its own handler does not call a catch-all."""
    events: list[str] = []

    async def anything(event: str, *arguments: Any) -> None:
        events.append(event)

    functions = {"bearer": Tokens(t={"sub": "ada"})}
    sio = secure(REAUTH, message("*"), functions=functions, handlers={"*": anything}, security=BEARER)
    with serve(sio) as url:
        async with connected(url, auth={"token": "t"}) as client:
            assert await client.call("again", {"token": "t"}) is None
            await client.call("something")
    assert events == ["something"]


def test_re_authentication_with_an_ack_needs_a_handler() -> None:
    """A declared ack with arguments is an error without a handler that returns them."""
    event = message("again", {"type": "object"}, **{"x-reauth": True, "x-ack": {"args": {"type": "object"}}})
    root = namespace(event, security=BEARER)
    sio = AsynctionSocketIO.from_spec(
        secured(SCHEMES, {"root": root}), security_handlers={"bearer": Tokens()}
    )
    with pytest.raises(BindingError, match="'again'"):
        sio.check_handlers()


# --- tokens -------------------------------------------------------------------------------------------


async def test_a_document_may_configure_verification(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """``x-jwt`` verifies with an issuer's keys or a secret from the environment, and sessions end with tokens."""
    key = Key("one")
    issuer = KeyServer(key)
    monkeypatch.setenv("TOKEN_SECRET", "0123456789abcdef" * 2)
    with issuer.serving() as keys:
        schemes = {
            "bearer": {
                **SCHEMES["bearer"],
                "x-jwt": {"issuer": ISSUER, "audience": AUDIENCE, "jwks": keys, "leeway": 0},
            },
            "oauth": {**SCHEMES["oauth"], "x-jwt": {"secretEnv": "TOKEN_SECRET", "algorithms": ["HS256"]}},
        }
        channels = {
            "a": namespace(WHO, security=BEARER),
            "b": namespace(WHO, security=[{"oauth": ["write"]}]),
        }
        sio = AsynctionSocketIO.from_spec(
            secured(schemes, channels), handlers={"/a": {"who": who}, "/b": {"who": who}}
        )
        with serve(sio) as url:
            async with connected(url, "/a", auth={"token": key.sign({"exp": time.time() + 600})}) as client:
                assert (await client.call("who"))[0] == "ada"
                clock.ahead = 601
                assert await client.receive() == ("exception", EXPIRED)
            clock.ahead = 0
            for scope, code in (("read", "forbidden"), ("write", None)):
                claims = {"aud": None, "scope": scope}
                token = sign("0123456789abcdef" * 2, "HS256", claims)
                assert await code_of(url, "/b", token) == code
            assert await code_of(url, "/a", sign("0123456789abcdef" * 2, "HS256")) == "unauthorized"


async def test_the_leeway_of_a_verifier_extends_sessions(clock: Clock) -> None:
    """A token that expired within the leeway is admitted for the rest of the leeway."""
    key = Key("one")
    verify = JWTVerifier(issuer=ISSUER, audience=AUDIENCE, jwks={"keys": [key.public]}, leeway=600)
    with serve(secure(WHO, functions={"bearer": verify}, security=BEARER)) as url:
        expiry = int(time.time()) - 300
        async with connected(url, auth={"token": key.sign({"exp": expiry})}) as client:
            clock.ahead = 200
            assert (await client.call("who"))[0] == "ada"
            clock.ahead = 301
            assert await client.receive() == ("exception", EXPIRED)
        clock.ahead = 0
        assert await code_of(url, "/", key.sign({"exp": time.time() - 601})) == "unauthorized"


async def code_of(url: str, name: str, token: str) -> str | None:
    try:
        async with connected(url, name, auth={"token": token}):
            return None
    except ConnectError as refused:
        return str(refused.answer["data"]["code"])


# --- JavaScript clients -------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["websocket", "polling"])
@pytest.mark.parametrize("package", ["socket.io-client", "socket.io-client-3"])
async def test_javascript_clients_use_a_secured_session(
    package: str, transport: str, clock: Clock, run_js: Callable[..., list[Any]]
) -> None:
    """A client is refused, admitted, renewed and expired, and the connection's other namespace continues."""
    tokens = Tokens(
        short={"sub": "ada", "seconds": 600}, longer={"sub": "ada", "seconds": 1200}, grace={"sub": "grace"}
    )
    later = message("later", NOTHING, **{"x-ack": True})
    channels = {name: namespace(REAUTH, WHO, later, security=BEARER) for name in ("root", "other")}

    def set_forward() -> None:
        clock.ahead += 700

    sio = AsynctionSocketIO.from_spec(
        secured(SCHEMES, channels),
        security_handlers={"bearer": tokens},
        handlers={name: {"who": user_of, "later": set_forward} for name in ("/", "/other")},
    )
    with serve(sio) as url:
        steps = await asyncio.to_thread(run_js, "session.cjs", package, url, transport)
    assert steps == [
        {"refused": ["unauthorized", UNAUTHORIZED["error"]]},
        {"who": [["ada"], ["grace"]]},
        {"wrong": [UNAUTHORIZED]},
        {"renewed": []},
        {"still": ["ada"]},
        {"exception": [EXPIRED]},
        {"disconnect": "io server disconnect"},
        {"others": ["grace"]},
    ]


def user_of(*, user: Any) -> Any:
    return user
