"""What holds after a client was let in: events' own requirements, expiry, re-authentication."""

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
from asynction_asgi.server.security import bind_security
from tests.clients import ConnectError, connected
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


class Tokens:
    """What is behind each token, and how often each was asked for.

    An info that lasts for some ``seconds`` ends that long after it was asked for first.
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
) -> AsynctionSocketIO:
    """Return a server of one namespace; `events` is what its events require."""
    root = namespace(*receives, security=security)
    root["publish"].update({} if events is None else {"security": events})
    return AsynctionSocketIO.from_spec(
        secured(SCHEMES, {"root": root}),
        security_handlers=functions,
        handlers={"/": handlers or {"who": who}},
    )


# --- events with requirements of their own ---------------------------------------------------------


async def test_an_event_may_require_more_than_the_connection() -> None:
    """It is checked on the credentials kept since connect, and its handler sees who that makes the client."""
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


async def test_an_events_requirement_is_evaluated_once() -> None:
    """Neither many events nor several at once ask a function again, be the answer yes or no."""
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


async def test_a_failure_to_decide_is_not_remembered() -> None:
    """A verifier that was away for a moment is asked again."""
    asked: list[str] = []

    async def moody(token: str) -> Any:
        asked.append(token)
        if len(asked) == 1:
            raise RefusedError("unavailable")
        return {"sub": "ada"}

    sio = secure(WHO, functions={"bearer": moody}, security=[], events=BEARER)
    with serve(sio) as url:
        async with connected(url, auth={"token": "t"}) as client:
            assert (await client.call("who"))["error"]["code"] == "unavailable"
            assert (await client.call("who"))[0] == "ada"
            assert (await client.call("who"))[0] == "ada"
    assert len(asked) == 2


async def test_an_event_may_make_security_optional_and_keeps_the_connections_user() -> None:
    """Without a user of its own, an event's identity leaves the connection's; ``{}`` leaves all of it."""
    functions = {"bearer": Tokens(good={"sub": "ada"}), "key": Tokens(k={"plan": "gold"})}
    sio = secure(WHO, functions=functions, security=BEARER, events=[{"key": []}, {}])
    with serve(sio) as url:
        async with connected(url, auth={"token": "good"}, headers={"X-Key": "k"}) as client:
            assert await client.call("who") == ["ada", {"plan": "gold"}]
        async with connected(url, auth={"token": "good"}) as client:
            assert await client.call("who") == ["ada", {"sub": "ada"}]


async def test_an_undeclared_event_needs_what_the_wildcard_needs() -> None:
    """No name slips past the requirement of ``*``."""
    heard: list[str] = []

    async def anything(event: str, *arguments: Any) -> None:
        heard.append(event)

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
            assert heard == []
        async with connected(url, auth={"token": "good"}) as client:
            await client.call("whatever")
    assert heard == ["whatever"]


async def test_the_arguments_are_checked_first_and_the_handler_last() -> None:
    """A client that may not emit an event never reaches its handler."""
    said: list[Any] = []
    sio = secure(
        message("say", TEXT, **{"x-ack": True}), functions={"bearer": Tokens()}, handlers={"say": said.append},
        security=[], events=BEARER,
    )  # fmt: skip
    with serve(sio) as url:
        async with connected(url) as client:
            assert (await client.call("say", {}))["error"]["code"] == "invalid_payload"
            assert await client.call("say", {"text": "hi"}) == UNAUTHORIZED
    assert said == []


# --- expiry ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_session_ends_when_its_credential_does(transport: str) -> None:
    """The client is told why, then disconnected; its disconnect handler runs, and nothing is left."""
    left: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    tokens = Tokens(good={"sub": "ada", "seconds": 0.4})
    sio = secure(WHO, functions={"bearer": tokens}, security=BEARER)
    sio.on("disconnect", lambda reason: loop.call_soon_threadsafe(left.put_nowait, reason))
    with serve(sio) as url:
        async with connected(url, auth={"token": "good"}, transports=[transport]) as client:
            sid = client.sid
            assert (await client.call("who"))[0] == "ada"
            assert await client.receive() == ("exception", EXPIRED)
            assert tokens.has_ended("good")
            await client.wait_gone()
            assert await asyncio.wait_for(left.get(), 5) == "server disconnect"
        with pytest.raises(ConnectError):
            async with connected(url, auth={"token": "good"}):
                pass
    assert sio.socket(sid) is None


async def test_the_first_credential_of_several_to_end_ends_the_session() -> None:
    """AND: the session is as good as the weakest."""
    keys = Tokens(k={"seconds": 0.4})
    functions = {"bearer": Tokens(good={"sub": "ada", "seconds": 600}), "key": keys}
    with serve(secure(WHO, functions=functions, security=[{"bearer": [], "key": []}])) as url:
        async with connected(url, auth={"token": "good"}, headers={"X-Key": "k"}) as client:
            assert await client.receive() == ("exception", EXPIRED)
            assert keys.has_ended("k")


async def test_a_session_that_ends_during_its_connect_handler_is_short() -> None:
    """The handler's time counts."""

    async def slow(socket: Any) -> None:
        await asyncio.sleep(socket.token_info["exp"] - time.time())

    sio = secure(WHO, functions={"bearer": Tokens(good={"seconds": 0.1})}, security=BEARER)
    sio.on("connect", slow)
    with serve(sio) as url:
        async with connected(url, auth={"token": "good"}) as client:
            assert await client.receive() == ("exception", EXPIRED)
            await client.wait_gone()


