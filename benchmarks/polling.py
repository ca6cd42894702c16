"""Server CPU per validated echo over HTTP long-polling, against a bare `socketio.AsyncServer`.

``python -m benchmarks.polling [--rounds N] [--seconds S] [VARIANT …]``

Unit: microseconds of the server process's CPU per echo of 98 bytes: one POST with the event, and one GET that
fetches its ack. Baseline: python-socketio's `AsyncServer` with defaults on uvicorn. Connections are kept
alive. In every round each variant and the baseline are loaded in turns of a few milliseconds.
"""

from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING

from .contract import PAYLOADS
from .load import ACK_ID, ANSWER_SECONDS, LoadError, event_text
from .processes import all_running
from .report import Pair, arguments, heading, row
from .variants import BARE, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .processes import ServerProcess

CLIENTS = 5
WARM_SECONDS = 0.3
EVENT = "flat"


class Client:
    """A client of long-polling that is connected to ``/``."""

    def __init__(self, server: ServerProcess) -> None:
        self._sock = socket.create_connection(("127.0.0.1", server.port), timeout=ANSWER_SECONDS)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._input = b""
        self._host = f"127.0.0.1:{server.port}"
        self._path = "/socket.io/?EIO=4&transport=polling"
        opened = json.loads(self._request("GET")[1:])
        self._path += f"&sid={opened['sid']}"
        self._request("POST", b"40")
        answer = self._request("GET")
        if not answer.startswith(b"40{"):
            raise LoadError(f"{server.name}: expected 40, got {answer[:200]!r}")

    def _request(self, method: str, body: bytes = b"") -> bytes:
        """Send a request, and return the body of its answer."""
        length = f"Content-Length: {len(body)}\r\nContent-Type: text/plain\r\n" if method == "POST" else ""
        self._sock.sendall(
            f"{method} {self._path} HTTP/1.1\r\nHost: {self._host}\r\n{length}\r\n".encode() + body
        )
        while b"\r\n\r\n" not in self._input:
            self._more()
        head, _, rest = self._input.partition(b"\r\n\r\n")
        status, *fields = head.split(b"\r\n")
        if b" 200 " not in status:
            raise LoadError(f"{method} was answered with {status!r}")
        self._input = rest
        if b"transfer-encoding: chunked" in map(bytes.lower, fields):
            chunks = []
            while chunk := self._chunk():
                chunks.append(chunk)
            return b"".join(chunks)
        return self._take(
            next(int(field[15:]) for field in fields if field.lower().startswith(b"content-length:"))
        )

    def _chunk(self) -> bytes:
        while b"\r\n" not in self._input:
            self._more()
        size, _, self._input = self._input.partition(b"\r\n")
        return self._take(int(size, 16) + 2)[:-2]

    def _take(self, size: int) -> bytes:
        while len(self._input) < size:
            self._more()
        taken, self._input = self._input[:size], self._input[size:]
        return taken

    def _more(self) -> None:
        received = self._sock.recv(1 << 16)
        if not received:
            raise LoadError("the server closed the connection")
        self._input += received

    def echo(self) -> None:
        """Emit the event, and fetch polls until its ack has come."""
        self._request("POST", event_text(EVENT, PAYLOADS[EVENT]).encode())
        while (answer := self._request("GET")) == b"2":  # a ping
            self._request("POST", b"3")
        if not answer.startswith(f"43{ACK_ID}[".encode()):
            raise LoadError(f"expected an ack, got {answer[:200]!r}")


def drive(server: ServerProcess, clients: Sequence[Client], seconds: float) -> float:
    """Echo for some time; return the server's CPU seconds per echo."""
    before, done = server.cpu(), 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for client in clients:
            client.echo()
        done += len(clients)
    return (server.cpu() - before) / done


def measure(variants: Sequence[str], *, rounds: int, seconds: float) -> None:
    """Run all pairs and print the table."""
    heading("validated echo over polling", "µs of server CPU per echo")
    with all_running([BARE, *variants]) as servers:
        clients = {server: [Client(server) for _ in range(CLIENTS)] for server in servers}
        costs: dict[ServerProcess, list[float]] = {server: [] for server in servers}
        for server in servers:
            drive(server, clients[server], WARM_SECONDS)
        for _ in range(rounds):
            for server in servers:
                costs[server].append(drive(server, clients[server], seconds))
        baseline, *_ = servers
        for server in servers:
            pairs = [
                Pair(cost=cost, baseline=bare)
                for cost, bare in zip(costs[server], costs[baseline], strict=True)
            ]
            row("98 B", VARIANTS[server.name].title, pairs, scale=1e6)


def main() -> None:
    """Run the benchmark from the command line."""
    options = arguments(".polling", __doc__).parse_args()
    measure(options.variants, rounds=options.rounds, seconds=options.seconds)


if __name__ == "__main__":
    main()
