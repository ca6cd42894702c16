"""All schemes, all places of a credential, and all ways in which it can be valid or invalid."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import websockets.asyncio.client

from asynction_asgi import AsynctionSocketIO
from tests.clients import ConnectError, connected
from tests.server.documents import message
from tests.server.secured import (
    FLOWS,
    basic,
    bearer,
    namespace,
    password_info,
    secured,
    token_info,
    unscoped_info,
)
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Options = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A scheme with one place for its credential.

    Attributes:
        scheme: The scheme as in the document.
        verify: The scheme's function.
        present: Returns how a client presents a secret: options of `connected`, and ``query``.
        malformed: Presentations of malformed credentials.
    """

    scheme: dict[str, Any]
    verify: Callable[..., Any]
    present: Callable[[str], Options]
    malformed: list[Options]
    scopes: list[str] = field(default_factory=list)


def in_auth(*path: str) -> Callable[[Any], Options]:
    """Return a function that puts a secret at this path of the auth object."""

    def present(secret: Any) -> Options:
        for name in reversed(path):
            secret = {name: secret}
        return {"auth": secret}

    return present


def pair_in_auth(secret: str) -> Options:
    return {"auth": {"username": "ada", "password": secret}}


def in_header(secret: str) -> Options:
    return {"headers": {"x-key": secret}}


BEARER = {"type": "http", "scheme": "Bearer"}
BAD_BEARER: list[Options] = [
    {"headers": {"Authorization": value}}
    for value in ("Bearer", "Bearer good good", "good", "Basic good", "Bearergood")
]
BAD_BASIC: list[Options] = [
    {"headers": {"Authorization": value}}
    for value in (
        "Basic",
        "Basic !!!",
        "Basic YWRh",
        "Basic YWRhOmdvb2Q",
        "Basic 7zphb29k",
        "Basic YWRhOgBnb29k",
        "Bearer x",
    )
]
BAD_TEXT: list[Any] = ["", 7, ["good"], {"good": "good"}, True]
BAD_PAIR: list[Any] = [{"username": "ada"}, {"password": "good"}, {"username": 1, "password": "good"}]
OAUTH = {"type": "oauth2", "flows": FLOWS}
OIDC = {
    "type": "openIdConnect",
    "openIdConnectUrl": "https://issuer.example/.well-known/openid-configuration",
}
CERTIFICATE = "x-test-certificate"