async def test_a_long_session_ends_on_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Timers are set for a while at a time, so that clocks that are put forward are noticed."""
    monkeypatch.setattr("asynction_asgi.server.security.guard._LONGEST_TIMER", 0.05)
    tokens = Tokens(good={"seconds": 0.4})
    with serve(secure(WHO, functions={"bearer": tokens}, security=BEARER)) as url:
        async with connected(url, auth={"token": "good"}) as client:
            assert await client.receive() == ("exception", EXPIRED)
            assert tokens.has_ended("good")


async def test_an_event_is_refused_once_the_session_has_ended_however_late_the_timer() -> None:
    """A busy loop may run a timer late; the clock decides."""
    spec = load_spec(secured(SCHEMES, {"root": namespace(WHO, security=BEARER)}))
    tokens = Tokens(good={"seconds": 0.05})
    rules = bind_security(spec, {"bearer": tokens}).for_namespace("/")
    assert rules is not None
    socket = Socket(None, None, {})  # type: ignore[arg-type]  # a guard writes to it, and no more
    guard = await rules.open({}, {"token": "good"}, socket)
    assert await guard.admit("who", ()) is socket
    await asyncio.sleep(tokens.known["good"]["exp"] - time.time())
    with pytest.raises(SecurityError, match="expired"):
        await guard.admit("who", ())


async def test_a_session_that_ends_while_it_is_renewed_has_ended() -> None:
    """A verifier that takes too long extends nothing."""
    tokens = Tokens(old={"sub": "ada", "seconds": 0.3}, new={"sub": "ada"})

    async def slowly(token: str) -> Any:
        if token == "new":
            await asyncio.sleep(tokens.known["old"]["exp"] - time.time() + 0.1)
        return await tokens(token)

    with serve(secure(REAUTH, WHO, functions={"bearer": slowly}, security=BEARER)) as url:
        async with connected(url, auth={"token": "old"}) as client:
            await client.emit("again", {"token": "new"})
            assert await client.receive() == ("exception", EXPIRED)
            await client.wait_gone()


async def test_an_events_credential_may_end_before_the_session() -> None:
    """Then the event is refused, and the connection stays."""
    oauth = Tokens(t={"sub": "ada", "seconds": 0.4})
    functions = {"bearer": Tokens(t={"sub": "ada"}), "oauth": oauth}
    sio = secure(WHO, functions=functions, security=BEARER, events=[{"oauth": []}])
    with serve(sio) as url:
        async with connected(url, auth={"token": "t"}) as client:
            answers: list[Any] = []
            async with asyncio.timeout(5):
                while not answers or answers[-1] != UNAUTHORIZED:
                    answers.append(await client.call("who"))
            assert answers[0][0] == "ada"
            assert oauth.has_ended("t")
            assert client.sio.connected


# --- re-authentication -----------------------------------------------------------------------------


def renewable(tokens: Tokens, **options: Any) -> AsynctionSocketIO:
    return secure(REAUTH, WHO, functions={"bearer": tokens}, security=BEARER, **options)


async def test_fresh_credentials_extend_a_session() -> None:
    """The first argument is a new auth object; the answer is an empty ack; handlers see the new info."""
    tokens = Tokens(old={"sub": "ada", "seconds": 0.5}, new={"sub": "ada", "seconds": 1})
    with serve(renewable(tokens)) as url:
        async with connected(url, auth={"token": "old"}) as client:
            assert await client.call("again", {"token": "new"}) is None
            assert await client.call("who") == ["ada", tokens.known["new"]]
            assert await client.receive() == ("exception", EXPIRED)
            assert tokens.has_ended("new")


@pytest.mark.parametrize(
    ("auth", "answer"),
    [
        pytest.param({"token": "bad"}, UNAUTHORIZED, id="wrong"),
        pytest.param({"token": "late"}, UNAUTHORIZED, id="expired"),
        pytest.param({}, UNAUTHORIZED, id="missing, with the old one still in a header"),
        pytest.param({"token": "eve"}, FORBIDDEN, id="somebody else's"),
        pytest.param({"token": "nobody"}, FORBIDDEN, id="nobody's"),
    ],
)
async def test_credentials_that_do_not_extend_a_session_change_nothing(auth: Any, answer: Any) -> None:
    """The session goes on as it was, to the end that it had."""
    tokens = Tokens(
        old={"sub": "ada", "seconds": 0.5},
        late={"sub": "ada", "exp": 1},
        eve={"sub": "eve"},
        nobody={"plan": "free"},
    )
    with serve(renewable(tokens)) as url:
        async with connected(url, headers=bearer("old")) as client:
            assert await client.call("again", auth) == answer
            assert (await client.call("who"))[0] == "ada"
            assert await client.receive() == ("exception", EXPIRED)
            assert tokens.has_ended("old")


async def test_fresh_credentials_decide_anew_what_events_may() -> None:
    """What was granted, or refused, to the old ones is forgotten; refused ones leave what was granted."""
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


async def test_an_anonymous_client_may_say_who_it_is_later() -> None:
    """Where security is optional, re-authentication gives a user to a connection that had none."""
    sio = secure(REAUTH, WHO, functions={"bearer": Tokens(t={"sub": "ada"})}, security=[*BEARER, {}])
    with serve(sio) as url:
        async with connected(url) as client:
            assert await client.call("who") == [None, None]
            assert await client.call("again", {"token": "bad"}) == UNAUTHORIZED
            assert await client.call("again", {"token": "t"}) is None
            assert await client.call("who") == ["ada", {"sub": "ada"}]


async def test_re_authentication_may_have_a_handler() -> None:
    """It runs once the credentials are accepted, and what it returns is the ack."""
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
    """Re-authentication that has no handler of its own is nobody else's to handle."""
    heard: list[str] = []

    async def anything(event: str, *arguments: Any) -> None:
        heard.append(event)

    functions = {"bearer": Tokens(t={"sub": "ada"})}
    sio = secure(REAUTH, message("*"), functions=functions, handlers={"*": anything}, security=BEARER)
    with serve(sio) as url:
        async with connected(url, auth={"token": "t"}) as client:
            assert await client.call("again", {"token": "t"}) is None
            await client.call("something")
    assert heard == ["something"]


