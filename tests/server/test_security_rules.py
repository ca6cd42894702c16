"""Which requirements apply, how they combine, and which mistakes are errors at start-up."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
import types
from types import MappingProxyType
from typing import Any

import jwt
import pytest
import websockets.asyncio.client

from asynction_asgi import (
    AsynctionSocketIO,
    BindingError,
    JWTVerifier,
    RefusedError,
    SecurityError,
    SpecError,
    load_spec,
    same_secret,
)
from asynction_asgi.engine import ConnectionRefusedError as UpstreamsRefusal
from asynction_asgi.spec.model.outside import secret_variables
from tests.cases import each_case
from tests.clients import ConnectError, connected
from tests.server.documents import message
from tests.server.secured import (
    FLOWS,
    basic,
    bearer,
    namespace,
    password_info,
    secret_info,
    secured,
    token_info,
    unscoped_info,
)
from tests.serving import serve

NOTHING = {"type": "array", "maxItems": 0}
WHO = message("who", NOTHING, **{"x-ack": True})
SCHEMES: dict[str, dict[str, Any]] = {
    "basic": {"type": "http", "scheme": "basic"},
    "bearer": {"type": "http", "scheme": "bearer", "x-authField": "token"},
    "key": {"type": "httpApiKey", "in": "query", "name": "key"},
    "oauth": {"type": "oauth2", "flows": FLOWS},
}
VERIFY = {"basic": password_info, "bearer": unscoped_info, "key": unscoped_info, "oauth": token_info}
ADA: dict[str, Any] = {"headers": basic("ada", "good")}
TOKEN: dict[str, Any] = {"auth": {"token": "good"}}
KEY: dict[str, Any] = {"query": "?key=good"}


async def who(socket: Any) -> Any:
    return [socket.user, socket.token_info]


async def outcome(url: str, name: str = "/", *, query: str = "", **options: Any) -> Any:
    """Return the code of a refusal, or the server's answer to the event ``who``."""
    try:
        async with connected(url + query, name, **options) as client:
            return await client.call("who")
    except ConnectError as refused:
        return refused.answer["data"]["code"]


def app(spec: Any, **handlers: Any) -> AsynctionSocketIO:
    loaded = load_spec(spec)
    return AsynctionSocketIO.from_spec(
        loaded,
        security_handlers={
            name: verify for name, verify in {**VERIFY, **handlers}.items() if name in loaded.schemes
        },
        handlers={
            name: {"who": who} for name, contract in loaded.namespaces.items() if "who" in contract.receives
        },
    )


INFO = {"sub": "ada", "scope": "read write"}
EITHER: list[dict[str, list[str]]] = [{"basic": []}, {"bearer": []}]
BOTH: list[dict[str, list[str]]] = [{"bearer": [], "key": []}]


@pytest.mark.parametrize(
    ("security", "presented", "expected"),
    [
        pytest.param(EITHER, ADA, ["ada", INFO], id="or: first"),
        pytest.param(EITHER, TOKEN, ["ada", INFO], id="or: second"),
        pytest.param(EITHER, {}, "unauthorized", id="or: neither"),
        pytest.param(EITHER, {"auth": {"token": "weak"}}, "unauthorized", id="or: the first failure counts"),
        pytest.param(EITHER[::-1], {"auth": {"token": "weak"}}, "forbidden", id="or: the other way round"),
        pytest.param(EITHER, {**ADA, "auth": {"token": "bad"}}, ["ada", INFO], id="or: one is enough"),
        pytest.param(BOTH, {**TOKEN, **KEY}, ["ada", {"bearer": INFO, "key": INFO}], id="and: both"),
        pytest.param(BOTH, TOKEN, "unauthorized", id="and: first alone"),
        pytest.param(BOTH, KEY, "unauthorized", id="and: second alone"),
        pytest.param(BOTH, {**TOKEN, "query": "?key=late"}, "unauthorized", id="and: one expired"),
        pytest.param([*BOTH, *EITHER], ADA, ["ada", INFO], id="or of ands"),
        pytest.param([*EITHER, {}], {}, [None, None], id="optional: nothing"),
        pytest.param([{}, *EITHER], ADA, ["ada", INFO], id="optional: something, wherever {} stands"),
        pytest.param([*EITHER, {}], {"auth": {"token": "bad"}}, [None, None], id="optional: wrong"),
        pytest.param([{"oauth": ["read"]}], {"headers": bearer("weak")}, ["ada", {"sub": "ada", "scope": "read"}], id="scope held"),
        pytest.param([{"oauth": ["read", "write"]}], {"headers": bearer("weak")}, "forbidden", id="scope missing"),
        pytest.param([{"oauth": []}], {"headers": bearer("good")}, ["ada", INFO], id="no scope required"),
        pytest.param([], {}, [None, None], id="public"),
        pytest.param(None, {}, [None, None], id="without security"),
    ],
)  # fmt: skip
async def test_alternatives_are_or_and_their_members_and(
    security: Any, presented: Any, expected: Any
) -> None:
    """The server's list of alternatives applies to a namespace without its own."""
    with serve(app(secured(SCHEMES, {"root": namespace(WHO)}, security))) as url:
        assert await outcome(url, **presented) == expected


