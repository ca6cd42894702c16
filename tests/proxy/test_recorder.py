"""What a proxy records, and what it leaves out."""

from __future__ import annotations

import asyncio
import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.engine import Limits
from asynction_asgi.proxy import Recorder
from asynction_asgi.traffic import Connected, Happened, Head, Line, RecordError, read_record, veil
from tests.cases import each_case
from tests.clients import ConnectError, connected
from tests.counting import instructions
from tests.server.documents import channel, document, message

from .scene import Bare, in_front

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRETS = ("swordfish", "Bearer abc", "ada@example.com", "4711471147114")


@pytest.fixture(scope="module")
def bare() -> Iterator[str]:
    """The URL of an upstream server."""
    with Bare().serving() as url:
        yield url


async def traffic(url: str, path: Path, *, values: bool) -> list[Line]:
    """Record the same traffic, and return the lines."""
    recorder = Recorder(path, values=values, engine_path="/socket.io")
    with in_front(url, None, recorder=recorder) as (front, _):
        options: dict[str, Any] = {
            "auth": {"token": "swordfish"},
            "headers": {"Authorization": "Bearer abc"},
        }
        async with connected(
            f"{front}?key=swordfish", on={"asked": lambda _: 4711471147114}, **options
        ) as client:
            await client.call(
                "echo", {"to": "ada@example.com", "pin": 4711471147114, "ada@example.com": True}, b"x"
            )
            await client.emit("note", "swordfish")
            await client.receive()
            await client.call("ask", "swordfish")
            await client.call("refuse", "swordfish")
        with pytest.raises(ConnectError):
            async with connected(front, "/closed", auth={"password": "swordfish"}):
                pass
    recorder.close()
    with path.open(encoding="utf-8") as file:
        return list(read_record(file, path.name))


async def test_a_record_holds_no_text_and_no_number_of_payloads(bare: str, tmp_path: Path) -> None:
    """It holds types, lengths and formats of payloads, and types alone of credentials."""
    path = tmp_path / "record.jsonl"
    lines = await traffic(bare, path, values=False)
    text = path.read_text("utf-8")
    assert not [secret for secret in SECRETS if secret in text]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    head, first, *_, last = lines
    assert isinstance(head, Head)
    assert isinstance(first, Connected)
    assert isinstance(last, Connected)
    assert (first.auth, first.query, first.headers) == (
        {"token": {"$text": {}}},
        ("key",),
        ("authorization",),
    )
    assert (last.namespace, last.refused) == ("/closed", True)
    events = {(line.direction, line.event): line for line in lines if isinstance(line, Happened)}
    address, data = events["inbound", "echo"].args
    assert address["to"] == {
        "$text": {"length": 15, "formats": ["email"], "digest": address["to"]["$text"]["digest"]}
    }
    assert (address["pin"], address["$3"], data) == ({"$number": "integer"}, True, {"$binary": {"length": 1}})
    assert events["inbound", "note"].asked is False
    assert events["inbound", "refuse"].refused == "forbidden"
    assert events["outbound", "asked"].ack == ({"$number": "integer"},)


async def test_values_are_recorded_when_asked_for(bare: str, tmp_path: Path) -> None:
    """Payloads are kept as they travelled, and credentials are not."""
    lines = await traffic(bare, tmp_path / "record.jsonl", values=True)
    events = {(line.direction, line.event): line for line in lines if isinstance(line, Happened)}
    assert events["inbound", "note"].args == ("swordfish",)
    assert events["inbound", "echo"].args[1] == {"$binary": "eA=="}
    connections = [line for line in lines if isinstance(line, Connected)]
    assert "swordfish" not in str(connections)
    assert "Bearer" not in str(connections)


async def test_unanswered_events_are_bounded_and_dropped_ones_left_out(bare: str, tmp_path: Path) -> None:
    """Beyond ``pending_acks`` the oldest is recorded unanswered; an event that the document forbids never is."""
    path = tmp_path / "record.jsonl"
    recorder = Recorder(path, values=True, engine_path="/socket.io")
    spec = document(
        root=channel(
            receives=[
                message("ask", **{"x-ack": True}),
                message("emit", {"type": "array", "items": [{}, {}]}),
            ],
            sends=[
                message("said", {"type": "string"}),
                message("asked", {"type": "string", "maxLength": 1}, **{"x-ack": True}),
            ],
        )
    )

    def sent() -> list[tuple[Any, ...]]:
        """Return event, arguments and acknowledgement of each recorded event of the upstream server."""
        lines = read_record(path.read_text("utf-8").splitlines(keepends=True), path.name)
        happened = [line for line in lines if isinstance(line, Happened) and line.direction == "outbound"]
        return [(line.event, *line.args, line.ack) for line in happened]

    async def leave_unanswered(text: str) -> None:
        await arrived.put(text)
        await never

    arrived: asyncio.Queue[str] = asyncio.Queue()
    never = asyncio.get_running_loop().create_future()
    with in_front(bare, spec, recorder=recorder, limits=Limits(pending_acks=2)) as (front, _):
        async with connected(front, on={"asked": leave_unanswered}) as client:
            await client.emit("ask", "too long")
            await client.emit("emit", "said", 5)
            for text in "abc":
                await client.emit("ask", text)
                assert await arrived.get() == text
            await client.emit("emit", "said", "end")
            assert await client.receive() == ("said", "end")
            assert sent()[0] == ("asked", "a", None)
        never.cancel()
    recorder.close()
    assert sent() == [
        ("asked", "a", None),
        ("said", "end", None),
        ("asked", "b", None),
        ("asked", "c", None),
    ]


