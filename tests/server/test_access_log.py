"""The access log: what became of connections and events, in one line each, without what is private."""

from __future__ import annotations

import logging
import re
import time
from types import SimpleNamespace
from typing import Any

import pytest

from asynction_asgi import AsynctionSocketIO, JWTVerifier, Limits, RefusedError
from asynction_asgi.engine import Peer
from asynction_asgi.errors import PayloadValidationError, Violation
from asynction_asgi.server.access_log import AccessLog
from tests.clients import ConnectError, connected
from tests.serving import serve

from .documents import TEXT, message
from .issuer import AN_HOUR, AUDIENCE, ISSUER, Key
from .secured import bearer, namespace, secured

KEY, OTHER = Key("kid-of-ada"), Key("kid-of-eve")
HI = {"text": "hi"}
SCHEMES = {
    "user": {"type": "http", "scheme": "bearer"},
    "partner": {"type": "httpApiKey", "in": "query", "name": "key"},
}
PLACES: dict[str, Any] = {
    "root": [],
    "users": [{"user": []}],
    "either": [{"user": []}, {"partner": []}],
    "writers": [{"user": []}],
}


async def partner_info(key: str) -> dict[str, Any] | None:
    return {"sub": key} if key == "good" else None


async def say(data: Any) -> Any:
    return data


async def forbid(data: Any) -> Any:
    raise RefusedError("quota", "ada has used 7 of 7")


async def fail(data: Any) -> Any:
    raise LookupError("secret-7")


def application(**options: Any) -> AsynctionSocketIO:
    handlers: dict[str, Any] = {"say": say, "forbid": forbid, "fail": fail}
    events = [message(name, TEXT, **{"x-ack": {"args": TEXT}}) for name in handlers]
    channels = {name: namespace(*events, security=needs) for name, needs in PLACES.items()}
    channels["writers"]["x-scopes"] = ["write"]
    document = secured(SCHEMES, channels)
    return AsynctionSocketIO.from_spec(
        document,
        handlers={"/" if name == "root" else f"/{name}": handlers for name in PLACES},
        security_handlers={
            "user": JWTVerifier(issuer=ISSUER, audience=AUDIENCE, jwks={"keys": [KEY.public]}),
            "partner": partner_info,
        },
        **options,
    )


def said(caplog: pytest.LogCaptureFixture, name: str = "") -> list[str]:
    """Return the lines of the access log or of a part of it, without ids and addresses."""
    records = [record for record in caplog.records if record.name == f"asynction_asgi.access{name}"]
    return [re.sub(r" \(sid [\w-]+(, 127\.0\.0\.1:\d+)?\)", "", record.getMessage()) for record in records]


def for_user(why: str) -> str:
    return f"refused a connection to /users: unauthorized: credential of 'user': {why}"


TOKENS: list[tuple[str, str, str, str]] = [
    ("/users", KEY.sign({"exp": time.time() - 93}), "expired", r"it expired \d+ s ago"),
    ("/users", KEY.sign({"nbf": time.time() + AN_HOUR}), "not_yet", "it is not valid yet"),
    ("/users", OTHER.sign(kid=KEY.kid), "signature", "its signature is wrong"),
    ("/users", OTHER.sign(), "key", "there is no key of its algorithm and key id"),
    ("/users", KEY.sign({"iss": "https://eve.example"}), "issuer", "it is of another issuer"),
    ("/users", KEY.sign({"aud": "shop"}), "audience", "it is for another audience"),
    ("/users", KEY.sign({"exp": None}), "claims", "it has no exp"),
    ("/users", "x.y.z", "malformed", "it is malformed"),
    ("/users", "", "missing", "it is missing or malformed"),
]


async def test_a_refused_credential_is_explained_in_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """The line has the scheme, the reason and the address, but nothing of the token; all clients get the same."""
    caplog.set_level(logging.INFO, "asynction_asgi")
    answers = []
    with serve(application()) as url:
        for place, token, _, _ in TOKENS:
            with pytest.raises(ConnectError) as refused:
                async with connected(url, place, headers=bearer(token) if token else {}):
                    pass
            answers.append(refused.value.answer)
        for place, headers, query in (("/either", {}, "?key=bad"), ("/writers", bearer(KEY.sign()), "")):
            with pytest.raises(ConnectError):
                async with connected(url + query, place, headers=headers):
                    pass
    lines = said(caplog)
    for line, (_, _, _, why) in zip(lines, TOKENS, strict=False):
        assert re.fullmatch(re.escape(for_user("")) + why, line)
    assert lines[len(TOKENS) :] == [
        "refused a connection to /either: unauthorized: credential of 'partner': the security function returned None",
        "refused a connection to /writers: forbidden: credential of 'user': it does not grant all of write",
    ]
    assert answers == [
        {"message": "unauthorized", "data": {"code": "unauthorized", "message": "unauthorized"}}
    ] * len(TOKENS)
    fields = [record.__dict__ for record in caplog.records if record.name == "asynction_asgi.access"]
    assert [field["reason"] for field in fields] == [reason for *_, reason, _ in TOKENS] + [
        "revoked",
        "scope",
    ]
    assert all(field["address"].startswith("127.0.0.1:") for field in fields)
    text = re.sub(r"\(sid \S+", "", caplog.text)  # a random sid may contain any three letters
    for secret in ("ada", "eve", KEY.sign().split(".")[0]):
        assert secret not in text