async def test_a_namespace_may_replace_the_servers_requirement() -> None:
    """``x-security`` replaces the server's list, ``[]`` makes public, and each namespace has its identity."""
    spec = secured(
        SCHEMES,
        {
            "root": namespace(WHO),
            "admin": namespace(WHO, security=[{"bearer": []}]),
            "open": namespace(WHO, security=[]),
            "rooms/{id}": namespace(
                WHO, security=[{"key": []}], parameters={"id": {"schema": {"type": "string"}}}
            ),
        },
        [{"basic": []}],
    )

    async def named(token: str) -> Any:
        return {"sub": token}

    with serve(app(spec, bearer=named)) as url:
        async with connected(url, auth={"token": "grace"}, **ADA) as client:
            assert (await client.call("who"))[0] == "ada"
            assert await outcome(url, "/admin", **ADA) == "unauthorized"
            assert await outcome(url, "/open") == [None, None]
            assert await outcome(url, "/rooms/7", **KEY) == ["ada", INFO]
            assert await outcome(url, "/rooms/7", **ADA) == "unauthorized"


async def test_each_namespace_has_its_own_identity() -> None:
    """Each CONNECT is authenticated by its own auth object, and a refusal does not affect the others."""

    async def named(token: str) -> Any:
        return None if token == "bad" else {"sub": token}

    spec = secured(SCHEMES, {name: namespace(WHO, security=[{"bearer": []}]) for name in ("a", "b", "c")})
    with serve(app(spec, bearer=named)) as url:
        address = f"{url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket"
        async with websockets.asyncio.client.connect(address, proxy=None) as raw, asyncio.timeout(5):
            await raw.recv()
            for name, token in (("a", "ada"), ("b", "grace"), ("c", "bad")):
                await raw.send(f'40/{name},{{"token":"{token}"}}')
            answers = sorted([str(await raw.recv()) for _ in "abc"])
            assert [answer[:5] for answer in answers] == ["40/a,", "40/b,", "44/c,"]
            for name, token in (("a", "ada"), ("b", "grace")):
                await raw.send(f'42/{name},7["who"]')
                assert await raw.recv() == f'43/{name},7[["{token}",{{"sub":"{token}"}}]]'


def version_3() -> dict[str, Any]:
    """Return the requirements in AsyncAPI 3: references, scopes on the scheme, and maps for AND."""
    refs = {name: {"$ref": f"#/components/securitySchemes/{name}"} for name in ("basic", "writer")}
    flows = {"clientCredentials": {"tokenUrl": "https://issuer.example/t", "availableScopes": {"write": ""}}}
    messages = {"who": {"payload": NOTHING, "x-ack": True}}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Test", "version": "1"},
        "servers": {"here": {"host": "localhost", "protocol": "ws", "pathname": "/socket.io", "security": [refs["basic"]]}},
        "channels": {
            "root": {"address": "/", "messages": messages},
            "admin": {"address": "/admin", "messages": messages, "x-security": [{"bearer": [], "key": []}]},
            "notes": {"address": "/notes", "messages": messages, "x-security": []},
        },
        "operations": {
            "atRoot": {"action": "receive", "channel": {"$ref": "#/channels/root"}},
            "atAdmin": {"action": "receive", "channel": {"$ref": "#/channels/admin"}},
            "atNotes": {"action": "receive", "channel": {"$ref": "#/channels/notes"}, "security": [refs["writer"]]},
        },
        "components": {
            "securitySchemes": {**SCHEMES, "writer": {"type": "oauth2", "scopes": ["write"], "flows": flows}, "oauth": SCHEMES["key"]}
        },
    }  # fmt: skip


async def test_version_3_requirements_are_applied() -> None:
    """Requirements of servers, channels and operations in AsyncAPI 3 are applied as in version 2."""
    with serve(app(version_3(), writer=token_info)) as url:
        assert await outcome(url) == "unauthorized"
        assert await outcome(url, **ADA) == ["ada", INFO]
        assert await outcome(url, "/admin", **TOKEN) == "unauthorized"
        assert await outcome(url, "/admin", **TOKEN, **KEY) == ["ada", {"bearer": INFO, "key": INFO}]
        assert (await outcome(url, "/notes"))["error"]["code"] == "unauthorized"
        assert (await outcome(url, "/notes", headers=bearer("weak")))["error"]["code"] == "forbidden"
        assert await outcome(url, "/notes", headers=bearer("good")) == ["ada", INFO]


