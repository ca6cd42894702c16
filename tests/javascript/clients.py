"""JavaScript clients in one process, which live as long as a test lets them."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import node_command

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(__file__).parent / "clients.cjs"


class Clients:
    """The process; a thread reads what it prints."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._names = itertools.count()
        self.clients: dict[str, Client] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def open(self, url: str, namespace: str = "/", **options: Any) -> Client:
        """Connect a new client; options are those of socket.io-client."""
        client = Client(f"c{next(self._names)}", self)
        self.clients[client.name] = client
        self.tell("open", client.name, url, namespace, options)
        return client

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._reader.join()

    def tell(self, *command: Any) -> None:
        """Write one command."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            name, *what = json.loads(line)
            self.clients[name].happened.append(tuple(what))


class Client:
    """One socket of socket.io-client, which reconnects by itself.

    Attributes:
        happened: What it was told, in order, from its connection on.
    """

    def __init__(self, name: str, clients: Clients) -> None:
        self.name = name
        self.happened: list[tuple[Any, ...]] = []
        self._clients = clients

    @property
    def connects(self) -> list[tuple[Any, ...]]:
        """Of each connection: its sid, and whether it has recovered."""
        return [rest for what, *rest in map(list, self.happened) if what == "connect"]  # type: ignore[misc]

    @property
    def events(self) -> list[list[Any]]:
        """Every event that came, offsets that travel as events aside."""
        return [event for what, *event in self.happened if what == "event" and event[0] != "~"]

    def emit(self, *event: Any) -> None:
        """Emit an event."""
        self._clients.tell("emit", self.name, *event)

    def use(self, **auth: Any) -> None:
        """Present another auth object from the next connection on."""
        self._clients.tell("auth", self.name, auth)

    def leave(self) -> None:
        """Disconnect for good."""
        self._clients.tell("leave", self.name)


@contextlib.contextmanager
def running_clients(node_modules: Path) -> Iterator[Clients]:
    """Run the process until the block ends."""
    process = subprocess.Popen(
        [node_command(), str(SCRIPT)],
        env={**os.environ, "NODE_PATH": str(node_modules)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        clients = Clients(process)
        yield clients
        clients.close()
