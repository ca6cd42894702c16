"""Ways to reach a broker: Unix sockets, sentinels, both versions of Redis's protocol, and Valkey."""

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
    """Run a broker on a Unix socket."""
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
    """Run a broker and connect with version 3 of the protocol."""
    del folder
    with running_broker() as broker:
        yield f"{broker.url.replace('redis:', f'redis{kind}:')}/0?protocol=3"


@contextlib.contextmanager
def by_valkey(folder: Path, kind: str) -> Iterator[str]:
    """Run a Valkey broker for Valkey's own client."""
    del folder
    with running_broker(valkey=True) as broker:
        yield broker.url.replace("redis:", f"valkey{kind}:")


@pytest.mark.parametrize("kind", ["", "+stream"], ids=["pub/sub", "stream"])
@pytest.mark.parametrize("way", [by_socket, by_sentinel, by_version, by_valkey])
async def test_processes_reach_each_other(way: object, kind: str, tmp_path: Path) -> None:
    """Emits arrive in order at the other process, and a call is answered."""
    assert callable(way)
    with way(tmp_path, kind) as url:
        async with pair(url) as (here, there):
            await here.ask("flood", 50, 1000, 20)
            await there.received(50)
            assert there.numbers == list(range(50))
            result, _ = await here.ask("call", there.sid, 10)
            assert result == 1
