"""Bugs planted into a server on Node.js: each is found, and without bugs nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ..javascript import serving_js
from .conftest import codes, report

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = ("--auth", '{"token": "secret"}', "--examples", "3")
SILENT = ("--timeout", "0.4")  # how long to wait for what does not come
SENDS = {"said": "say", "waved": "wave", "later": "say"}  # the event that makes the server send another
PLANTED = {
    "limit": ("VALID_REFUSED", "say", "maxLength"),
    "unique": ("INVALID_ACCEPTED", "bid", "uniqueItems"),
    "exclusive": ("INVALID_ACCEPTED", "bid", "exclusiveMinimum"),
    "required": ("INVALID_ACCEPTED", "bid", "required"),
    "additional": ("INVALID_ACCEPTED", "bid", "additionalProperties"),
    "format": ("INVALID_ACCEPTED", "watch", "format"),
    "door": ("OPEN_DOOR", "connect", "security"),
    "silence": ("NO_ANSWER", "bid", "maximum"),
    "unknown": ("UNDECLARED_SILENCE", "undeclared", ""),
    "ack": ("INVALID_ACK", "say", "type"),
    "null": ("INVALID_EMIT", "said", "type"),
    "others": ("INVALID_EMIT", "said", "type"),
    "undeclared": ("UNDECLARED_EMIT", "waved", ""),
    "late": ("UNDECLARED_EMIT", "later", ""),
}


def test_a_server_that_keeps_its_contract_has_no_finding(auction: str) -> None:
    """A clean server passes, and every event and acknowledgement of the document is exercised."""
    body = report(auction, *TOKEN, code=0)
    assert (body["findings"], body["flaky"]) == ([], [])
    assert body["cases"]["sent"] == body["cases"]["planned"]
    assert [item for item in body["not_exercised"] if item[0] == "/"] == []


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_the_only_finding(auction: str, bug: str) -> None:
    """A bug gives its own finding, at the event and keyword where it is, and no other."""
    _, event, _ = PLANTED[bug]
    some = () if event in ("connect", "undeclared") else ("--include", SENDS.get(event, event))
    body = report(f"{auction}/?bugs={bug}", *TOKEN, *some, *(SILENT if bug in ("silence", "unknown") else ()))
    assert codes(body) == [PLANTED[bug]]


def test_all_planted_bugs_are_found_together(auction: str) -> None:
    """No bug hides another; two that break the same event are told apart by the place in the document."""
    body = report(f"{auction}/?bugs={','.join(PLANTED)}", *TOKEN, *SILENT)
    assert sorted(codes(body)) == sorted(PLANTED.values())


def test_a_finding_is_blamed_on_a_small_case(auction: str) -> None:
    """What is sent for a finding is made small, breaks nothing else, and is the event that causes it."""
    body = report(f"{auction}/?bugs=ack,late,additional", *TOKEN)
    sent = {finding["code"]: finding["sent"] for finding in body["findings"]}
    assert sent["INVALID_ACK"]["args"] == ["a" * 51]
    assert sent["UNDECLARED_EMIT"] == {"event": "say", "args": ["a"], "valid": True}
    assert set(sent["INVALID_ACCEPTED"]["args"][0]) == {"item", "amount", "unexpected"}


def test_silence_costs_its_time_only_twice(auction: str) -> None:
    """A server that never refuses is found out by one finding per event, and the rest waits less."""
    body = report(f"{auction}/?bugs=refusals,unknown", *TOKEN, *SILENT)
    assert {code for code, _, _ in codes(body)} == {"NO_REFUSAL", "UNDECLARED_SILENCE"}
    assert [event for _, event, _ in codes(body)] == ["bid", "watch", "say", "undeclared"]


@pytest.mark.parametrize(
    ("bug", "code", "message"),
    [
        ("garbage", "CONNECTION_LOST", "data that is not a Socket.IO packet"),
        ("hangup", "CONNECTION_LOST", "the server disconnected this client"),
        ("flood", "SERVER_DOWN", "the server floods"),
    ],
)
def test_a_misbehaving_server_gets_a_clear_word(auction: str, bug: str, code: str, message: str) -> None:
    """A server that sends garbage, disconnects or floods is reported as what it is."""
    body = report(f"{auction}/?bugs={bug}", *TOKEN, "--include", "say", code=1)
    found = {finding["code"]: finding["message"] for finding in body["findings"]}
    assert message in found[code]


@pytest.mark.parametrize(
    ("bug", "last", "waiting"),
    [
        ("exit", ("say", ["😀"]), ()),
        ("hang", ("bid", [{"item": "tgk-4926", "amount": 1_000_000}]), SILENT),
    ],
    ids=["exit", "hang"],
)
def test_a_server_that_dies_ends_the_run(
    node_modules: Path, bug: str, last: tuple[str, list[object]], waiting: tuple[str, ...]
) -> None:
    """The run ends with the last events before the server's end, and a line to repeat each."""
    with serving_js(node_modules, "auction.cjs") as url:
        report(url, *TOKEN, "--include", "wave", code=0)  # its first connection may take long
        body = report(f"{url}/?bugs={bug}", *TOKEN, *waiting, "--phase", "edges", code=1)
    assert body["stopped"] == "the server no longer answers"
    finding = body["findings"][-1]
    assert finding["code"] == "SERVER_DOWN"
    assert 0 < len(finding["before"]) <= 5
    assert len(finding["try"].splitlines()) == len(finding["before"])
    assert (finding["before"][-1]["event"], finding["before"][-1]["args"]) == last
