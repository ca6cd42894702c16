"""A look at the address to listen on, before the application starts."""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING, Any

import click

from .socket_file import is_answered

if TYPE_CHECKING:
    from collections.abc import Mapping

EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104  # compared, not listened on
"""The addresses that stand for all of a machine, each with one that a browser can open."""


def check_apart(settings: Mapping[str, Any], monitor: tuple[str, int]) -> None:
    """Refuse one port for both clients and the monitor.

    Args:
        settings: Of uvicorn.
        monitor: Host and port.

    Raises:
        click.UsageError: Both would listen on the same port.
    """
    host, port = settings.get("host", "127.0.0.1"), settings.get("port", 8000)
    if settings.get("uds") or settings.get("fd") is not None or not port or port != monitor[1]:
        return
    if host == monitor[0] or host in EVERY_ADDRESS or monitor[0] in EVERY_ADDRESS:
        raise click.UsageError(f"--port and --monitor are both {port}; use another port for one of them")


def check_address(settings: Mapping[str, Any]) -> None:
    """Refuse an address that another process listens on.

    uvicorn would find a taken port only after the application has started, and take the file of a Unix domain
    socket away from the other process.

    Args:
        settings: Of uvicorn; it reports other reasons why it can't listen.

    Raises:
        click.ClickException: The port or the socket is taken.
    """
    host, port, uds = settings.get("host", "127.0.0.1"), settings.get("port", 8000), settings.get("uds")
    if uds and settings.get("fd") is None and is_answered(uds):
        raise click.ClickException(
            f"another process listens on {uds}; end it, or use --uds with another path"
        )
    if uds or settings.get("fd") is not None or not port:
        return
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, kind, protocol, _, address in found:
            with socket.socket(family, kind, protocol) as probe:
                if os.name == "posix":
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise click.ClickException(
                f"another process listens on port {port} of {host}; end it, or use --port with another one"
            ) from None
