"""Observers: each outcome reaches them once, and what they do not ask for costs nothing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO, NoAnswerError, Observer, RefusedError
from asynction_asgi.server.observer import Outcomes
from tests.clients import ConnectError, connected
from tests.serving import serve

from .documents import TEXT, channel, document, message

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from asynction_asgi import Peer, Socket

HI, EMPTY = {"text": "hi"}, {"text": ""}


class Everything(Observer):
    """Keeps all that it receives but peers."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, ...]] = []
        self.peers: list[Peer[Any]] = []

    def connected(self, peer: Peer[Any], schemes: Collection[str]) -> None:
        self.peers.append(peer)
        self.seen.append(("connected", peer.namespace))

    def disconnected(self, peer: Peer[Any], reason: str) -> None:
        assert peer in self.peers
        assert reason in {"client disconnect", "transport close"}
        self.seen.append(("disconnected", peer.namespace))

    def handled(self, peer: Peer[Any], event: str, schemes: Collection[str], *, ack: bool) -> None:
        assert peer in self.peers
        self.seen.append(("handled", event, ack))

    def refused(
        self, peer: Peer[Any], event: str | None, error: BaseException, *, code: str, ref: str | None
    ) -> None:
        assert peer.environ["asgi.scope"]["client"][0] == "127.0.0.1"
        assert (ref is not None) == (code in {"internal_error", "invalid_ack"})
        self.seen.append(("refused", event, code))

    def violated(self, error: Any, namespace: str, event: str | None) -> None:
        self.seen.append(("violated", namespace, event, error.part))

    def sent(self, namespace: str, event: str) -> None:
        self.seen.append(("sent", event))

    def unsent(self, namespace: str, event: str, error: Any) -> None:
        self.seen.append(("unsent", event, error.code))

    def answered(self, namespace: str, event: str) -> None:
        self.seen.append(("answered", event))

    def unanswered(self, namespace: str, event: str, reason: Any, error: BaseException) -> None:
        self.seen.append(("unanswered", event, reason.value))

    def closing(self, reason: Any, sid: str, scope: Any, detail: str) -> None:
        self.seen.append(("closing", reason.value))

    def rejected(self, reason: Any, scope: Any, detail: str) -> None:
        self.seen.append(("rejected", reason.value))


class Loud(Observer):
    """Raises at everything."""

    def handled(self, peer: Peer[Any], event: str, schemes: Collection[str], *, ack: bool) -> None:
        raise OSError("full")


async def tell(socket: Socket, data: Any) -> Any:
    await socket.emit("told", data)
    return data


async def fail(data: Any) -> Any:
    raise LookupError("no such thing")


async def forbid(data: Any) -> Any:
    raise RefusedError("quota", "not today")


async def answer_wrongly(data: Any) -> Any:
    return 7


async def ask(socket: Socket, data: Any) -> Any:
    try:
        await socket.call("question", data, timeout=0.01 if data["text"] == "late" else 30)
    except (NoAnswerError, RefusedError) as error:
        return {"text": type(error).__name__}
    return data


async def answer_oddly(data: Any) -> Any:
    return object()


async def emit_wrongly(socket: Socket, data: Any) -> Any:
    await socket.emit("told", 7)


HANDLERS: dict[str, Callable[..., Any] | str] = {
    "tell": tell,
    "fail": fail,
    "forbid": forbid,
    "wrong": answer_wrongly,
    "ask": ask,
    "spill": emit_wrongly,
    "odd": answer_oddly,
}


async def refuse(sid: str) -> None:
    raise RefusedError("forbidden", "closed today")


async def map_error(error: BaseException) -> Any:
    if isinstance(error, LookupError):
        return {"text": "nothing found"}
    raise RefusedError("unavailable", "later")


def application(*observers: Observer, validation: Any = True) -> AsynctionSocketIO:
    events = [message(name, TEXT, **{"x-ack": {"args": {} if name == "odd" else TEXT}}) for name in HANDLERS]
    sends = [message("told", TEXT), message("question", TEXT, **{"x-ack": {"args": TEXT}})]
    root = channel(events, sends)
    return AsynctionSocketIO.from_spec(
        document(root=root, shut=root, mapped=root),
        handlers={
            "/": HANDLERS,
            "/shut": {**HANDLERS, "connect": refuse},
            "/mapped": {**HANDLERS, "error": map_error},
        },
        observers=observers,
        validation=validation,
    )