def test_an_event_declared_twice_must_require_the_same() -> None:
    """Two declarations of an event with different requirements are an error."""
    spec = version_3()
    spec["operations"]["again"] = {"action": "receive", "channel": {"$ref": "#/channels/notes"}}
    with pytest.raises(SpecError, match="different security"):
        load_spec(spec)


async def test_a_refused_client_reaches_nothing() -> None:
    """Its connect handler and events do not run, and an error handler's answer does not admit it."""
    calls: list[str] = []
    sio = app(secured(SCHEMES, {"root": namespace(WHO)}, [{"bearer": []}]))
    sio.on("connect", lambda: calls.append("connect"))

    @sio.on_error
    def on_error(error: Exception) -> str:
        calls.append(type(error).__name__)
        return "never mind"

    sio.on("disconnect", lambda: calls.append("disconnect"))
    with serve(sio) as url:
        assert await outcome(url, auth={"token": "bad"}) == "unauthorized"
    assert calls == ["SecurityError"]


async def test_security_is_not_validation() -> None:
    """With validation off, security still applies."""
    spec = secured(SCHEMES, {"root": namespace(WHO)}, [{"bearer": []}])
    sio = AsynctionSocketIO.from_spec(
        spec, validation=False, security_handlers={"bearer": unscoped_info}, handlers={"/": {"who": who}}
    )
    with serve(sio) as url:
        assert await outcome(url) == "unauthorized"
        assert await outcome(url, **TOKEN) == ["ada", INFO]


async def test_security_functions_get_named_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions get ``required_scopes`` and ``bearer_format`` by name, and ``x-scopeValidateFunc`` judges scopes."""
    seen: list[Any] = []

    def with_names(token: str, required_scopes: Any, *, bearer_format: str | None = None) -> Any:
        seen.append((token, required_scopes, bearer_format))
        return {"uid": 7}

    async def with_any(token: str, **named: Any) -> Any:
        seen.append((token, named))
        return {"sub": "ada", "scopes": ["admin"]}

    def judge(required: list[str], granted: list[str]) -> bool:
        seen.append((required, granted))
        return granted == ["admin"]

    module = types.ModuleType("scopes_of_a_test")
    vars(module)["judge"] = judge
    monkeypatch.setitem(sys.modules, module.__name__, module)
    schemes = {
        "bearer": {**SCHEMES["bearer"], "bearerFormat": "JWT"},
        "oauth": {**SCHEMES["oauth"], "x-scopeValidateFunc": "scopes_of_a_test.judge"},
    }
    spec = secured(
        schemes,
        {
            "a": namespace(WHO, security=[{"bearer": []}]),
            "b": namespace(WHO, security=[{"oauth": ["write"]}]),
        },
    )
    with serve(app(spec, bearer=with_names, oauth=with_any)) as url:
        assert (await outcome(url, "/a", **TOKEN))[0] == 7
        assert (await outcome(url, "/b", headers=bearer("t")))[0] == "ada"
    assert seen == [("good", [], "JWT"), ("t", {"required_scopes": ["write"]}), (["write"], ["admin"])]


def granted(token: str) -> dict[str, Any] | None:
    """Return a user whose scopes are the token's text."""
    return {"sub": "ada", "scope": token}


def asking_2() -> dict[str, Any]:
    """Return a document that requires scopes of a bearer scheme for an event, an operation and a namespace."""
    open_ = [
        message("who", NOTHING, **{"x-ack": True}),
        message("close", NOTHING, **{"x-ack": True, "x-scopes": ["agent"]}),
    ]
    guarded = namespace(WHO, **{"x-scopes": ["admin"]})
    operation = namespace(WHO)
    operation["publish"]["x-scopes"] = ["agent"]
    spec = secured(
        SCHEMES, {"root": namespace(*open_), "admin": guarded, "agents": operation}, [{"bearer": []}]
    )
    assert load_spec(spec).namespaces["/"].receives["who"].security is None
    return spec


def asking_3() -> dict[str, Any]:
    """Return the same requirements in AsyncAPI 3, where references have no scopes."""
    plain = {"payload": NOTHING, "x-ack": True}
    names = {"root": "/", "admin": "/admin", "agents": "/agents"}
    channels: dict[str, Any] = {
        name: {"address": address, "messages": {"who": plain}} for name, address in names.items()
    }
    channels["root"]["messages"]["close"] = {**plain, "x-scopes": ["agent"]}
    channels["admin"]["x-scopes"] = ["admin"]
    operations: dict[str, Any] = {
        name: {"action": "receive", "channel": {"$ref": f"#/channels/{name}"}} for name in names
    }
    operations["agents"]["x-scopes"] = ["agent"]
    security = [{"$ref": "#/components/securitySchemes/bearer"}]
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Test", "version": "1"},
        "servers": {"here": {"host": "localhost", "protocol": "ws", "security": security}},
        "channels": channels,
        "operations": operations,
        "components": {"securitySchemes": {"bearer": SCHEMES["bearer"]}},
    }


