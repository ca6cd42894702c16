"""A load generator so cheap that only the servers are measured.

Connections are raw sockets. Their frames are masked once, before the load starts, and of the answers
only the bytes are counted, after the first has been read and compared. One epoll loop drives all
connections of all servers, so that servers under comparison work concurrently.
"""

from __future__ import annotations

import base64
import json
import os
import select
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .contract import COLLECT, NEWS, PAYLOADS, SHOUT, WHISPER, WHISPERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .processes import ServerProcess

# Socket.IO 5 in Engine.IO 4: "4" is a message, "2" an EVENT, "3" an ACK; all requests use this ack id.
ACK_ID = 7
ANSWER_SECONDS = 30.0
_MASK = b"\x5a\xa5\x3c\xc3"
# Broadcasts wait here until their recipients read; the kernel counts small ones as a kilobyte each.
_RECEIVE_BYTES = 1 << 19
_BUFFER = bytearray(1 << 18)


class LoadError(Exception):
    """A server gave a wrong answer or none."""


def event_text(event: str, payload: Any) -> str:
    """Return the text of an EVENT that requests an ack."""
    return f"42{ACK_ID}{json.dumps([event, payload], separators=(',', ':'))}"


def client_frame(text: str) -> bytes:
    """Return a whole masked text frame (RFC 6455, section 5.2)."""
    body = text.encode()
    length = len(body)
    if length < 126:
        header = bytes((0x81, 0x80 | length))
    elif length < 1 << 16:
        header = bytes((0x81, 0x80 | 126)) + length.to_bytes(2)
    else:
        header = bytes((0x81, 0x80 | 127)) + length.to_bytes(8)
    mask = int.from_bytes((_MASK * (length // 4 + 1))[:length])
    return header + _MASK + (int.from_bytes(body) ^ mask).to_bytes(length)


class Connection:
    """A Socket.IO client, connected to ``/`` over WebSocket.

    Args:
        server: Where to.
        wait: Whether to wait until it is connected. If not, call `open` and `join`.
    """

    __slots__ = ("_input", "fileno", "sock")

    def __init__(self, server: ServerProcess, *, wait: bool = True) -> None:
        self.sock = socket.create_connection(("127.0.0.1", server.port), timeout=ANSWER_SECONDS)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BYTES)
        self.fileno = self.sock.fileno()
        self._input = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        if wait:
            self.open()
            self.join()

    def open(self) -> None:
        """Wait for the answer to the handshake, and send a CONNECT."""
        while b"\r\n\r\n" not in self._input:
            self._more()
        head, _, self._input = self._input.partition(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n")[0]:
            raise LoadError(f"the WebSocket was refused: {head[:80]!r}")
        self._expect("0{")
        self.sock.sendall(client_frame("40"))

    def join(self) -> None:
        """Wait until the server has accepted the CONNECT."""
        self._expect("40{")

    def _expect(self, start: str) -> None:
        text, _ = self.read_frame()
        if not text.startswith(start):
            raise LoadError(f"expected {start!r}, got {text[:200]!r}")

    def _more(self) -> None:
        received = self.sock.recv(1 << 18)
        if not received:
            raise LoadError("the server closed the connection")
        self._input += received

    def read_frame(self) -> tuple[str, int]:
        """Wait for a whole frame, and return its text and its length on the wire in bytes."""
        while True:
            seen = self._input
            if len(seen) >= 2:
                short = seen[1] & 0x7F
                start = {126: 4, 127: 10}.get(short, 2)
                length = int.from_bytes(seen[2:start]) if start > 2 else short
                if len(seen) >= start and len(seen) >= start + length:
                    self._input = seen[start + length :]
                    return seen[start : start + length].decode(), start + length
            self._more()

    def ask(self, event: str, payload: Any, *, others: int = 0) -> tuple[Any, int]:
        """Emit an event, and wait for its ack and for `others` further events.

        Returns:
            The ack's arguments, and the length in bytes of all frames received.
        """
        self.sock.sendall(client_frame(event_text(event, payload)))
        acked: Any = None
        total = 0
        for _ in range(1 + others):
            text, length = self.read_frame()
            total += length
            if text.startswith(f"43{ACK_ID}["):
                acked = json.loads(text[3:])
            elif not text.startswith("42["):
                raise LoadError(f"expected an ack of {event!r}, got {text[:200]!r}")
        return acked, total

    def collect_garbage(self) -> None:
        """Let the server collect garbage, so that memory is compared in similar states."""
        self.ask(COLLECT, None)

    def skip(self, length: int) -> None:
        """Wait for exactly this many bytes and discard them."""
        while length:
            received = self.sock.recv_into(_BUFFER, min(length, len(_BUFFER)))
            if not received:
                raise LoadError("the server closed the connection")
            length -= received

    def close(self) -> None:
        """Drop the connection without a closing handshake."""
        self.sock.close()


def connect_at_once(server: ServerProcess, count: int) -> list[Connection]:
    """Return clients whose handshakes, and then whose CONNECTs, reach the server all at once."""
    connections = [Connection(server, wait=False) for _ in range(count)]
    for connection in connections:
        connection.open()
    for connection in connections:
        connection.join()
    return connections


@dataclass(slots=True, kw_only=True)
class Load:
    """Clients that send an event again as soon as it is answered.

    Attributes:
        server: The server of the connections.
        connections: The connections, each with one event in flight.
        frame: The frame that each sends.
        expected: The bytes that the sender receives for each frame.
        drain: Called after the last answer, before the server's clock is read.
        done: The number of events answered so far.
        cpu: Seconds of the server's CPU spent on them.
    """

    server: ServerProcess
    connections: Sequence[Connection]
    frame: bytes
    expected: int
    drain: Callable[[int], None] | None = None
    done: int = 0
    cpu: float = 0.0


def echo_load(server: ServerProcess, connections: Sequence[Connection], event: str) -> Load:
    """Return a load of events answered with their own payload, after one request per connection.

    Raises:
        LoadError: An answer is not the payload.
    """
    expected = 0
    for connection in connections:
        answer, expected = connection.ask(event, PAYLOADS[event])
        if answer != [PAYLOADS[event]]:
            raise LoadError(f"{server.name}: {event!r} was answered with {str(answer)[:200]}")
    frame = client_frame(event_text(event, PAYLOADS[event]))
    return Load(server=server, connections=connections, frame=frame, expected=expected)


def broadcast_load(server: ServerProcess, connections: Sequence[Connection], *, offsets: int = 0) -> Load:
    """Return a load of events from the first connection, which the server broadcasts to all.

    Args:
        server: The server of the connections.
        connections: The connections.
        offsets: How many further events come with each, which carry its offset.

    Raises:
        LoadError: The broadcast's payload differs from the one sent.
    """
    driver, *others = connections
    payload = PAYLOADS["flat"]
    answer, expected = driver.ask(SHOUT, payload, others=1 + offsets)
    if answer != []:
        raise LoadError(f"{server.name}: {SHOUT!r} was answered with {str(answer)[:200]}")
    length = 0
    for connection in others:
        text, length = connection.read_frame()
        if json.loads(text[2:])[:2] != [NEWS, payload]:
            raise LoadError(f"{server.name}: expected {NEWS!r}, got {text[:200]!r}")
        length += sum(connection.read_frame()[1] for _ in range(offsets))

    def drain(broadcasts: int) -> None:
        for connection in others:
            connection.skip(broadcasts * length)

    frame = client_frame(event_text(SHOUT, payload))
    return Load(server=server, connections=[driver], frame=frame, expected=expected, drain=drain)


def whisper_load(server: ServerProcess, connections: Sequence[Connection], *, offsets: int = 0) -> Load:
    """Return a load of events that the server answers with `WHISPERS` emits to the sender alone.

    Args:
        server: The server of the connections.
        connections: The connections.
        offsets: How many further events come with each, which carry its offset.

    Raises:
        LoadError: There is an answer of another form.
    """
    payload, expected = PAYLOADS["flat"], 0
    for connection in connections:
        answer, expected = connection.ask(WHISPER, payload, others=WHISPERS * (1 + offsets))
        if answer != []:
            raise LoadError(f"{server.name}: {WHISPER!r} was answered with {str(answer)[:200]}")
    frame = client_frame(event_text(WHISPER, payload))
    return Load(server=server, connections=connections, frame=frame, expected=expected)


class _Turn:
    """A connection under load, with the part of the current answer received so far."""

    __slots__ = ("expected", "frame", "load", "receive", "received", "send")

    def __init__(self, load: Load, connection: Connection) -> None:
        self.load = load
        self.receive = connection.sock.recv_into
        self.send = connection.sock.send
        self.frame = load.frame
        self.expected = load.expected
        self.received = 0


def drive(loads: Sequence[Load], seconds: float) -> None:
    """Load all servers concurrently, with one event in flight on every connection.

    Return when every event sent has been answered, with `Load.done` and `Load.cpu` increased.

    Raises:
        LoadError: An answer has another length than the first, or does not arrive.
    """
    turns = {connection.fileno: _Turn(load, connection) for load in loads for connection in load.connections}
    before = [(load.server.cpu(), load.done) for load in loads]
    with select.epoll() as epoll:
        for fileno, turn in turns.items():
            epoll.register(fileno, select.EPOLLIN)
            turn.send(turn.frame)
        _loop(epoll, turns, seconds)
    for load, (cpu, done) in zip(loads, before, strict=True):
        if load.drain is not None:
            load.drain(load.done - done)
        load.cpu += load.server.cpu() - cpu


def _loop(epoll: select.epoll, turns: dict[int, _Turn], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    in_flight = len(turns)
    buffer = _BUFFER
    while in_flight:
        ready = epoll.poll(ANSWER_SECONDS)
        if not ready:
            raise LoadError(f"{in_flight} answers did not come within {ANSWER_SECONDS:.0f} s")
        stopping = time.monotonic() > deadline
        for fileno, _events in ready:
            turn = turns[fileno]
            received = turn.receive(buffer)
            if received != turn.expected:
                received += turn.received
                if received < turn.expected and received > turn.received:
                    turn.received = received
                    continue
                if received != turn.expected:
                    raise LoadError(f"{turn.load.server.name}: {received} bytes for {turn.expected}")
                turn.received = 0
            turn.load.done += 1
            if stopping:
                in_flight -= 1
            elif turn.send(turn.frame) != len(turn.frame):
                raise LoadError(f"{turn.load.server.name} does not read")
