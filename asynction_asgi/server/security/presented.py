"""What a client presented when it connected, and where credentials are found in it.

A credential presented twice in one place with different values is rejected: a proxy may have checked the
other one. The auth object takes precedence over the opening request, because browsers can't choose what
the request holds.
"""

from __future__ import annotations

import base64
import binascii
import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ...spec.text.pointer import Pointer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .identity import Verdict

    Find = Callable[["Presented"], "Found | None"]
    ReadText = Callable[["Presented"], str | None]

_BEARER = re.compile(r"bearer +([\x21-\x7e]+) *", re.IGNORECASE)
_BASIC = re.compile(r"basic +([A-Za-z0-9+/]+={0,2}) *", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Found:
    """A credential that is well-formed, and not verified yet.

    Attributes:
        values: What the security function is called with.
        fresh: Whether it came from the auth object rather than from the opening request.
    """

    values: tuple[Any, ...]
    fresh: bool

    def __repr__(self) -> str:
        return "<Found>"  # the values are secrets


class Presented:
    """The opening request and the auth object of one CONNECT, parsed on demand.

    Attributes:
        scope: ASGI's scope of the request that opened the transport.
        auth: The auth object of the CONNECT, or of a later re-authentication.
        verdicts: Those of security functions so far, which `authenticate` stores, by scheme and scopes.
    """

    def __init__(self, scope: Mapping[str, Any], auth: Any) -> None:
        self.scope = scope
        self.auth = auth
        self.verdicts: dict[tuple[str, tuple[str, ...]], Verdict] = {}

    def member(self, field: str) -> Any:
        """Return a member of the auth object by its name or JSON Pointer, or None."""
        value = self.auth
        if field and not field.startswith("/"):
            return value.get(field) if isinstance(value, dict) else None
        for token in Pointer.parse(field).tokens:
            if isinstance(value, dict):
                value = value.get(token)
            elif isinstance(value, list) and _INDEX.fullmatch(token) and int(token) < len(value):
                value = value[int(token)]
            else:
                return None
        return value

    def headers(self, name: str) -> list[str]:
        """Return all values of a header; `name` is in lower case."""
        wanted = name.encode("latin-1")
        return [
            value.decode("latin-1").strip()
            for key, value in self.scope.get("headers", ())
            if key.lower() == wanted
        ]

    @functools.cached_property
    def query(self) -> list[tuple[str, str]]:
        """The query string as pairs."""
        raw = self.scope.get("query_string", b"").decode("ascii", "replace")
        return parse_qsl(raw, keep_blank_values=True)

    @functools.cached_property
    def cookies(self) -> list[tuple[str, str]]:
        """The cookies as pairs (RFC 6265, 4.2.1); HTTP/2 may split them into several headers."""
        pairs = (piece.partition("=") for text in self.headers("cookie") for piece in text.split(";"))
        return [(name.strip(), _unquoted(value.strip())) for name, equals, value in pairs if equals]

    @functools.cached_property
    def basic(self) -> tuple[str, str] | None:
        """Name and password of HTTP Basic (RFC 7617), or None if they are missing or malformed."""
        match = _BASIC.fullmatch(_only(self.headers("authorization")) or "")
        if match is None:
            return None
        try:
            text = base64.b64decode(match[1], validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            return None
        username, colon, password = text.partition(":")
        return (username, password) if colon and not _CONTROL.search(text) else None


def find_text(read: ReadText, field: str | None, *members: str) -> Find:
    """Make a finder of a credential that is a text.

    Args:
        read: Reads it from the opening request.
        field: Name or JSON Pointer of the member of the auth object that carries it.
        members: Without `field`: the members that may carry it, in the order of precedence.
    """
    fields = members if field is None else (field,)

    def find(presented: Presented) -> Found | None:
        for name in fields:
            value = presented.member(name)
            if value is not None:
                return Found((value,), fresh=True) if isinstance(value, str) and value else None
        text = read(presented)
        return Found((text,), fresh=False) if text else None

    return find


def find_pair(field: str | None) -> Find:
    """Make a finder of a user's name and password: in the auth object at `field`, or in HTTP Basic.

    The member that `field` points to holds ``username`` and ``password``; ``""`` is the auth object.
    """

    def find(presented: Presented) -> Found | None:
        pair = None if field is None else presented.member(field)
        if isinstance(pair, dict) and ("username" in pair or "password" in pair):
            username, password = pair.get("username"), pair.get("password")
            both = isinstance(username, str) and isinstance(password, str)
            return Found((username, password), fresh=True) if both else None
        return None if presented.basic is None else Found(presented.basic, fresh=False)

    return find


def find_certificate(presented: Presented) -> Found | None:
    """Return the client's certificate chain and name if the server has verified them, or None.

    Source: ASGI, TLS Extension, version 0.2. Servers without the extension pass no certificates on.
    """
    tls = (presented.scope.get("extensions") or {}).get("tls") or {}
    chain: Sequence[str] = tuple(tls.get("client_cert_chain") or ())
    if not chain or tls.get("client_cert_error"):
        return None
    return Found((chain[0], chain, tls.get("client_cert_name")), fresh=False)


def bearer_token(presented: Presented) -> str | None:
    """Return the token of ``Authorization: Bearer`` (RFC 6750, 2.1), or None."""
    match = _BEARER.fullmatch(_only(presented.headers("authorization")) or "")
    return None if match is None else match[1]


def basic_part(index: int) -> ReadText:
    """Make a reader of the user's name (0) or password (1) of HTTP Basic."""
    return lambda presented: None if presented.basic is None else presented.basic[index]


def header(name: str) -> ReadText:
    """Make a reader of a header; names are case-insensitive."""
    lower = name.lower()
    return lambda presented: _only(presented.headers(lower))


def query_parameter(name: str) -> ReadText:
    """Make a reader of a parameter of the query string."""
    return lambda presented: _only([value for key, value in presented.query if key == name])


def cookie(name: str) -> ReadText:
    """Make a reader of a cookie."""
    return lambda presented: _only([value for key, value in presented.cookies if key == name])


def _only(values: Sequence[str]) -> str | None:
    return values[0] if values and all(value == values[0] for value in values) else None


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