def test_a_record_goes_on_at_its_end(tmp_path: Path) -> None:
    """A second run adds to the file."""
    path = tmp_path / "record.jsonl"
    for _ in range(2):
        Recorder(path, values=False, engine_path="/rt").close()
    lines = read_record(path.read_text("utf-8").splitlines(keepends=True), "r")
    assert [line.path for line in lines if isinstance(line, Head)] == ["/rt", "/rt"]


def test_a_full_disk_ends_recording_alone(caplog: pytest.LogCaptureFixture) -> None:
    """The log says so once, and the traffic goes on."""
    from pathlib import Path

    recorder = Recorder(Path("/dev/full"), values=False, engine_path="/")
    for _ in range(2):
        recorder.happened("sid", "/", "inbound", "say", (), asked=False)
    assert caplog.text.count("recording ended: /dev/full can't be written: No space left") == 1


@each_case(
    ("text", "message"),
    [
        pytest.param("{\n", "r:1: not a line of a record: Expecting property name", id="not JSON"),
        pytest.param("[]\n", "it is not an object", id="a list"),
        pytest.param("{}\n", "it has none of 'record', 'direction', 'connection'", id="another object"),
        pytest.param('{"record": 2}\n', "version 2 of the format is unknown", id="a later version"),
        pytest.param('{"record": 1, "colour": 1}\n', "unknown member 'colour'", id="an unknown member"),
        pytest.param('{"record": 1, "path": 1}\n', "the value of 'path' has another type", id="a type"),
        pytest.param(
            '{"connection": "a"}\n',
            "missing 1 required keyword-only argument: 'namespace'",
            id="a missing member",
        ),
        pytest.param('{"direction": "up"}\n', "neither 'inbound' nor 'outbound'", id="a direction"),
    ],
)
def test_what_is_no_record_is_refused(text: str, message: str) -> None:
    """The error names record and line, and says what is wrong."""
    with pytest.raises(RecordError, match="r:1:") as error:
        list(read_record([text], "r"))
    assert message in str(error.value)


def test_a_last_line_that_was_cut_off_is_left_out() -> None:
    """A recorder may be killed while it writes."""
    assert len(list(read_record(['{"record": 1}\n', '{"conn'], "r"))) == 1


def test_names_that_are_data_are_not_kept() -> None:
    """A member named by a value, such as an address, is numbered; words of the program stay."""
    value = {"user-id": 1, "7": 1, "a3bb189e-8bf9-4888-9912-ace4e6543002": 1, "né": 1}
    assert list(veil(value, salt=b"x")) == ["user-id", "$2", "$3", "né"]


def test_equal_elements_are_kept_once() -> None:
    """Elements are equal if nothing distinguishes what is left of them, at any depth."""
    value = [1, 2.0, 1.5, True, 1, [[3], "b"], [[4], "c"], {"a": 1}, {"a": 2}, {"b": 1}, {"a": None}, None]
    integer, text = {"$number": "integer"}, {"$text": {"length": 1}}
    assert veil(value, salt=b"x") == [
        integer,
        {"$number": "number"},
        True,
        [[integer], text],
        {"a": integer},
        {"b": integer},
        {"a": None},
        None,
    ]


def test_twice_the_depth_takes_twice_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is looked at again for each list around it, nor written as JSON to compare it."""
    characters = 0
    dumps = json.dumps

    def counted(*arguments: Any, **options: Any) -> str:
        nonlocal characters
        text = dumps(*arguments, **options)
        characters += len(text)
        return text

    def work(depth: int) -> int:
        nonlocal characters
        value: list[Any] = []
        for _ in range(depth):
            value = [value, *({"m" * width: 1} for width in range(1, 6))]
        characters = 0
        return instructions(lambda: veil(value, salt=b"x")) + characters

    monkeypatch.setattr(json, "dumps", counted)
    work(1)  # fill the caches first
    assert work(60) < 2.2 * work(30)
