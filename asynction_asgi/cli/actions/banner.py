"""The start-up line: the URLs of Socket.IO and its documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...server.discovery import find_served
from .address import EVERY_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def banner(app: Callable[..., Any], settings: Mapping[str, Any], port: int | None) -> str:
    """Return the start-up line with the URLs of Socket.IO and its documentation."""
    base, notes = _base(settings, port)
    places = []
    for mount, served in find_served(app):
        below = f"{base}{mount}"
        docs = f", its documentation on {below}{served.docs_path}" if served.docs_path is not None else ""
        places.append(f"Socket.IO on {below}{served.spec.path}/{docs}")
    return "; ".join([*(places or [f"Serving on {base or '/'}"]), *notes])


def _base(settings: Mapping[str, Any], port: int | None) -> tuple[str, list[str]]:
    """Return scheme, host and port for this machine, and notes for clients elsewhere."""
    root = settings.get("root_path", "").rstrip("/")
    # A proxy in front removes that part of the path; the server does not answer below it.
    notes = [f"clients of the proxy in front put {root} before these paths"] if root else []
    if settings.get("uds"):
        return f"unix:{settings['uds']} ", notes
    if settings.get("fd") is not None:
        return "", notes
    host = settings.get("host", "127.0.0.1")
    if host in EVERY_ADDRESS:
        host = EVERY_ADDRESS[host]
        notes.insert(0, "from other machines, use this one's name")
    scheme = "https" if settings.get("ssl_certfile") else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}", notes