PLACES: dict[str, Place] = {
    "basic header": Place(
        scheme={"type": "http", "scheme": "basic"}, verify=password_info,
        present=lambda secret: {"headers": basic("ada", secret)}, malformed=BAD_BASIC,
    ),
    "basic auth": Place(
        scheme={"type": "http", "scheme": "basic", "x-authField": "login"}, verify=password_info,
        present=lambda secret: {"auth": {"login": {"username": "ada", "password": secret}}},
        malformed=[*({"auth": {"login": login}} for login in [*BAD_PAIR, "ada:good"]), *BAD_BASIC],
    ),
    "bearer header": Place(
        scheme=BEARER, verify=unscoped_info, present=lambda secret: {"headers": bearer(secret)}, malformed=BAD_BEARER
    ),
    "bearer auth": Place(
        scheme={**BEARER, "x-authField": "token"}, verify=unscoped_info, present=in_auth("token"),
        malformed=[*map(in_auth("token"), BAD_TEXT)],
    ),
    "bearer auth by pointer": Place(
        scheme={**BEARER, "x-authField": "/a~1b/token"}, verify=unscoped_info, present=in_auth("a/b", "token"),
        malformed=[*map(in_auth("a/b", "token"), BAD_TEXT), {"auth": {"a/b": ["good"]}}],
    ),
    "bearer auth by index": Place(
        scheme={**BEARER, "x-authField": "/tokens/1"}, verify=unscoped_info,
        present=lambda secret: {"auth": {"tokens": ["x", secret]}},
        malformed=[{"auth": {"tokens": tokens}} for tokens in (["good"], "good", {"01": "good"})],
    ),
    "bearer auth falls back to header": Place(
        scheme={**BEARER, "x-authField": "token"}, verify=unscoped_info,
        present=lambda secret: {"headers": bearer(secret), "auth": {"token": None}}, malformed=BAD_BEARER,
    ),
    "bearer auth precedes header": Place(
        scheme={**BEARER, "x-authField": "token"}, verify=unscoped_info,
        present=lambda secret: {"headers": bearer("unknown"), "auth": {"token": secret}},
        malformed=[{"headers": bearer("good"), "auth": {"token": token}} for token in BAD_TEXT],
    ),
    "key header": Place(
        scheme={"type": "httpApiKey", "in": "header", "name": "X-Key"}, verify=unscoped_info,
        present=in_header, malformed=[in_header("")],
    ),
    "key query": Place(
        scheme={"type": "httpApiKey", "in": "query", "name": "api_key"}, verify=unscoped_info,
        present=lambda secret: {"query": f"?api_key={secret}"},
        malformed=[{"query": query} for query in ("?api_key=", "?api_key", "?API_KEY=good", "?api_key=good&api_key=bad")],
    ),
    "key cookie": Place(
        scheme={"type": "httpApiKey", "in": "cookie", "name": "session"}, verify=unscoped_info,
        present=lambda secret: {"headers": {"Cookie": f"a=b; session={secret}"}},
        malformed=[{"headers": {"Cookie": cookie}} for cookie in ("session=", "Session=good")],
    ),
    "key auth": Place(
        scheme={"type": "httpApiKey", "in": "header", "name": "X-Key", "x-authField": "key"}, verify=unscoped_info,
        present=in_auth("key"), malformed=[*map(in_auth("key"), BAD_TEXT)],
    ),
    "oauth2 header": Place(
        scheme=OAUTH, verify=token_info, scopes=["read", "write"],
        present=lambda secret: {"headers": bearer(secret)}, malformed=BAD_BEARER,
    ),
    "oauth2 auth": Place(
        scheme={**OAUTH, "x-authField": "token"}, verify=token_info, scopes=["write"],
        present=in_auth("token"), malformed=[*map(in_auth("token"), BAD_TEXT)],
    ),
    "openIdConnect header": Place(
        scheme=OIDC, verify=token_info, scopes=["write"],
        present=lambda secret: {"headers": bearer(secret)}, malformed=BAD_BEARER,
    ),
    "openIdConnect auth": Place(
        scheme={**OIDC, "x-authField": "token"}, verify=token_info, scopes=["write"],
        present=in_auth("token"), malformed=[*map(in_auth("token"), BAD_TEXT)],
    ),
    "userPassword auth": Place(
        scheme={"type": "userPassword"}, verify=password_info,
        present=pair_in_auth, malformed=[{"auth": pair} for pair in BAD_PAIR],
    ),
    "userPassword basic": Place(
        scheme={"type": "userPassword"}, verify=password_info,
        present=lambda secret: {"headers": basic("ada", secret)}, malformed=BAD_BASIC,
    ),
    "apiKey password auth": Place(
        scheme={"type": "apiKey", "in": "password"}, verify=unscoped_info,
        present=in_auth("password"), malformed=[*map(in_auth("password"), BAD_TEXT)],
    ),
    "apiKey password basic": Place(
        scheme={"type": "apiKey", "in": "password"}, verify=unscoped_info,
        present=lambda secret: {"headers": basic("", secret)}, malformed=BAD_BASIC,
    ),
    "apiKey user auth": Place(
        scheme={"type": "apiKey", "in": "user"}, verify=unscoped_info,
        present=in_auth("user"), malformed=[*map(in_auth("user"), BAD_TEXT)],
    ),
    "apiKey user basic": Place(
        scheme={"type": "apiKey", "in": "user"}, verify=unscoped_info,
        present=lambda secret: {"headers": basic(secret, "")}, malformed=BAD_BASIC,
    ),
    "X509": Place(
        scheme={"type": "X509"}, verify=unscoped_info,
        present=lambda secret: {"headers": {CERTIFICATE: secret}},
        malformed=[{"headers": {CERTIFICATE: "good", "x-test-error": "expired"}}],
    ),
}  # fmt: skip
NAMES = {name: name.replace(" ", "-") for name in PLACES}


def get_user(socket: Any) -> Any:
    return socket.user


