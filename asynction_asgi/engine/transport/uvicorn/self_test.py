"""Whether uvicorn's WebSocket class still does what the shortcut needs, found out by driving it.

Runs once per process, on transports that only record, in about 10 ms. Names that are still there prove
little: uvicorn 0.52.0 has all of them, and raises when it stops after a close frame of ours.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

from ...wire.frames import Frame
from .offline import LARGEST, Line, MismatchError, check, frame, until
from .parser import is_between_frames, is_in_message, place_of

if TYPE_CHECKING:
    from types import CodeType

_DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
# RFC 6455, 5.2: opcodes, with FIN where the frame is the last of its message.
_TEXT, _TEXT_BEGINS, _GOES_ON, _ENDS, _CLOSE, _PING, _UNKNOWN = 0x81, 0x01, 0x00, 0x80, 0x88, 0x89, 0x83
_PACKED = 0x40  # RFC 7692, 6


def run() -> CodeType:
    """Drive uvicorn's class through what happens to a connection; needs a thread without an event loop.

    Returns:
        The code in which the parser of websockets waits between frames.

    Raises:
        MismatchError: Something behaves differently; nothing of the process was changed.
    """
    return asyncio.run(_run())


async def _run() -> CodeType:
    rest = await _find_rest()
    for scenario in (_messages, _compressed, _client_closes, _server_closes, _too_large, _malformed, _stops):
        await scenario(rest)
    return rest


# -- what happens to a connection --------------------------------------------------------------


async def _find_rest() -> CodeType:
    """Check that the parser waits in one place between frames, and elsewhere within any."""
    line = Line()
    await line.open()
    protocol, conn = line.protocol, line.protocol.conn
    rest = place_of(conn)
    if rest is None:
        raise MismatchError("the parser is not a generator")
    for data, inside in (
        (frame(_TEXT_BEGINS, b"a" * 200), True),
        (frame(_PING), True),
        (frame(_GOES_ON), True),
        (frame(_ENDS, b"b"), False),
    ):
        for at, byte in enumerate(data, 1):
            protocol.data_received(bytes([byte]))
            between = is_between_frames(conn, rest)
            check(that=between == (at == len(data)), what="the parser does not show where frames end")
        check(that=is_in_message(protocol) == inside, what="the parser does not show where messages end")
    event = protocol.queue.get_nowait()
    message = {key: value for key, value in event.items() if value is not None}
    expected = {"type": "websocket.receive", "text": "a" * 200 + "b"}
    check(that=message == expected and protocol.queue.empty(), what="a message is not in the queue")
    check(that=protocol.read_paused and not line.transport.reads, what="reading is not paused")
    await line.lose()
    return rest


async def _messages(rest: CodeType) -> None:
    """Check that messages arrive in order, those from before the shortcut first, and pings are answered."""
    line = Line()
    await line.open()
    line.protocol.data_received(frame(_TEXT, b"early") + frame(_TEXT, b"half")[:5])
    shortcut = line.cut(rest)
    check(that=line.transport.reads and not line.protocol.read_paused, what="reading is not resumed")
    shortcut.data_received(frame(_TEXT, b"half")[5:])
    shortcut.data_received(frame(_TEXT, b"whole") + frame(_TEXT_BEGINS, b"fra")[:3])
    shortcut.data_received(frame(_TEXT_BEGINS, b"fra")[3:] + frame(_PING, b"hi"))
    check(that=line.transport.sent == b"\x8a\x02hi", what="a ping is not answered")
    shortcut.data_received(frame(_ENDS, b"gment"))
    taken = line.receiver.taken
    check(that=taken == ["early", "half", "whole", "fragment"], what="messages are not delivered in order")
    shortcut.pause_writing()
    check(that=not line.protocol.writable.is_set(), what="writing is not paused")
    shortcut.resume_writing()
    check(that=shortcut.write(Frame(b"out")), what="writing is not resumed")
    check(that=line.transport.sent.endswith(b"\x81\x03out"), what="a frame is not written")
    await line.lose()


async def _compressed(rest: CodeType) -> None:
    """Check that messages are packed and unpacked by the connection's extension."""
    line = Line(packed=True)
    shortcut = await line.shorten(rest, _DEFLATE)
    deflate = zlib.compressobj(wbits=-12)
    packed = (deflate.compress(b"x" * 50) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
    shortcut.data_received(frame(_TEXT | _PACKED, packed))
    check(that=line.receiver.taken == ["x" * 50], what="a compressed message is not unpacked")
    shortcut.write(Frame(b"y" * 50))
    sent = line.transport.sent
    check(that=sent[0] == _TEXT | _PACKED and len(sent) < 50, what="a message is not compressed")
    await line.lose()


async def _client_closes(rest: CodeType) -> None:
    """Check that the client's close frame is answered, and stopping then does nothing more."""
    line = Line()
    shortcut = await line.shorten(rest)
    shortcut.data_received(frame(_CLOSE, b"\x03\xe8") + frame(_TEXT, b"late"))
    check(that=line.transport.sent == b"\x88\x02\x03\xe8", what="a close frame is not answered")
    check(that=line.transport.closed and not line.receiver.taken, what="a close frame does not end it")
    shortcut.shutdown()
    check(that=line.transport.sent == b"\x88\x02\x03\xe8", what="stopping closes a second time")
    await line.lose()


async def _server_closes(rest: CodeType) -> None:
    """Check that, after our close frame, the connection lasts until the client's, or until the server stops."""
    for stops in (False, True):
        line = Line()
        shortcut = await line.shorten(rest)
        await line.send({"type": "websocket.close", "code": 1000})
        check(that=line.transport.sent == b"\x88\x02\x03\xe8", what="our close frame is not sent")
        shortcut.data_received(frame(_TEXT, b"late"))
        check(that=not line.transport.closed, what="the client's close frame is not waited for")
        if stops:
            shortcut.shutdown()
        else:
            shortcut.data_received(frame(_CLOSE, b"\x03\xe8"))
        check(that=line.transport.closed, what="the end of a connection is not the transport's")
        await line.lose()


async def _too_large(rest: CodeType) -> None:
    """Check that what follows a too large message is ignored, up to the client's close frame."""
    line = Line()
    shortcut = await line.shorten(rest)
    large = frame(_TEXT, b"x" * (LARGEST + 1))
    shortcut.data_received(large[:200])
    check(that=line.receiver.refused, what="a message that is too large is not refused")
    await line.send({"type": "websocket.close", "code": 1009})
    shortcut.data_received(large[200:] + frame(_TEXT, b"late"))
    check(that=not line.transport.closed, what="the close frame after 1009 is not waited for")
    shortcut.data_received(frame(_CLOSE, b"\x03\xf1"))
    check(that=line.transport.closed and not line.receiver.taken, what="1009 does not end the connection")
    await line.lose()


async def _malformed(rest: CodeType) -> None:
    """Check that a frame that breaks the protocol ends the connection by its code."""
    for data, code in ((frame(0xB1), 1002), (frame(_UNKNOWN), 1002), (frame(_TEXT, b"\xff"), 1007)):
        line = Line()
        shortcut = await line.shorten(rest)
        shortcut.data_received(data + frame(_TEXT, b"late"))
        sent = line.transport.sent
        check(that=sent[:1] == b"\x88" and sent[2:4] == code.to_bytes(2), what=f"no close frame of {code}")
        check(that=line.transport.closed and not line.receiver.taken, what="an error does not end it")
        await line.lose()


async def _stops(rest: CodeType) -> None:
    """Check that a server that stops closes at once, or once the engine has let its clients go."""
    line = Line()
    await line.shorten(rest)
    for connection in list(line.connections):
        connection.shutdown()
    check(that=line.transport.sent[2:4] == (1012).to_bytes(2), what="stopping sends no close frame")
    check(that=line.transport.closed, what="stopping does not close the transport")
    await line.lose()
    line = Line()
    await line.shorten(rest)
    gate = asyncio.Event()

    async def leave() -> None:
        await gate.wait()

    line.receiver.leaving = asyncio.create_task(leave())
    for connection in list(line.connections):
        connection.shutdown()
    check(that=not line.transport.closed, what="the engine's own end is not waited for")
    gate.set()
    await until(lambda: line.transport.closed, "the transport is not closed after the engine's own end")
    await line.lose()