async def test_an_address_from_a_proxys_header_has_no_port(caplog: pytest.LogCaptureFixture) -> None:
    """A proxy says who its client is, but not from which port, and none is made up."""
    caplog.set_level(logging.INFO, "asynction_asgi")
    with serve(application()) as url, pytest.raises(ConnectError):
        async with connected(url, "/users", headers={"X-Forwarded-For": "10.1.2.3"}):
            pass
    (line,) = [record for record in caplog.records if record.name == "asynction_asgi.access"]
    assert line.__dict__["address"] == "10.1.2.3"


async def test_many_refusals_take_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    """The next line of the same kind counts those that were left out."""
    caplog.set_level(logging.INFO, "asynction_asgi")
    with serve(application()) as url:
        for _ in range(20):
            with pytest.raises(ConnectError):
                async with connected(url, "/users"):
                    pass
    assert said(caplog) == [for_user("it is missing or malformed")]


async def test_undeclared_namespaces_are_named_each(caplog: pytest.LogCaptureFixture) -> None:
    """A wrong address has a line of its own, also one that is near a template or hostile; repetitions have none."""
    caplog.set_level(logging.INFO, "asynction_asgi")
    document = secured({}, {"/rooms/{id}": namespace()})
    with serve(AsynctionSocketIO.from_spec(document)) as url:
        for place in ("/other", "/rooms", "/rooms/7/8", "/other", "/" + "x" * 300):
            with pytest.raises(ConnectError):
                async with connected(url, place):
                    pass
    why = "forbidden: the document declares no such namespace"
    places = ("/other", "/rooms", "/rooms/7/8", "/" + "x" * 99 + "…")
    assert said(caplog) == [f"refused a connection to {place}: {why}" for place in places]
    reasons = [record.reason for record in caplog.records if record.name == "asynction_asgi.access"]  # type: ignore[attr-defined]  # of extra=
    assert reasons == ["undeclared"] * len(places)


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG], ids=["INFO", "DEBUG"])
async def test_events_and_connections(level: int, caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG refused events, connections and, if that was set before the start, handled events have lines."""
    caplog.set_level(level, "asynction_asgi")
    app = application()
    hostile = "x\nERROR: forged\x1b[2J"
    with serve(app) as url:
        async with connected(url) as client:
            assert await client.call("say", HI) == HI
            for event in ("say", "say", hostile, "forbid", "*"):
                await client.call(event, {"text": ""} if event == "say" else HI)
            ref, sid = (await client.call("fail", HI))["error"]["ref"], client.sid
    [crash] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert (crash.namespace, crash.event, crash.sid, crash.ref) == ("/", "fail", sid, ref)  # type: ignore[attr-defined]  # of extra=
    assert crash.address.startswith("127.0.0.1:")  # type: ignore[attr-defined]
    outcomes = app._contract.outcomes
    if level == logging.INFO:  # what is off costs nothing
        assert (outcomes.handled, outcomes.sent, outcomes.answered) == (None, None, None)
        assert said(caplog) == said(caplog, ".connections") == said(caplog, ".events") == []
        return
    assert outcomes.handled is not None
    assert said(caplog, ".events") == ["handled and acknowledged 'say' in /"]
    assert said(caplog, ".connections") == ["connected to /", said(caplog, ".connections")[1]]
    assert said(caplog, ".connections")[1].startswith("left /: ")
    assert said(caplog) == [
        "refused 'say' in /: invalid_payload at arguments/0/text (minLength)",
        r"refused 'x\nERROR: forged\x1b[2J' in /: unknown_event",
        "refused 'forbid' in /: quota",
        "refused '*' in /: reserved_event",
        f"refused 'fail' in /: internal_error [ref {ref}]",
    ]
    assert "ada" not in "".join(said(caplog))


async def test_an_exceeded_limit_is_named_at_info(caplog: pytest.LogCaptureFixture) -> None:
    """A client that sends too much is worth a line now and then, for events and connections."""
    caplog.set_level(logging.INFO, "asynction_asgi")
    with serve(application(limits=Limits(events_per_second=0.001, auth_bytes=100, refusals=1))) as url:
        async with connected(url) as client:
            for _ in range(5):
                await client.call("say", HI)
        with pytest.raises(ConnectError):
            async with connected(url, auth={"text": "x" * 200}):
                pass
    assert said(caplog) == [
        "refused 'say' in /: rate_limited: exceeds Limits.events_per_second, 0.001",
        "refused a connection to /: payload_too_large: exceeds Limits.auth_bytes, 100",
        "closing a connection: it was refused too often: Limits.refusals, 1",
    ]


def test_ten_thousand_names_take_few_lines(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clients that invent names for events and pointers can't fill a disk, even at DEBUG."""
    monkeypatch.setattr("asynction_asgi.logs.time", SimpleNamespace(monotonic=lambda: 1000.0))
    caplog.set_level(logging.DEBUG, "asynction_asgi")
    log = AccessLog()
    peer: Peer[Any] = Peer(sid="s", eio_sid="e", namespace="/", environ={}, sender=None)  # type: ignore[arg-type]  # not used
    for number in range(10_000):
        violation = Violation(pointer=f"/0/{number}", keyword="type", message="")
        error = PayloadValidationError(
            namespace="/", event=f"e{number}", direction="inbound", violations=[violation]
        )
        log.refused(peer, f"e{number}", error, code=error.code, ref=None)
    assert len(said(caplog)) == 65
