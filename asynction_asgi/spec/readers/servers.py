"""Which server of the document this one is: path, security and the channels that it offers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..model import DEFAULT_PATH
from ..text.hints import did_you_mean
from .security import meaning_of, narrow, read_security, refuse_unsupported

if TYPE_CHECKING:
    from ..model import Security
    from ..text.document import Node
    from .reading import Reader

# Those that a Socket.IO client can be told to use.
_PROTOCOLS = ("ws", "wss", "http", "https", "socket.io", "socketio")


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """The choice.

    Attributes:
        path: The Engine.IO path with a leading and no trailing slash.
        security: What the server requires; None when it requires nothing.
        kept: The names of the servers whose channels are served; all of them if an error says that none
            can be.
        known: The names of all servers.
    """

    path: str
    security: Security | None
    kept: frozenset[str]
    known: frozenset[str]


def read_servers(reader: Reader, server_name: str | None) -> Servers:
    """Choose by name, or else keep every server that speaks Socket.IO's transports."""
    servers: dict[str, tuple[Node, Node]] = {}
    securities: dict[str, Security | None] = {}
    for name, node in reader.entries(reader.root, "servers"):
        target = reader.follow(node)
        if target is not None and isinstance(target.value, dict):
            servers[name] = (node, target)
            required = read_security(reader, target.get("security"))
            securities[name] = narrow(reader, required, [target.get("x-scopes")])
    kept = _keep(reader, {name: target for name, (_, target) in servers.items()}, server_name)
    paths = {name: _path(reader, servers[name][1]) for name in kept}
    known = frozenset(name for name, _ in reader.entries(reader.root, "servers"))
    if not kept:
        return Servers(path=DEFAULT_PATH, security=None, kept=known, known=known)
    chosen = kept[0]
    for name in kept[1:]:
        node = servers[name][0]
        if meaning_of(securities[name] or None) != meaning_of(securities[chosen] or None):
            message = f"{name!r} and {chosen!r} differ in security; choose one with server_name"
            reader.error(node, "SERVER_UNKNOWN", message, key=True)
            break
        if paths[name] != paths[chosen]:
            message = f"{name!r} and {chosen!r} differ in their path; {paths[chosen]!r} is served, or choose with server_name"
            reader.warn(node, "SERVER_UNKNOWN", message, key=True)
            break
    refuse_unsupported(reader, securities[chosen], servers[chosen][1].get("security"))
    return Servers(path=paths[chosen], security=securities[chosen] or None, kept=frozenset(kept), known=known)


def _keep(reader: Reader, servers: dict[str, Node], server_name: str | None) -> list[str]:
    place = reader.root.get("servers")
    if server_name is not None:
        if server_name in servers:
            return [server_name]
        listed = f"there are {', '.join(map(repr, servers))}" if servers else "it declares none"
        hint = did_you_mean(server_name, servers)
        message = f"the document has no server {server_name!r}: {listed}{hint}"
        reader.error(place or reader.root, "SERVER_UNKNOWN", message)
        return []
    kept = [name for name, node in servers.items() if _speaks(node.value.get("protocol"))]
    if servers and not kept and place is not None:
        spoken = ", ".join(dict.fromkeys(repr(node.value.get("protocol")) for node in servers.values()))
        message = (
            f"no server uses one of the protocols {', '.join(_PROTOCOLS)} (found {spoken}); "
            "choose one with server_name to serve it anyway"
        )
        reader.error(place, "SERVER_UNKNOWN", message, key=True)
    return kept


def _speaks(protocol: object) -> bool:
    return not isinstance(protocol, str) or protocol.lower() in _PROTOCOLS


def _path(reader: Reader, server: Node) -> str:
    """Return the path of 2.x ``url`` or 3.x ``pathname``, with variables filled in."""
    url = server.get("url")
    written = url or server.get("pathname")
    if written is None or not isinstance(written.value, str):
        return DEFAULT_PATH

    def filled(found: re.Match[str]) -> str:
        value = _variable(reader, server, found[1])
        return found[0] if value is None else value

    text = re.sub(r"\{([^{}]*)\}", filled, written.value)
    if url is not None:
        # A scheme may stand before the host, or nothing may: 'localhost:8000/socket.io' is a URL here.
        text = re.sub(r"^(?:[A-Za-z{][A-Za-z0-9+.{}-]*:)?//", "", text)
        if not written.value.startswith(("/", "./")) or written.value.startswith("//"):
            text = text[text.index("/") :] if "/" in text else ""
    path = "/" + re.split(r"[?#]", text)[0].removeprefix("./").strip("/")
    for missing in dict.fromkeys(re.findall(r"\{([^{}]*)\}", path)):
        reader.error(written, "SERVER_UNKNOWN", f"the variable {missing!r} has neither a default nor an enum")
    return DEFAULT_PATH if path == "/" else path


def _variable(reader: Reader, server: Node, name: str) -> str | None:
    variable = reader.member(reader.member(server, "variables"), name)
    if variable is None or not isinstance(variable.value, dict):
        return None
    default, values = variable.value.get("default"), variable.value.get("enum")
    if isinstance(default, str):
        return default
    return values[0] if isinstance(values, list) and values and isinstance(values[0], str) else None
