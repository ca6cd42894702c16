"""Packets that violate the protocol, which the server and its other clients must survive."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .bench import QUIET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .bench import Bench

_PACKETS = {
    "a packet of an unknown type": '9{}["x"]',
    "an event that is not JSON": '2{}["x',
    "an event without a name": "2{}[]",
    "an event whose name is not a text": "2{}[{{}}]",
    "an acknowledgement that no caller waits for": "3{}999999[1]",
    "an event whose attachments never come": '51-{}["x",{{"_placeholder":true,"num":0}}]',
    "an event of a reserved name": '2{}["connect"]',
    "a second CONNECT": "0{}",
}


def packets(namespace: str) -> Iterator[tuple[str, str]]:
    """Yield what each packet is, and the packet as it is written.

    Source: Socket.IO protocol 5, packet encoding.
    """
    within = "" if namespace == "/" else f"{namespace},"
    for what, packet in _PACKETS.items():
        yield what, packet.format(within)


async def survives(bench: Bench, packet: str) -> str | None:
    """Send a packet on a connection of its own; return what else it has ended, or None.

    Raises:
        ServerDownError: No new connection can be opened afterwards.
    """
    before = bench.why_others_ended()
    async with bench.alone() as session:
        await session.send_text(packet)
        await asyncio.sleep(QUIET)
    async with bench.alone():
        pass
    return bench.why_others_ended() if before is None else None
