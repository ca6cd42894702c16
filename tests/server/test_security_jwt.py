"""`JWTVerifier`: which tokens are accepted, and how an issuer's keys are fetched."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import math
import re
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import jwt
import pytest

from asynction_asgi import JWTVerifier, RefusedError
from asynction_asgi.server.security import issuer_keys
from tests.cases import each_case
from tests.engine.stage import until
from tests.server.issuer import AN_HOUR, AUDIENCE, ISSUER, Key, KeyServer, sign

if TYPE_CHECKING:
    import http.server

SECRET = "0123456789abcdef0123456789abcdef"
KEY, OTHER, RSA, ED = Key("one"), Key("two"), Key("rsa", "RS256"), Key("ed", "EdDSA")
SET = {"keys": [key.public for key in (KEY, RSA, ED)]}


def verifier(jwks: Any = SET, **options: Any) -> JWTVerifier:
    return JWTVerifier(**{"issuer": ISSUER, "audience": AUDIENCE, "jwks": jwks, **options})


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)
    )
    return ".".join([*parts, ""])


@pytest.mark.parametrize("key", [KEY, RSA, ED], ids=lambda key: key.algorithm)
async def test_a_valid_token_returns_its_claims(key: Key) -> None:
    """A token signed by each kind of key is accepted, and its claims are returned completely."""
    claims = await verifier()(key.sign({"team": 7}))
    assert claims is not None
    assert (claims["sub"], claims["scope"], claims["team"]) == ("ada", "read", 7)


def reasons(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the reasons for refusals in the log."""
    lines = [record.getMessage() for record in caplog.records if record.name == "asynction_asgi"]
    return [re.sub(r"\d{4,} s", "long", line.removeprefix("a token was refused: ")) for line in lines]


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        pytest.param({"iss": "https://other.example"}, "it is of another issuer", id="issuer"),
        pytest.param({"iss": None}, "it has no iss", id="no issuer"),
        pytest.param({"aud": "shop"}, "it is for another audience", id="audience"),
        pytest.param({"aud": ["shop", "mail"]}, "it is for another audience", id="audiences"),
        pytest.param({"aud": None}, "it has no aud", id="no audience"),
        pytest.param({"exp": 1}, "it expired long ago", id="expired"),
        pytest.param({"exp": None}, "it has no exp", id="no exp"),
        pytest.param({"exp": str(int(time.time()) + AN_HOUR)}, "its exp is not a number", id="exp as text"),
        pytest.param({"exp": "123"}, "its exp is not a number", id="past exp as text"),
        pytest.param({"exp": "soon"}, "its exp is not a number", id="exp in words"),
        pytest.param({"exp": True}, "its exp is not a number", id="exp as boolean"),
        pytest.param({"exp": []}, "its exp is not a number", id="exp as list"),
        pytest.param({"exp": -1e300}, "its exp is not a number", id="exp before all time"),
        pytest.param({"exp": 1e300}, "its exp is not a number", id="exp after all time"),
        pytest.param({"exp": math.nan}, "its exp is not a number", id="exp as NaN"),
        pytest.param({"nbf": time.time() + AN_HOUR}, "it is not valid yet", id="not yet"),
        pytest.param({"iat": time.time() + AN_HOUR}, "it is not valid yet", id="issued later"),
        pytest.param({"iat": "now"}, "its iat is not a number", id="issued in words"),
        pytest.param({"sub": 7}, "its sub is not a text", id="subject of another type"),
        pytest.param({"jti": 7}, "its jti is not a text", id="id of another type"),
    ],
)
async def test_a_token_with_wrong_claims_is_refused(
    claims: dict[str, Any], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A valid signature is not enough, and the log says what is wrong without quoting the token."""
    with caplog.at_level(logging.INFO):
        assert await verifier()(KEY.sign(claims)) is None
    assert reasons(caplog) == [reason]


async def test_similar_refusals_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """Repeated refusals for the same reason take a single line, so that clients can't fill a disk."""
    verify = verifier()
    with caplog.at_level(logging.INFO):
        for _ in range(50):
            assert await verify(KEY.sign({"exp": 1})) is None
        assert await verify(OTHER.sign(kid=KEY.kid)) is None
    assert reasons(caplog) == ["it expired long ago", "its signature is wrong"]


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        pytest.param("", "it is malformed", id="empty"),
        pytest.param("a.b.c", "it is malformed", id="not a token"),
        pytest.param("\ud800.b.c", "it is malformed", id="not text"),
        pytest.param(KEY.sign()[:-2], "its signature is wrong", id="signature cut"),
        pytest.param(OTHER.sign(), "there is no key of its algorithm and key id", id="unknown key"),
        pytest.param(OTHER.sign(kid=KEY.kid), "its signature is wrong", id="another key's id"),
        pytest.param(KEY.sign(crit=["x"], x=1), "it is malformed", id="critical header"),
        pytest.param(KEY.sign({"pad": "x" * 20_000}), "it is longer than 16384 characters", id="very long"),
        pytest.param(unsigned({"alg": "none", "kid": "one"}, {"iss": ISSUER, "aud": AUDIENCE, "exp": 9e9}), "its algorithm is not one of those accepted", id="no signature"),
        pytest.param(unsigned({"alg": ["ES256"]}, {}), "its algorithm is not one of those accepted", id="algorithm of another type"),
        pytest.param(unsigned({"alg": "ES256", "kid": 1}, {}), "it is malformed", id="key id of another type"),
        pytest.param(sign(str(KEY.public["x"]), "HS256", kid="one"), "its algorithm is not one of those accepted", id="public key's text as a secret"),
        pytest.param(sign(RSA.private, "RS512", kid="rsa"), "there is no key of its algorithm and key id", id="algorithm that the key is not for"),
    ],
)  # fmt: skip
async def test_a_token_not_from_the_issuer_is_refused(
    token: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Forged, foreign and malformed tokens are all refused alike, and the log tells them apart."""
    with caplog.at_level(logging.INFO):
        assert await verifier()(token) is None
    assert reasons(caplog) == [reason]


async def test_tokens_without_key_id_need_an_unambiguous_key() -> None:
    """A token without a key ID is refused if several keys could fit, as none are tried in turn."""
    token = KEY.sign(kid=None)
    assert await verifier({"keys": [KEY.public, RSA.public]})(token) is not None
    assert await verifier({"keys": [KEY.public, OTHER.public]})(token) is None


async def test_algorithms_are_pinned() -> None:
    """A key is not used if its algorithm is not among the configured ones."""
    assert await verifier(algorithms=["ES256"])(RSA.sign()) is None
    assert await verifier(algorithms=["RS256"])(RSA.sign()) is not None


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param({**KEY.public, "use": "enc"}, id="for encryption"),
        pytest.param({**KEY.public, "key_ops": ["sign"]}, id="for signing"),
        pytest.param({**KEY.public, "kty": "oct"}, id="of another type"),
        pytest.param({**KEY.public, "crv": "P-384"}, id="of another curve"),
        pytest.param({**KEY.public, "x": "??"}, id="malformed"),
        pytest.param(None, id="not an object"),
        pytest.param(Key("one", "RS256", bits=1024).public, id="too short"),
    ],
)
async def test_unusable_keys_are_ignored(shown: Any) -> None:
    """A member of the key set that is not a usable key of the token's kind verifies nothing."""
    keys = {"keys": [shown]}
    token = KEY.sign() if shown is None or shown["kty"] != "RSA" else RSA.sign(kid="one")
    assert await verifier(keys)(token) is None


async def test_leeway_allows_for_different_clocks() -> None:
    """A token that expired within the leeway is accepted, an older one is refused."""
    late = KEY.sign({"exp": time.time() - 20})
    assert await verifier(leeway=30)(late) is not None
    assert await verifier(leeway=10)(late) is None


async def test_a_shared_secret_verifies_only_hmac(caplog: pytest.LogCaptureFixture) -> None:
    """Issuer and audience are optional with a secret, and an unexpected audience is refused."""
    verify = JWTVerifier(secret=SECRET)
    assert await verify(sign(SECRET, "HS256", {"aud": None})) is not None
    with caplog.at_level(logging.INFO):
        assert await verify(sign(SECRET, "HS256")) is None
    assert reasons(caplog) == ["it is for an audience, and none is configured"]
    assert await verify(sign(SECRET.ljust(64), "HS512", {"aud": None})) is None
    assert await verify(sign(SECRET[::-1], "HS256", {"aud": None})) is None
    assert SECRET not in repr(verify)


def test_a_verifier_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PyJWT the error says what to install."""
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(ModuleNotFoundError, match=r"asynction-asgi\[jwt\]"):
        JWTVerifier(secret=SECRET)


@each_case(
    ("options", "words"),
    [
        pytest.param({}, "either jwks or a secret", id="neither"),
        pytest.param({"jwks": SET, "secret": SECRET, "issuer": "i", "audience": "a"}, "either jwks or a secret", id="both"),
        pytest.param({"jwks": SET, "issuer": "i"}, "issuer and audience", id="no audience"),
        pytest.param({"secret": SECRET, "leeway": -1}, "leeway", id="negative leeway"),
        pytest.param({"secret": SECRET, "leeway": True}, "leeway must be a number of seconds, zero or more", id="a boolean as leeway"),
        pytest.param({"secret": SECRET, "cooldown": -1}, "cooldown must be a number of seconds, zero or more", id="negative cooldown"),
        pytest.param({"secret": SECRET, "lifetime": -1}, "lifetime must be a number of seconds, more than zero", id="negative lifetime"),
        pytest.param({"secret": SECRET, "lifetime": "600"}, "lifetime must be a number of seconds", id="a text as lifetime"),
        pytest.param({"secret": SECRET, "timeout": 0}, "timeout must be a number of seconds, more than zero", id="no timeout"),
        pytest.param({"secret": SECRET, "timeout": math.nan}, "timeout must be a number of seconds", id="not a number as timeout"),
        pytest.param({"secret": SECRET, "timeout": math.inf}, "timeout must be a number of seconds", id="endless timeout"),
        pytest.param({"secret": SECRET, "algorithms": "HS256"}, r"algorithms takes a list: \['HS256'\]", id="a text as algorithms"),
        pytest.param({"secret": "short"}, "32 bytes", id="short secret"),
        pytest.param({"secret": SECRET, "algorithms": ["HS512"]}, "64 bytes", id="secret shorter than the hash"),
        pytest.param({"secret": SECRET, "algorithms": ["RS256"]}, "among HS256", id="public key algorithm with a secret"),
        pytest.param({"jwks": SET, "issuer": "i", "audience": "a", "algorithms": ["HS256"]}, "among RS256", id="secret's algorithm with keys"),
        pytest.param({"jwks": SET, "issuer": "i", "audience": "a", "algorithms": ["none"]}, "among RS256", id="none"),
        pytest.param({"jwks": {}, "issuer": "i", "audience": "a"}, "list 'keys'", id="not a key set"),
        pytest.param({"jwks": "http://issuer.example/keys", "issuer": "i", "audience": "a"}, "https", id="plain http"),
        pytest.param({"jwks": "file:///etc/keys", "issuer": "i", "audience": "a"}, "absolute URL", id="file"),
        pytest.param({"jwks": "ftp://issuer.example/keys", "issuer": "i", "audience": "a"}, "https", id="ftp"),
        pytest.param({"jwks": "https://me:pw@issuer.example", "issuer": "i", "audience": "a"}, "without a user", id="user in the URL"),
        pytest.param({"jwks": "https://[::1", "issuer": "i", "audience": "a"}, "absolute URL", id="malformed URL"),
    ],
)  # fmt: skip
def test_an_unsafe_verifier_is_refused(options: dict[str, Any], words: str) -> None:
    """Unsafe options raise at start-up, and the error does not quote a secret."""
    with pytest.raises(ValueError, match=words) as raised:
        JWTVerifier(**options)
    assert str(options.get("secret", "-")) not in str(raised.value)


async def test_waiting_clients_share_one_fetch() -> None:
    """Twenty concurrent clients cost one fetch, later ones none, and the event loop is not blocked."""
    issuer = KeyServer(KEY)
    gate, asked, loop = threading.Event(), asyncio.Event(), asyncio.get_running_loop()

    def slowly(request: http.server.BaseHTTPRequestHandler) -> None:
        loop.call_soon_threadsafe(asked.set)
        gate.wait(5)
        issuer.show(request)

    issuer.answer = slowly
    with issuer.serving() as url:
        verify = verifier(url)
        waiting = [asyncio.create_task(verify(KEY.sign())) for _ in range(20)]
        await asyncio.wait_for(asked.wait(), 5)  # the loop runs while the issuer is silent
        waiting.pop().cancel()  # a leaving client must not affect the others
        gate.set()
        assert all(claims is not None for claims in await asyncio.gather(*waiting))
        assert await verify(KEY.sign()) is not None
    assert issuer.hits == 1


async def test_keys_are_fetched_while_all_threads_are_occupied() -> None:
    """Plain handlers, which share a number of threads, do not delay a fetch."""
    gate, limiter = threading.Event(), anyio.to_thread.current_default_thread_limiter()
    busy = [
        asyncio.create_task(anyio.to_thread.run_sync(gate.wait, 20)) for _ in range(int(limiter.total_tokens))
    ]
    try:
        await until(lambda: limiter.available_tokens == 0, "the last thread")
        with KeyServer(KEY).serving() as url:
            assert await verifier(url)(KEY.sign()) is not None
    finally:
        gate.set()
        await asyncio.gather(*busy)


async def test_keys_that_come_late_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fetch that ends when its client no longer waits serves the next clients."""
    issuer, gate = KeyServer(KEY), threading.Event()

    def slowly(request: http.server.BaseHTTPRequestHandler) -> None:
        gate.wait(20)
        issuer.show(request)

    issuer.answer = slowly
    monkeypatch.setattr(issuer_keys, "_GRACE_SECONDS", -19.9)
    with issuer.serving() as url:
        verify = verifier(url, timeout=20)
        with pytest.raises(RefusedError, match="unavailable"):
            await verify(KEY.sign())
        gate.set()
        keys = verify._keys
        assert keys is not None
        await until(lambda: keys._keys is not None, "the keys")
        assert await verify(KEY.sign()) is not None
    assert issuer.hits == 1


async def test_a_rotated_key_is_fetched_on_demand() -> None:
    """The issuer's new key is accepted at once, and the withdrawn one is refused."""
    issuer = KeyServer(KEY)
    with issuer.serving() as url:
        verify = verifier(url, cooldown=0)
        assert await verify(KEY.sign()) is not None
        issuer.keys = [OTHER]
        assert await verify(OTHER.sign()) is not None
        assert await verify(KEY.sign()) is None


async def test_unknown_key_ids_cannot_flood_the_issuer() -> None:
    """Any number of invented key IDs causes a single fetch per cooldown."""
    issuer = KeyServer(KEY)
    with issuer.serving() as url:
        verify = verifier(url, cooldown=60)
        for number in range(50):
            assert await verify(OTHER.sign(kid=str(number))) is None
        assert await verify(KEY.sign()) is not None
    assert issuer.hits == 1


async def test_expired_keys_are_renewed_in_the_background() -> None:
    """If the issuer is unreachable, known keys stay valid for a limited time."""
    issuer = KeyServer(KEY)
    with issuer.serving() as url:
        verify = verifier(url, lifetime=100, cooldown=0)
        assert await verify(KEY.sign()) is not None
        keys = verify._keys
        assert keys is not None
        keys._fetched -= 101
        assert await verify(KEY.sign()) is not None
        assert keys._fetching is not None
        await keys._fetching
        assert issuer.hits == 2
        issuer.answer = lambda request: issuer.send(request, b"", 500)
        keys._fetched -= 101
        assert await verify(KEY.sign()) is not None
        await keys._fetching
        keys._fetched -= 600
        with pytest.raises(RefusedError, match="unavailable"):
            await verify(KEY.sign())


def endless(request: http.server.BaseHTTPRequestHandler) -> None:
    KeyServer.send(request, b"[" * 600_000)


def misdirected(request: http.server.BaseHTTPRequestHandler) -> None:
    if request.path == "/keys":
        KeyServer.send(request, b"", 302, Location="/elsewhere")
    else:
        KeyServer.send(request, json.dumps(SET).encode())


def trickling(request: http.server.BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    with contextlib.suppress(OSError):  # when the reader has given up
        while True:
            request.wfile.write(b" ")
            time.sleep(0.05)


def silent(request: http.server.BaseHTTPRequestHandler) -> None:
    with contextlib.suppress(OSError):
        request.rfile.read(1)  # until the reader has given up


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(endless, "larger than 524288 bytes", id="too large"),
        pytest.param(misdirected, "the status 302", id="redirect"),
        pytest.param(lambda request: KeyServer.send(request, b"[" * 100_000), "not a JSON Web Key Set", id="too deep"),
        pytest.param(lambda request: KeyServer.send(request, b"<html>"), "not a JSON Web Key Set", id="not JSON"),
        pytest.param(lambda request: KeyServer.send(request, b"\xff"), "not a JSON Web Key Set", id="not text"),
        pytest.param(lambda request: KeyServer.send(request, b"[]"), "not a JSON Web Key Set", id="not a key set"),
        pytest.param(lambda request: KeyServer.send(request, b"", 404), "the status 404", id="not found"),
        pytest.param(lambda request: request.wfile.write(b"nonsense\r\n\r\n"), "not HTTP", id="not HTTP"),
        pytest.param(silent, "no complete answer came within 1 seconds", id="silence"),
        pytest.param(trickling, "no complete answer came within 1 seconds", id="a slow trickle"),
    ],
)  # fmt: skip
async def test_a_misbehaving_issuer_makes_tokens_unverifiable(
    answer: Any, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The client gets ``unavailable`` in time, nothing is accepted, and the log gives the reason."""
    issuer = KeyServer(KEY)
    issuer.answer = answer
    with issuer.serving() as url:
        verify = verifier(url, timeout=1 if answer in (silent, trickling) else 10)
        token = KEY.sign()
        for _ in range(3):
            with pytest.raises(RefusedError, match="unavailable"):
                await verify(token)
    assert issuer.hits == 1
    assert "can't be fetched" in caplog.text
    assert reason in caplog.text
    assert token not in caplog.text


async def test_an_unreachable_issuer_is_logged_with_the_reason(caplog: pytest.LogCaptureFixture) -> None:
    """The reason is in the operating system's words."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # nothing listens on it
        with pytest.raises(RefusedError, match="unavailable"):
            await verifier(f"http://127.0.0.1:{unused.getsockname()[1]}/keys")(KEY.sign())
    assert "refused" in caplog.text


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"


@pytest.mark.parametrize("pause", [0.0, 0.02], ids=["at once", "slowly"])
@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param(b"", b"HTTP/1.1 100 Continue\r\n\r\n", id="100 Continue"),
        pytest.param(CHUNKED + b"0\r\n", b"X-More: 1\r\n", id="trailers"),
        pytest.param(CHUNKED, b"1\r\n \r\n", id="chunks"),
        pytest.param(HEAD + b"X: ", b"x", id="a header"),
        pytest.param(HEAD + b"\r\n", b" ", id="a body"),
    ],
)
async def test_an_endless_response_releases_its_thread(
    first: bytes, then: bytes, pause: float, caplog: pytest.LogCaptureFixture
) -> None:
    """The thread closes the connection when its time or size limit is reached, whatever arrives."""
    issuer, closed = KeyServer(KEY), threading.Event()

    def without_end(request: http.server.BaseHTTPRequestHandler) -> None:
        try:
            request.wfile.write(first)
            while True:
                request.wfile.write(then)
                time.sleep(pause)
        except OSError:
            closed.set()

    issuer.answer = without_end
    with issuer.serving() as url:
        with pytest.raises(RefusedError, match="unavailable"):
            await verifier(url, timeout=0.5)(KEY.sign())
        assert await asyncio.to_thread(closed.wait, 10)
    assert "can't be fetched" in caplog.text


