"""Cases of a contract, to parametrize tests with."""

from __future__ import annotations

import pytest

from asynction_asgi import AsynctionSocketIO, RefusedError
from asynction_asgi.testing import Case, TestServer, contract_cases

DOCUMENT = {
    "asyncapi": "2.6.0",
    "info": {"title": "T", "version": "1"},
    "channels": {
        "/": {
            "publish": {
                "message": {
                    "oneOf": [
                        {
                            "name": "say",
                            "payload": {"type": "string", "maxLength": 3},
                            "x-ack": {"args": {"type": "integer"}},
                            "examples": [{"payload": "hi"}],
                        },
                        {"name": "*", "payload": {}},
                    ]
                }
            }
        },
        "/other": {"publish": {"message": {"name": "go", "payload": {"type": "integer"}}}},
    },
}
CASES = contract_cases(DOCUMENT, events=["say"], examples=2)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def say(text: str) -> int:
    return len(text)


async def other(event: str, *_: object) -> None:
    raise AssertionError(event)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_case_parametrizes_a_test(case: Case) -> None:
    """A server of the contract accepts each valid case and refuses each other."""
    app = AsynctionSocketIO.from_spec(
        DOCUMENT, handlers={"/": {"say": say, "*": other}, "/other": {"go": say}}
    )
    async with TestServer(app) as server, server.connect() as client:
        if case.is_valid:
            assert await client.call(case.event, *case.arguments) == len(case.arguments[0])
        else:
            with pytest.raises(RefusedError, match="invalid_payload"):
                await client.call(case.event, *case.arguments, unchecked=True)


def test_phases_namespaces_and_events_are_chosen() -> None:
    """Cases come phase by phase; a wildcard has none."""
    assert [case.phase for case in CASES if case.phase == "examples"] == ["examples"]
    assert {case.event for case in contract_cases(DOCUMENT)} == {"say", "go"}
    assert {case.event for case in contract_cases(DOCUMENT, namespace="/other")} == {"go"}
    faults = contract_cases(DOCUMENT, phases=["faults"])
    assert faults
    assert not any(case.is_valid for case in faults)


def test_the_same_seed_gives_the_same_cases() -> None:
    """Equal seeds give equal cases, whose names say what they are about."""
    first, second = (
        [(str(case), case.arguments) for case in contract_cases(DOCUMENT, seed=3)] for _ in range(2)
    )
    assert first == second
    assert "say: faults /0 maxLength" in {str(case) for case in CASES}