async def test_each_outcome_reaches_observers_once(caplog: pytest.LogCaptureFixture) -> None:
    """An observer that raises disturbs neither the others nor the client, and the log has a line about it."""
    observer = Everything()
    calls: list[tuple[str, Any]] = [
        ("tell", HI),
        ("tell", HI),
        ("tell", EMPTY),
        ("forbid", HI),
        ("fail", HI),
        ("wrong", HI),
        ("spill", HI),
        ("odd", HI),
        ("nothing", HI),
        ("*", HI),
    ]
    with serve(application(Loud(), observer)) as url:
        async with connected(url) as client:
            for event, data in calls:
                await client.call(event, data)
        assert observer.seen[:3] == [("connected", "/"), ("sent", "told"), ("handled", "tell", True)]
        assert [outcome for outcome in observer.seen[5:] if outcome[0] != "disconnected"] == [
            ("refused", "tell", "invalid_payload"),
            ("refused", "forbid", "quota"),
            ("refused", "fail", "internal_error"),
            ("refused", "wrong", "invalid_ack"),
            ("unsent", "told", "invalid_payload"),
            ("refused", "spill", "internal_error"),
            ("refused", "odd", "internal_error"),
            ("refused", "nothing", "unknown_event"),
            ("refused", "*", "reserved_event"),
        ]
        observer.seen.clear()
        for namespace in ("/shut", "/unknown"):
            with pytest.raises(ConnectError):
                async with connected(url, namespace):
                    pass
        assert [outcome for outcome in observer.seen if outcome[0] == "refused"] == [
            ("refused", None, "forbidden")
        ] * 2
        observer.seen.clear()
        async with connected(url, "/mapped") as client:
            assert await client.call("fail", HI) == {"text": "nothing found"}
            assert (await client.call("forbid", HI))["error"]["code"] == "unavailable"
    assert observer.seen == [
        ("connected", "/mapped"),
        ("refused", "fail", "other"),
        ("refused", "forbid", "unavailable"),
        ("disconnected", "/mapped"),
    ]
    complaints = [record.getMessage() for record in caplog.records if "Loud" in record.getMessage()]
    assert complaints == ["Loud.handled failed"]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param(HI, ("answered", "question"), id="answered"),
        pytest.param(7, ("unanswered", "question", "invalid"), id="invalid"),
        pytest.param(None, ("unanswered", "question", "timeout"), id="timeout"),
    ],
)
async def test_answers_of_clients(answer: Any, outcome: tuple[Any, ...]) -> None:
    """A call that a client answers wrongly or not at all is reported with the reason."""
    observer = Everything()

    async def reply(data: Any) -> Any:
        if answer is None:
            await asyncio.Event().wait()
        return answer

    with serve(application(observer)) as url:
        async with connected(url, on={"question": reply}) as client:
            await client.call("ask", {"text": "late"} if answer is None else HI)
    assert observer.seen[1:3] == [("sent", "question"), outcome]
    assert observer.seen[3] == ("handled", "ask", True)


async def test_a_client_that_leaves_does_not_answer() -> None:
    """A call fails with the reason ``gone``, and the end of the client is reported once."""
    observer = Everything()

    async def wait(data: Any) -> None:
        await client.sio.disconnect()

    with serve(application(observer)) as url:
        async with connected(url, on={"question": wait}) as client:
            await client.emit("ask", HI)
            await client.wait_gone()
    assert ("unanswered", "question", "gone") in observer.seen
    assert [outcome for outcome in observer.seen if outcome[0] == "disconnected"] == [("disconnected", "/")]


async def test_mismatches_that_are_let_through() -> None:
    """With ``warn`` they are reported by the names of the document, and the event counts as handled."""
    observer = Everything()
    with serve(application(observer, validation="warn")) as url:
        async with connected(url) as client:
            assert await client.call("tell", EMPTY) == EMPTY
    assert observer.seen[1:-1] == [
        ("violated", "/", "tell", "arguments"),
        ("violated", "/", "told", "arguments"),
        ("sent", "told"),
        ("violated", "/", "tell", "ack"),
        ("handled", "tell", True),
    ]


def test_what_no_observer_defines_costs_nothing() -> None:
    """The server finds None in place of a function, and one observer's methods are called without a loop."""

    class Refusals(Observer):
        def rejected(self, reason: Any, scope: Any, detail: str) -> None:
            """Ignore it."""

    nobody, refusals = Outcomes(), Outcomes([Refusals(), Observer()])
    names = [name for name in vars(Observer) if not name.startswith("_")]
    assert len(names) == 12
    told: list[Callable[..., Any] | None] = [getattr(nobody, name, None) for name in names]
    assert told == [None] * 12
    assert [getattr(refusals, name, None) for name in names] == [None] * 12
    assert refusals.watch.rejected is not nobody.watch.rejected
    assert refusals.watch.closing is nobody.watch.closing