async def test_a_hanging_fetch_prevents_further_fetches(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No other fetch begins during a name resolution, which cannot be interrupted."""
    gate, names = threading.Event(), []

    def resolve(*arguments: Any, **_: Any) -> Any:
        names.append(arguments[0])
        gate.wait(20)
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    verify = verifier("https://issuer.example/keys", timeout=0.01, cooldown=0)
    first = asyncio.create_task(verify(KEY.sign()))
    try:
        await until(lambda: bool(names), "the resolution of the name")
        with pytest.raises(RefusedError, match="unavailable"):
            await first
        for _ in range(2):
            with pytest.raises(RefusedError, match="unavailable"):
                await verify(KEY.sign())
        assert names == ["issuer.example"]
    finally:
        gate.set()
    keys = verify._keys
    assert keys is not None
    await until(lambda: not keys._reading, "the end of the thread")
    with pytest.raises(RefusedError, match="unavailable"):
        await verify(KEY.sign())
    await until(lambda: len(names) == 2, "another resolution")
    assert "no complete answer came within 0.01 seconds" in caplog.text


async def test_claims_equal_those_of_pyjwt() -> None:
    """The returned claims are those that PyJWT decodes."""
    token = KEY.sign({"nested": {"a": [1, None]}})
    assert await verifier()(token) == jwt.decode(token, options={"verify_signature": False})