def by_required(token: str, required_scopes: list[str]) -> dict[str, Any] | None:
    """Return a user with those required scopes that the token contains."""
    return {"sub": "ada", "scope": [scope for scope in required_scopes if scope in token.split()]}


VERIFIER = JWTVerifier(secret="0" * 32)


def signed(scope: str) -> str:
    claims = {"sub": "ada", "scope": scope, "exp": time.time() + 3600}
    return jwt.encode(claims, "0" * 32, "HS256")


@pytest.mark.parametrize("document", [asking_2, asking_3], ids=["2.6", "3.0"])
@pytest.mark.parametrize(
    ("verify", "token"),
    [
        pytest.param(granted, str, id="a function"),
        pytest.param(by_required, str, id="a function that takes required_scopes"),
        pytest.param(VERIFIER, signed, id="a JWTVerifier"),
    ],
)
async def test_any_scheme_may_require_scopes(document: Any, verify: Any, token: Any) -> None:
    """Clients without the ``x-scopes`` of a message, an operation or a channel are refused only there."""
    spec = load_spec(document())
    calls: list[str] = []
    events = {
        name: {event: _recording(calls, f"{name} {event}") for event in contract.receives}
        for name, contract in spec.namespaces.items()
    }
    sio = AsynctionSocketIO.from_spec(spec, security_handlers={"bearer": verify}, handlers=events)
    with serve(sio) as url:
        for scope, name, event, expected in [
            ("guest", "/", "who", "ada"),
            ("guest", "/", "close", "forbidden"),
            ("guest agent", "/", "close", "ada"),
            ("guest", "/agents", "who", "forbidden"),
            ("agent", "/agents", "who", "ada"),
        ]:
            async with connected(url, name, auth={"token": token(scope)}) as client:
                answer = await client.call(event)
                assert (answer if isinstance(answer, str) else answer["error"]["code"]) == expected
        assert await outcome(url, "/admin", auth={"token": token("agent")}) == "forbidden"
        assert await outcome(url, "/admin", auth={"token": token("agent admin")}) == "ada"
        assert await outcome(url, "/agents") == "unauthorized"
    assert calls == ["/ who", "/ close", "/agents who", "/admin who"]


def _recording(calls: list[str], name: str) -> Any:
    async def handler(socket: Any) -> Any:
        calls.append(name)
        return socket.user

    return handler


async def test_a_function_may_check_any_schemes_scopes(monkeypatch: pytest.MonkeyPatch) -> None:
    """``x-scopeValidateFunc`` is called for a bearer scheme as for OAuth 2."""
    module = types.ModuleType("scopes_of_a_test")
    vars(module)["judge"] = lambda required, granted: [f"chat.{scope}" for scope in required] == granted
    monkeypatch.setitem(sys.modules, module.__name__, module)
    schemes = {"bearer": {**SCHEMES["bearer"], "x-scopeValidateFunc": "scopes_of_a_test.judge"}}
    asking = namespace(WHO, security=[{"bearer": []}], **{"x-scopes": ["admin"]})
    with serve(app(secured(schemes, {"root": asking}), bearer=granted)) as url:
        assert (await outcome(url, auth={"token": "chat.admin"}))[0] == "ada"
        assert await outcome(url, auth={"token": "admin"}) == "forbidden"


async def test_a_certificate_has_its_chain_and_name() -> None:
    """A function for X509 gets the client's certificate, and by name its chain and subject."""
    seen: list[Any] = []

    def certified(certificate: str, *, chain: Any, name: str | None) -> Any:
        seen.append((certificate, chain, name))
        return {"sub": name}

    sio = AsynctionSocketIO.from_spec(
        secured({"cert": {"type": "X509"}}, {"root": namespace(WHO)}, [{"cert": []}]),
        security_handlers={"cert": certified},
        handlers={"/": {"who": who}},
    )
    tls = {"client_cert_chain": ["leaf", "root"], "client_cert_name": "CN=ada", "client_cert_error": None}

    async def terminating(scope: Any, receive: Any, send: Any) -> None:
        extensions = {"tls": tls} if b"secure" in scope.get("query_string", b"") else None
        await sio({**scope, "extensions": extensions}, receive, send)

    with serve(terminating) as url:
        assert (await outcome(url, query="?secure"))[0] == "CN=ada"
        assert await outcome(url) == "unauthorized"
    assert seen == [("leaf", ("leaf", "root"), "CN=ada")]


