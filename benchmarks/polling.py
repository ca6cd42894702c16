"""Server CPU per validated echo over HTTP long-polling, against a bare `socketio.AsyncServer`.

``python -m benchmarks.polling [--rounds N] [--seconds S] [VARIANT …]``

Unit: microseconds of the server process's CPU per echo of 98 bytes: one POST with the event, and one GET that
fetches its ack. Baseline: python-socketio's `AsyncServer` with defaults on uvicorn. Connections are kept
alive. In every round each variant and the baseline are loaded in turns of some milliseconds, so that both
see the same state of the machine.
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
WARM_SECONDS = 3.0  # of each; Node compiles for as long
TURN_SECONDS = 0.02
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


class Load:
    """A server, its clients, and what their echoes have cost.

    Attributes:
        server: The server under load.
        cpu: Seconds of its CPU.
        done: Echoes.
    """

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self._clients = [Client(server) for _ in range(CLIENTS)]
        self.cpu, self.done = 0.0, 0

    def drive(self, seconds: float) -> None:
        """Echo for some time."""
        before, deadline = self.server.cpu(), time.monotonic() + seconds
        while time.monotonic() < deadline:
            for client in self._clients:
                client.echo()
            self.done += len(self._clients)
        self.cpu += self.server.cpu() - before

    def cost(self) -> float:
        """Return the seconds of CPU per echo since the last call."""
        cost = self.cpu / self.done
        self.cpu, self.done = 0.0, 0
        return cost


def drive(loads: Sequence[Load], seconds: float) -> list[float]:
    """Load servers in turns for some time; return the seconds of CPU per echo of each."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for load in loads:
            load.drive(TURN_SECONDS)
    return [load.cost() for load in loads]


def measure(variants: Sequence[str], *, rounds: int, seconds: float) -> None:
    """Run all pairs and print the table."""
    heading("validated echo over polling", "µs of server CPU per echo")
    with all_running(BARE, variants) as (bare_server, servers):
        baseline, loads = Load(bare_server), [Load(server) for server in servers]
        # In turns, as uvicorn closes connections that are idle.
        drive((baseline, *loads), WARM_SECONDS * (1 + len(loads)))
        pairs: dict[str, list[Pair]] = {load.server.name: [] for load in loads}
        for _ in range(rounds):
            for load in loads:
                cost, bare = drive([load, baseline], seconds)
                pairs[load.server.name].append(Pair(cost=cost, baseline=bare))
        every = [
            Pair(cost=pair.baseline, baseline=pair.baseline) for costs in pairs.values() for pair in costs
        ]
        row("98 B", VARIANTS[BARE].title, every, scale=1e6)
        for name, costs in pairs.items():
            row("98 B", VARIANTS[name].title, costs, scale=1e6)


def main() -> None:
    """Run the benchmark from the command line."""
    options = arguments(".polling", __doc__).parse_args()
    measure(options.variants, rounds=options.rounds, seconds=options.seconds)


if __name__ == "__main__":
    main()
