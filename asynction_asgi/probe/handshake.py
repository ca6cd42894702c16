"""What a client presents when it connects, put into an address and checked against a namespace's schemas."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ..diff.handshake import scope_of
from ..errors import HandshakeValidationError
from ..spec.instances import Choices, Instances, UnsatisfiableError
from ..spec.model.coercion import text_of
from ..spec.model.handshake import TRANSPORT_QUERY, compile_handshake
from ..spec.schemas import Mismatch

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from ..client.remote_client import Address
    from ..errors import Violation
    from ..spec.model import Namespace, Spec

    Check = Callable[..., Any]

PARTS = ("auth", "query", "headers")
# What the client adds by itself, so that it can be neither missing nor wrong.
_ADDED = ("host", "accept", "accept-encoding", "user-agent", "content-type", "content-length", "origin")


def check_of_part(part: str, declared: Namespace, spec: Spec) -> Check:
    """Return the check of one part of a handshake alone, for `violation_of`."""
    others = {other: None for other in PARTS if other != part}
    return compile_handshake(replace(declared, handshake=replace(declared.handshake, **others)), spec)


def with_demanded(declared: Namespace, spec: Spec, address: Address) -> Address:
    """Return an address that presents what the schemas of a namespace demand and the user does not present."""
    for part in PARTS:
        schema = getattr(declared.handshake, part)
        if schema is None or violation_of(part, address, check_of_part(part, declared, spec)) is None:
            continue
        if part == "auth" and address.auth is not None:
            continue
        try:
            value = Instances(spec).value(schema, Choices.simplest())
        except UnsatisfiableError:
            continue
        address = presenting(address, part, value) or address
    return address


def presenting(
    address: Address, part: str, value: Any, *, declared: Collection[str] = (), faulty: str | None = None
) -> Address | None:
    """Return an address that presents a value with what the user presents, or None if none can.

    Args:
        address: With what the user presents.
        part: ``auth``, ``query`` or ``headers``.
        value: Of that part.
        declared: Members that the user may not add to it.
        faulty: The member that stays as it is, where the user's own replace all others.
    """

    def merged(own: Mapping[str, Any], members: Mapping[str, Any]) -> dict[str, Any]:
        kept = {name: member for name, member in own.items() if name in members or name not in declared}
        return {**members, **{name: member for name, member in kept.items() if name != faulty}}

    if part == "auth":
        if not value and value != {}:
            return replace(address, auth=None) if value is None else None  # a client sends no such auth
        if not isinstance(value, dict):
            return replace(address, auth=value)
        return replace(address, auth=merged(address.auth if isinstance(address.auth, dict) else {}, value))
    try:
        scope_of(part, value or {})
    except Mismatch:
        return None
    texts = {name: text_of(text) or "" for name, text in (value or {}).items() if not isinstance(text, list)}
    if part == "headers":
        own = {name.lower(): text for name, text in address.headers}
        lower = {name.lower(): text for name, text in texts.items()}
        return replace(address, headers=list(merged(own, lower).items()))
    if not TRANSPORT_QUERY.isdisjoint(texts):
        return None
    parts = urlsplit(address.url)
    query = urlencode(merged(dict(parse_qsl(parts.query, keep_blank_values=True)), texts))
    return replace(address, url=urlunsplit((parts.scheme, parts.netloc, parts.path, query, "")))


def violation_of(part: str, address: Address, check: Callable[..., Any]) -> Violation | None:
    """Return how what an address presents misses its schema, or None if it does not."""
    scope: dict[str, Any] = {}
    if part == "query":
        query = f"EIO=4&transport=websocket&sid=a&t=a&{urlsplit(address.url).query}"
        scope = {"query_string": query.encode()}
    elif part == "headers":
        pairs = [(name.lower(), text) for name, text in (*((name, "a") for name in _ADDED), *address.headers)]
        scope = {"headers": [(name.encode("latin-1"), text.encode("latin-1")) for name, text in pairs]}
    try:
        check("/", scope, address.auth)
    except HandshakeValidationError as error:
        return error.details[0]
    return None


def cookies_of(header: str) -> list[tuple[str, str]]:
    """Return the cookies of a header as pairs; what has no name is a value of ``""``."""
    pairs = (cookie.partition("=") for cookie in header.split(";") if cookie.strip())
    return [(name.strip(), value.strip()) if sign else ("", name.strip()) for name, sign, value in pairs]


def cookies_text(cookies: Iterable[tuple[str, str]]) -> str:
    """Return the header of cookies."""
    return "; ".join(f"{name}={value}" if name else value for name, value in cookies)