@pytest.mark.parametrize(
    "raised", [ValueError("very-secret"), RefusedError("unavailable")], ids=["crash", "refusal"]
)
async def test_a_failing_scope_function_admits_no_client(
    raised: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A failing scope function refuses like any failing security function."""

    async def judge(required: list[str], granted: list[str]) -> bool:
        raise raised

    module = types.ModuleType("scopes_of_a_test")
    vars(module)["judge"] = judge
    monkeypatch.setitem(sys.modules, module.__name__, module)
    schemes = {"oauth": {**SCHEMES["oauth"], "x-scopeValidateFunc": "scopes_of_a_test.judge"}}
    with serve(app(secured(schemes, {"root": namespace(WHO)}, [{"oauth": ["write"]}]))) as url:
        code = await outcome(url, headers=bearer("good"))
    assert code == ("internal_error" if isinstance(raised, ValueError) else "unavailable")
    assert "very-secret" not in caplog.text


@pytest.mark.parametrize("answer", ["yes", 1, [True], object(), {}], ids=lambda value: type(value).__name__)
async def test_a_meaningless_scope_result_admits_no_client(
    answer: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Only True admits, and the log names the type of another result."""
    module = types.ModuleType("scopes_of_a_test")
    vars(module)["judge"] = lambda required, granted: answer
    monkeypatch.setitem(sys.modules, module.__name__, module)
    schemes = {"oauth": {**SCHEMES["oauth"], "x-scopeValidateFunc": "scopes_of_a_test.judge"}}
    with serve(app(secured(schemes, {"root": namespace(WHO)}, [{"oauth": ["write"]}]))) as url:
        assert await outcome(url, headers=bearer("good")) == "internal_error"
    assert f"not {type(answer).__name__}" in caplog.text


def crashing(secret: str) -> Any:
    raise ValueError(f"can't parse {secret}")


@pytest.mark.parametrize(
    ("function", "code"),
    [
        pytest.param(crashing, "internal_error", id="it crashes"),
        pytest.param(lambda token: "ada", "internal_error", id="it returns a text"),
        pytest.param(lambda token: {"exp": "soon"}, "internal_error", id="exp is not a number"),
        pytest.param(lambda token: {"exp": float("nan")}, "internal_error", id="exp is not finite"),
        pytest.param(lambda token: {"scope": 7}, "internal_error", id="scopes are not a list"),
        pytest.param(lambda token: False, "unauthorized", id="it returns False"),
        pytest.param(lambda token: {}, "unauthorized", id="it returns an empty mapping"),
        pytest.param(
            lambda token: MappingProxyType({}), "unauthorized", id="it returns another empty mapping"
        ),
        pytest.param(lambda token: [], "internal_error", id="it returns an empty list"),
        pytest.param(lambda token: True, "internal_error", id="it returns True"),
        pytest.param(lambda token: [("sub", "ada")], "internal_error", id="it returns pairs"),
        pytest.param(lambda token: (yield {"sub": "ada"}), "internal_error", id="it is a generator"),
        pytest.param(lambda token: {"sub": None, "uid": 0}, [0, {"sub": None, "uid": 0}], id="a uid of zero"),
    ],
)
async def test_a_failing_function_admits_and_reveals_nothing(
    function: Any, code: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the failure with a reference, and never the credential."""
    spec = secured(SCHEMES, {"root": namespace(WHO)}, [{"bearer": []}])
    with caplog.at_level(logging.DEBUG), serve(app(spec, bearer=function)) as url:
        assert await outcome(url, auth={"token": "very-secret"}) == code
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("asynction")]
    assert any("bearer" in line and "[ref " in line for line in ours) is (code == "internal_error")
    assert "very-secret" not in "".join(ours)


@pytest.mark.parametrize(
    ("raised", "answer"),
    [
        pytest.param(SecurityError("forbidden", "too young"), ("forbidden", "too young"), id="SecurityError"),
        pytest.param(RefusedError("unavailable"), ("unavailable", "unavailable"), id="RefusedError"),
    ],
)
async def test_a_function_may_refuse_with_its_own_message(raised: Exception, answer: Any) -> None:
    """A refusal that the function raises reaches the client."""

    async def refuse(token: str) -> Any:
        raise raised

    spec = secured(SCHEMES, {"root": namespace()}, [{"bearer": []}])
    with serve(app(spec, bearer=refuse)) as url, pytest.raises(ConnectError) as refused:
        async with connected(url, **TOKEN):
            pass
    data = refused.value.answer["data"]
    assert (data["code"], data["message"]) == answer


async def test_an_empty_mapping_is_explained_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The log says at intervals that an empty mapping refuses, as an author may expect the opposite."""
    spec = secured(SCHEMES, {"root": namespace(WHO)}, [{"bearer": []}])
    with serve(app(spec, bearer=lambda token: {})) as url:
        for _ in range(3):
            assert await outcome(url, **TOKEN) == "unauthorized"
    assert caplog.text.count("'bearer' returned an empty mapping") == 1


@pytest.mark.parametrize("plain", [False, True], ids=["coroutine", "plain"])
@pytest.mark.parametrize(
    ("raised", "at_connect", "at_event"),
    [
        pytest.param(ConnectionRefusedError(), {"code": "unauthorized"}, "unauthorized", id="Python's"),
        pytest.param(ConnectionRefusedError("secret"), {"code": "unauthorized"}, "unauthorized", id="with words"),
        pytest.param(ConnectionRefusedError(111, "secret"), {"code": "internal_error"}, "server failed", id="a dead backend"),
        pytest.param(UpstreamsRefusal(), None, "rejected by server", id="python-socketio's"),
        pytest.param(UpstreamsRefusal("too young", {"years": 7}), {"years": 7}, "too young", id="with data"),
    ],
)  # fmt: skip
async def test_other_libraries_refusals_are_refusals(
    raised: Exception, at_connect: Any, at_event: str, caplog: pytest.LogCaptureFixture, *, plain: bool
) -> None:
    """Such a refusal is answered as in a connect handler, also at an event, and is not logged."""

    def refuse(token: str) -> Any:
        raise raised

    async def refuse_later(token: str) -> Any:
        raise raised

    spec = secured(SCHEMES, {"root": namespace(WHO, security=[]), "a": namespace(security=[{"bearer": []}])})
    spec["channels"]["/"]["publish"]["security"] = [{"bearer": []}]
    with serve(app(spec, bearer=refuse if plain else refuse_later)) as url:
        body = (await outcome(url, **TOKEN))["error"]
        with pytest.raises(ConnectError) as refused:
            async with connected(url, "/a", **TOKEN):
                pass
    data = refused.value.answer.get("data")
    assert data == at_connect or {key: data[key] for key in at_connect} == at_connect
    failed = body["code"] == "internal_error"
    assert failed is (getattr(raised, "errno", None) is not None)
    assert failed or body["code"] == "unauthorized"
    assert at_event in body["message"]
    assert "secret" not in str((body, refused.value.answer))
    assert bool([record for record in caplog.records if record.levelno >= logging.WARNING]) is failed


def no_verdict() -> Any:
    yield True


async def unawaited() -> bool:
    return False


async def judge_later(required: list[str], granted: list[str]) -> Any:
    return no_verdict()


@pytest.mark.parametrize(
    ("judge", "code"),
    [
        pytest.param(lambda required, granted: True, "ada", id="True"),
        pytest.param(lambda required, granted: False, "forbidden", id="False"),
        pytest.param(lambda required, granted: None, "forbidden", id="None"),
        pytest.param(lambda required, granted: unawaited(), "forbidden", id="a coroutine that says False"),
        pytest.param(lambda required, granted: 1, "internal_error", id="a number"),
        pytest.param(lambda required, granted: "no", "internal_error", id="a text"),
        pytest.param(lambda required, granted: no_verdict(), "internal_error", id="a generator"),
        pytest.param(judge_later, "internal_error", id="a coroutine that gives a generator"),
    ],
)
async def test_only_true_from_a_scope_function_admits(
    judge: Any, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other truthy values, such as a generator that never ran, admit no client."""
    module = types.ModuleType("scopes_of_a_test")
    vars(module)["judge"] = judge
    monkeypatch.setitem(sys.modules, module.__name__, module)
    schemes = {"oauth": {**SCHEMES["oauth"], "x-scopeValidateFunc": "scopes_of_a_test.judge"}}
    with serve(app(secured(schemes, {"root": namespace(WHO)}, [{"oauth": ["write"]}]))) as url:
        result = await outcome(url, headers=bearer("good"))
    assert (result if isinstance(result, str) else result[0]) == code


OK = "asynction_asgi.server.security.same_secret"


@each_case(
    ("scheme", "function", "code", "words", "pointer"),
    [
        pytest.param({"type": "http", "scheme": "basic"}, None, "HANDLER", "add x-basicInfoFunc to it", "", id="no function"),
        pytest.param({"type": "http", "scheme": "bearer", "x-tokenInfoFunc": OK}, None, "HANDLER", "x-tokenInfoFunc is for schemes of another type", "", id="another type's function"),
        pytest.param({"type": "http", "scheme": "basic", "x-basicInfoFunc": "nowhere.to.be.found"}, None, "HANDLER", "no module 'nowhere'", "/x-basicInfoFunc", id="not importable"),
        pytest.param({"type": "http", "scheme": "bearer", "x-bearerInfoFunc": OK}, None, "HANDLER", "called with 1 value", "/x-bearerInfoFunc", id="wrong arity"),
        pytest.param({"type": "http", "scheme": "bearer"}, 7, "HANDLER", "can't be called", "", id="not callable"),
        pytest.param({"type": "http", "scheme": "bearer"}, dict, "HANDLER", "no signature", "", id="no signature"),
        pytest.param({"type": "http", "scheme": "basic"}, JWTVerifier(secret="0" * 32), "HANDLER", "not a token", "", id="verifier for a password"),
        pytest.param({"type": "http", "scheme": "bearer"}, lambda token, *, other: None, "HANDLER", "'other'", "", id="unknown parameter"),
        pytest.param({"type": "oauth2", "flows": FLOWS, "x-scopeValidateFunc": "nowhere.f"}, secret_info, "HANDLER", "no module 'nowhere'", "/x-scopeValidateFunc", id="scope function not importable"),
        pytest.param({"type": "http", "scheme": "bearer", "x-jwt": {"secretEnv": "NOT_SET_ANYWHERE"}, "x-bearerInfoFunc": OK}, None, "HANDLER_CONFLICT", "both x-jwt and x-bearerInfoFunc", "/x-jwt", id="two verifiers"),
        pytest.param({"type": "http", "scheme": "bearer", "x-bearerInfoFunc": OK, "x-tokenInfoFunc": OK}, None, "HANDLER_CONFLICT", "x-tokenInfoFunc is never called", "/x-tokenInfoFunc", id="two functions"),
        pytest.param({"type": "http", "scheme": "basic", "x-jwt": {"secretEnv": "NOT_SET_ANYWHERE"}}, None, "SECURITY_SHAPE", "not a token", "/x-jwt", id="jwt for a password"),
        pytest.param({"type": "http", "scheme": "bearer", "x-jwt": {"secretEnv": "NOT_SET_ANYWHERE"}}, None, "SECURITY_SHAPE", "'NOT_SET_ANYWHERE' is not set, or empty; set it before the server starts", "/x-jwt/secretEnv", id="jwt secret unset"),
        pytest.param({"type": "http", "scheme": "bearer", "x-jwt": {"secretEnv": "EMPTY"}}, None, "SECURITY_SHAPE", "'EMPTY' is not set, or empty; set it before the server starts", "/x-jwt/secretEnv", id="jwt secret empty"),
    ],
)  # fmt: skip
def test_an_unverifiable_scheme_prevents_start_up(
    monkeypatch: pytest.MonkeyPatch, scheme: Any, function: Any, code: str, words: str, pointer: str
) -> None:
    """Each mistake in a scheme is an error with its code and place, not a gap at run time."""
    monkeypatch.setenv("EMPTY", "")
    spec = secured({"one": scheme}, {"root": namespace()}, [{"one": []}])
    with pytest.raises(BindingError) as raised:
        AsynctionSocketIO.from_spec(spec, security_handlers={} if function is None else {"one": function})
    (problem,) = raised.value.diagnostics
    assert problem.code == code
    assert words in problem.message
    assert problem.pointer == f"/components/securitySchemes/one{pointer}"


@each_case(
    ("jwt", "code", "words", "pointer"),
    [
        pytest.param([], "SECURITY_SHAPE", "must be an object", "", id="a list"),
        pytest.param(5, "SECURITY_SHAPE", "must be an object", "", id="a number"),
        pytest.param(None, "SECURITY_SHAPE", "must be an object", "", id="null"),
        pytest.param({}, "SECURITY_SHAPE", "either jwks or secretEnv", "", id="without keys"),
        pytest.param({"secretEnv": "SECRET", "isuer": "i"}, "SECURITY_SHAPE", "did you mean 'issuer'", "/isuer", id="misspelt"),
        pytest.param({"secretEnv": "SECRET", "issuer": 7}, "SECURITY_SHAPE", "a string", "/issuer", id="issuer"),
        pytest.param({"secretEnv": "SECRET", "algorithms": "HS256"}, "SECURITY_SHAPE", "a list", "/algorithms", id="algorithms"),
        pytest.param({"secretEnv": "SECRET", "algorithms": [5]}, "SECURITY_SHAPE", "a string", "/algorithms/0", id="algorithm"),
        pytest.param({"secretEnv": "SECRET", "leeway": True}, "SECURITY_SHAPE", "a number", "/leeway", id="leeway"),
        pytest.param({"secretEnv": "SECRET", "leeway": "5"}, "SECURITY_SHAPE", "a number", "/leeway", id="leeway as text"),
        pytest.param({"secretEnv": 5}, "SECURITY_SHAPE", "a string", "/secretEnv", id="secret"),
        pytest.param({"jwks": 1, "issuer": "i", "audience": "a"}, "SECURITY_SHAPE", "a string", "/jwks", id="keys"),
        pytest.param({"$ref": "#/nowhere"}, "REF_DANGLING", "leads nowhere", "/$ref", id="dangling"),
    ],
)  # fmt: skip
def test_a_mistake_within_x_jwt_is_reported_once_at_start_up(
    monkeypatch: pytest.MonkeyPatch, jwt: Any, code: str, words: str, pointer: str
) -> None:
    """A server refuses the document with the only problem and its place, as a check without a server does."""
    monkeypatch.setenv("SECRET", "0" * 32)
    scheme = {"type": "http", "scheme": "bearer", "x-jwt": jwt}
    document = secured({"one": scheme}, {"root": namespace()}, [{"one": []}])
    for start in (load_spec, AsynctionSocketIO.from_spec):
        with pytest.raises(SpecError) as raised:
            start(document)
        (problem,) = raised.value.diagnostics
        assert (problem.code, problem.pointer) == (code, f"/components/securitySchemes/one/x-jwt{pointer}")
        assert words in problem.message


def test_a_shared_x_jwt_is_judged_where_it_stands() -> None:
    """A mistake in the target of a reference is reported there, once for all schemes that share it."""
    scheme = {"type": "http", "scheme": "bearer", "x-jwt": {"$ref": "#/x-shared"}}
    document = secured({"one": scheme, "two": scheme}, {"root": namespace()}, [{"one": []}, {"two": []}])
    with pytest.raises(SpecError) as raised:
        AsynctionSocketIO.from_spec({**document, "x-shared": {"secretEnv": 5}})
    assert [found.pointer for found in raised.value.diagnostics] == ["/x-shared/secretEnv"]


def test_an_x_jwt_in_a_file_that_is_not_there_prevents_start_up() -> None:
    """The reference is only a warning to those who serve nothing, and names no secrets to them."""
    scheme = {"type": "http", "scheme": "bearer", "x-jwt": {"$ref": "https://example.org/jwt.json"}}
    spec = load_spec(secured({"one": scheme}, {"root": namespace()}, [{"one": []}]))
    assert secret_variables(spec, ["one"]) == []
    with pytest.raises(BindingError) as raised:
        AsynctionSocketIO.from_spec(spec)
    (problem,) = raised.value.diagnostics
    assert (problem.code, problem.pointer) == ("REF_REMOTE", "/components/securitySchemes/one/x-jwt/$ref")


def test_every_problem_is_reported_at_once() -> None:
    """Missing functions, unknown names, misplaced re-authentication and wrong handlers are in a single error."""
    again = message("again", **{"x-reauth": True})
    twice = namespace(
        again,
        message("twice", **{"x-reauth": True}),
        message("*", **{"x-reauth": True}),
        security=[{"a": []}],
    )
    spec = secured(
        {"a": SCHEMES["basic"], "b": SCHEMES["key"]},
        {"root": namespace(again, security=[]), "x": twice},
        [{"b": []}],
    )
    with pytest.raises(BindingError) as raised:
        AsynctionSocketIO.from_spec(
            spec, security_handlers={"c": secret_info}, handlers={"/": {"nope": secret_info}}
        )
    problems = [(diagnostic.code, diagnostic.pointer) for diagnostic in raised.value.diagnostics]
    assert problems[0] == ("HANDLER", "/channels/~1")
    assert problems[1:] == [
        ("HANDLER", ""),
        ("HANDLER", "/components/securitySchemes/a"),
        ("SECURITY_SHAPE", "/channels/~1/publish/message/oneOf/0/x-reauth"),
        ("SECURITY_SHAPE", "/channels/~1x/publish/message/oneOf/1/x-reauth"),
        ("SECURITY_SHAPE", "/channels/~1x/publish/message/oneOf/2/x-reauth"),
    ]


def test_only_required_schemes_are_bound() -> None:
    """A scheme that nothing requires needs no function."""
    spec = secured({"a": SCHEMES["basic"]}, {"root": namespace(security=[])}, [{"a": []}])
    AsynctionSocketIO.from_spec(spec).check_handlers()


@pytest.mark.parametrize(
    "scheme",
    [
        pytest.param({"type": "http", "scheme": "digest"}, id="digest"),
        pytest.param({"type": "scramSha256"}, id="scramSha256"),
        pytest.param({"type": "gssapi"}, id="gssapi"),
        pytest.param({"type": "symmetricEncryption"}, id="symmetricEncryption"),
    ],
)
def test_a_scheme_impossible_over_socketio_is_an_error(scheme: dict[str, Any]) -> None:
    """Requiring the scheme is an error, defining it is not."""
    with pytest.raises(SpecError) as raised:
        load_spec(secured({"one": scheme}, {"root": namespace()}, [{"one": []}]))
    assert [(diagnostic.code, diagnostic.pointer) for diagnostic in raised.value.diagnostics] == [
        ("SECURITY_SHAPE", "/servers/here/security")
    ]
    assert load_spec(secured({"one": scheme}, {"root": namespace()})).security is None


@each_case(
    ("secret", "other", "same"),
    [
        ("key", "key", True),
        ("key", b"key", True),
        ("schlüssel", "schlüssel".encode(), True),
        ("key", "kex", False),
        ("key", "keys", False),
        ("", "", True),
        (None, None, False),
        ("key", None, False),
        ("\ud800", "\ud800", True),
    ],
)
def test_secrets_are_compared_as_bytes(secret: Any, other: Any, same: bool) -> None:
    """Text and bytes compare by UTF-8, and None equals no secret."""
    assert same_secret(secret, other) is same
    assert same_secret(other, secret) is same
