"""Ports for servers that bind them later, or once more after a restart."""

from __future__ import annotations

import contextlib
import secrets
import socket

# Below those that kernels give away, from 32768 on Linux and 49152 elsewhere: while a server is yet to bind its port,
# any connection of another test could be given it.
_PORTS = range(10_000, 32_000)


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return so many ports of loopback that nothing listens on."""
    with contextlib.ExitStack() as stack:
        ports: list[int] = []
        while len(ports) < count:
            port = secrets.choice(_PORTS)
            probe = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):  # taken
                probe.bind(("127.0.0.1", port))
                ports.append(port)
        return ports
