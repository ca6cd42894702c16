"""Keys of ``x-rate``: what is equal for clients whose events are counted together."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from hashlib import blake2b
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Hashable

_SCALARS = (str, int, float, bool)
_LONGEST = 100
_NETWORK = 64  # bits of an IPv6 address; the others are the client's choice
_WITH_PORT = re.compile(r"\[([^]]+)](?::\d+)?|([^:]+):\d+")


def key_of_user(user: Any) -> Hashable:
    """Return what is equal for equal users, or None if there is no user or its class has no equality.

    Args:
        user: What a security function returned: a JSON value or any other object.
    """
    if user is None:
        return None
    kind: Any = type(user)
    try:
        if kind not in _SCALARS and kind.__hash__ is not object.__hash__:
            return _Equal(user)
    except Exception:  # noqa: BLE001, S110  # a member is not hashable, or the application's own code fails
        pass
    try:
        return _short(json.dumps(user, sort_keys=True))
    except Exception:  # noqa: BLE001  # it is not JSON; a dict of the application's own may raise anything
        return None


class _Equal:
    """An object that is equal by its type's ``__eq__``; the hash stays, even if the object changes."""

    __slots__ = ("_hash", "_user")

    def __init__(self, user: Hashable) -> None:
        self._user = user
        self._hash = hash(user)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        try:
            return isinstance(other, _Equal) and bool(self._user == other._user)
        except Exception:  # noqa: BLE001  # an object of the application's may raise anything
            return False


def key_of_address(host: str) -> str:
    """Return the IPv4 address, the network of an IPv6 address, or any other text as it is.

    Args:
        host: As the ASGI server reports it. Some servers and middleware leave brackets and the port in it.
    """
    return _network(_short(host))


@lru_cache(maxsize=1024)
def _network(host: str) -> str:
    match = _WITH_PORT.fullmatch(host)
    if match is not None:
        host = match[1] or match[2]
    try:
        address = ip_address(host)
    except ValueError:  # what a proxy says may be anything
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{int(address) >> _NETWORK:x}"


def _short(text: str) -> str:
    """Return a text, or if it is long what identifies it."""
    return text if len(text) <= _LONGEST else blake2b(ascii(text).encode()).hexdigest()