def terminates_tls(app: Any) -> Any:
    """Return an application below a server with ASGI's TLS extension; a header holds the certificate."""

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        headers = {key.decode(): value.decode() for key, value in scope.get("headers", ())}
        tls = {
            "client_cert_chain": [headers[CERTIFICATE]] if CERTIFICATE in headers else [],
            "client_cert_error": headers.get("x-test-error"),
        }
        await app({**scope, "extensions": {**scope.get("extensions", {}), "tls": tls}}, receive, send)

    return wrapped


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server with a namespace for each place."""
    event = message("get_user", {"type": "array", "maxItems": 0}, **{"x-ack": {"args": {"type": "string"}}})
    spec = secured(
        {NAMES[name]: place.scheme for name, place in PLACES.items()},
        {
            NAMES[name]: namespace(event, security=[{NAMES[name]: place.scopes}])
            for name, place in PLACES.items()
        },
    )
    app = AsynctionSocketIO.from_spec(
        spec,
        security_handlers={NAMES[name]: place.verify for name, place in PLACES.items()},
        handlers={f"/{name}": {"get_user": get_user} for name in NAMES.values()},
    )
    with serve(terminates_tls(app)) as base:
        yield base


async def refusal_of(url: str, name: str, options: Options) -> Any:
    options = dict(options)
    with pytest.raises(ConnectError) as refused:
        async with connected(url + options.pop("query", ""), f"/{NAMES[name]}", **options):
            pass
    return refused.value.answer


UNAUTHORIZED = {"message": "unauthorized", "data": {"code": "unauthorized", "message": "unauthorized"}}
FORBIDDEN = {"message": "forbidden", "data": {"code": "forbidden", "message": "forbidden"}}


@pytest.mark.parametrize("transport", ["websocket", "polling"])
@pytest.mark.parametrize("name", PLACES)
async def test_a_valid_credential_is_admitted(url: str, name: str, transport: str) -> None:
    """Handlers see the credential's user."""
    options = PLACES[name].present("good")
    async with connected(
        url + options.pop("query", ""), f"/{NAMES[name]}", transports=[transport], **options
    ) as client:
        assert await client.call("get_user") == "ada"


@pytest.mark.parametrize(
    ("secret", "answer"),
    [
        pytest.param(None, UNAUTHORIZED, id="missing"),
        pytest.param("unknown", UNAUTHORIZED, id="wrong"),
        pytest.param("late", UNAUTHORIZED, id="expired"),
        pytest.param("weak", FORBIDDEN, id="insufficient"),
    ],
)
@pytest.mark.parametrize("name", PLACES)
async def test_any_other_credential_is_refused(url: str, name: str, secret: str | None, answer: Any) -> None:
    """The refusal does not reveal whether a credential was missing, wrong or expired."""
    assert await refusal_of(url, name, {} if secret is None else PLACES[name].present(secret)) == answer


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param(name, options, id=f"{name} {number}")
        for name, place in PLACES.items()
        for number, options in enumerate(place.malformed)
    ],
)
async def test_malformed_credentials_are_refused_like_wrong_ones(
    url: str, name: str, options: Options
) -> None:
    """A malformed credential gets the same refusal, and nothing fails."""
    assert await refusal_of(url, name, options) == UNAUTHORIZED


@pytest.mark.parametrize(
    ("name", "headers", "query", "accepted"),
    [
        pytest.param("bearer header", [("Authorization", "bearer   good ")], "", True, id="bearer in lower case"),
        pytest.param("bearer header", [("Authorization", "Bearer good")] * 2, "", True, id="header repeated"),
        pytest.param("bearer header", [("Authorization", f"Bearer {token}") for token in ("good", "x")], "", False, id="header twice"),
        pytest.param("basic header", [("AUTHORIZATION", "BASIC YWRhOmdvb2Q=")], "", True, id="basic in upper case"),
        pytest.param("key header", [("X-KEY", "good"), ("x-key", "weak")], "", False, id="key twice"),
        pytest.param("key cookie", [("Cookie", 'a; session="good";')], "", True, id="cookie in quotes"),
        pytest.param("key cookie", [("Cookie", "a=b"), ("Cookie", "session=good")], "", True, id="cookies apart"),
        pytest.param("key cookie", [("Cookie", "session=good; session=x")], "", False, id="cookie twice"),
        pytest.param("key cookie", [("Cookie", "session")], "", False, id="cookie without a value"),
        pytest.param("key query", [], "&api_key=%67ood", True, id="query escaped"),
        pytest.param("key query", [], "&api_key=good&api_key=weak", False, id="query twice"),
    ],
)  # fmt: skip
async def test_credentials_in_unusual_forms(
    url: str, name: str, headers: list[tuple[str, str]], query: str, accepted: bool
) -> None:
    """Case and quotes are ignored, and credentials that differ are refused, as a proxy may have seen either."""
    address = f"{url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket{query}"
    async with websockets.asyncio.client.connect(address, additional_headers=headers, proxy=None) as raw:
        await raw.recv()
        await raw.send(f"40/{NAMES[name]},")
        answer = str(await asyncio.wait_for(raw.recv(), 5))
    assert answer.startswith(f"4{0 if accepted else 4}/{NAMES[name]},"), answer
