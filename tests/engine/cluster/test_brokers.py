"""The ways to a broker: sockets of Unix, sentinels, and either version of Redis's protocol."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from tests.queues import running_broker

from .processes import pair

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def by_socket(folder: Path, kind: str) -> Iterator[str]:
    """Run a broker at a path."""
    path = folder / "redis.sock"
    with running_broker(options=["--unixsocket", str(path)]):
        yield f"unix{kind}://{path}"


@contextlib.contextmanager
def by_sentinel(folder: Path, kind: str) -> Iterator[str]:
    """Run a broker that a sentinel knows as "ours"."""
    with running_broker() as broker:
        configuration = folder / "sentinel.conf"
        configuration.write_text(f"sentinel monitor ours 127.0.0.1 {broker.port} 1\n", "utf-8")
        with running_broker(configuration=[str(configuration), "--sentinel"]) as sentinel:
            yield f"redis+sentinel{kind}://127.0.0.1:{sentinel.port}/0/ours"


@contextlib.contextmanager
def by_version(folder: Path, kind: str) -> Iterator[str]:
    """Run a broker that is asked for the third version of the protocol."""
    del folder
    with running_broker() as broker:
        yield f"{broker.url.replace('redis:', f'redis{kind}:')}/0?protocol=3"


@contextlib.contextmanager
def by_valkey(folder: Path, kind: str) -> Iterator[str]:
    """Run a Valkey, for its own client."""
    del folder
    with running_broker(valkey=True) as broker:
        yield broker.url.replace("redis:", f"valkey{kind}:")


@pytest.mark.parametrize("kind", ["", "+stream"], ids=["pub/sub", "stream"])
@pytest.mark.parametrize("way", [by_socket, by_sentinel, by_version, by_valkey])
async def test_processes_hear_one_another(way: object, kind: str, tmp_path: Path) -> None:
    """In order, and an answer comes back."""
    assert callable(way)
    with way(tmp_path, kind) as url:
        async with pair(url) as (here, there):
            await here.ask("flood", 50, 1000, 20)
            await there.received(50)
            assert there.numbers == list(range(50))
            result, _ = await here.ask("call", there.sid, 10)
            assert result == 1