def test_re_authentication_without_a_handler_answers_nothing() -> None:
    """An ack that must not be empty needs a handler to make it."""
    event = message("again", {"type": "object"}, **{"x-reauth": True, "x-ack": {"args": {"type": "object"}}})
    root = namespace(event, security=BEARER)
    sio = AsynctionSocketIO.from_spec(
        secured(SCHEMES, {"root": root}), security_handlers={"bearer": Tokens()}
    )
    with pytest.raises(BindingError, match="'again'"):
        sio.check_handlers()


# --- tokens ----------------------------------------------------------------------------------------


async def test_a_document_may_verify_tokens_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """``x-jwt`` with an issuer's keys or a secret of the environment: sessions end with their token."""
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
            async with connected(url, "/a", auth={"token": key.sign({"exp": time.time() + 1})}) as client:
                assert (await client.call("who"))[0] == "ada"
                assert await client.receive() == ("exception", EXPIRED)
            for scope, code in (("read", "forbidden"), ("write", None)):
                claims = {"aud": None, "scope": scope}
                token = sign("0123456789abcdef" * 2, "HS256", claims)
                assert await code_of(url, "/b", token) == code
            assert await code_of(url, "/a", sign("0123456789abcdef" * 2, "HS256")) == "unauthorized"


async def test_a_verifier_may_be_given_in_code_and_its_leeway_counts() -> None:
    """A token that expired within the leeway is let in, for what is left of it."""
    key = Key("one")
    verify = JWTVerifier(issuer=ISSUER, audience=AUDIENCE, jwks={"keys": [key.public]}, leeway=2)
    with serve(secure(WHO, functions={"bearer": verify}, security=BEARER)) as url:
        ended = int(time.time())
        async with connected(url, auth={"token": key.sign({"exp": ended})}) as client:
            assert await client.receive() == ("exception", EXPIRED)
            assert time.time() >= ended + 2
        assert await code_of(url, "/", key.sign({"exp": time.time() - 5})) == "unauthorized"


async def code_of(url: str, name: str, token: str) -> str | None:
    try:
        async with connected(url, name, auth={"token": token}):
            return None
    except ConnectError as refused:
        return str(refused.answer["data"]["code"])


# --- the clients that people use -------------------------------------------------------------------


@pytest.mark.parametrize("transport", ["websocket", "polling"])
@pytest.mark.parametrize("package", ["socket.io-client", "socket.io-client-3"])
async def test_javascript_clients_live_a_secured_session(
    package: str, transport: str, run_js: Callable[..., list[Any]]
) -> None:
    """Refused, let in with another auth, renewed, ended; the other namespace of the connection goes on."""
    tokens = Tokens(
        short={"sub": "ada", "seconds": 1}, longer={"sub": "ada", "seconds": 1.5}, grace={"sub": "grace"}
    )
    channels = {one: namespace(REAUTH, WHO, security=BEARER) for one in ("root", "other")}
    sio = AsynctionSocketIO.from_spec(
        secured(SCHEMES, channels),
        security_handlers={"bearer": tokens},
        handlers={"/": {"who": user_of}, "/other": {"who": user_of}},
    )
    with serve(sio) as url:
        told = await asyncio.to_thread(run_js, "session.cjs", package, url, transport)
    assert told == [
        {"refused": ["unauthorized", UNAUTHORIZED["error"]]},
        {"who": [["ada"], ["grace"]]},
        {"wrong": [UNAUTHORIZED]},
        {"renewed": []},
        {"exception": [EXPIRED]},
        {"disconnect": "io server disconnect"},
        {"others": ["grace"]},
    ]


def user_of(*, user: Any) -> Any:
    return user
