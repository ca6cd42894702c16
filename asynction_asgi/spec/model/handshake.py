"""What a client must present to connect to a namespace: query, headers and auth."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ...errors import HandshakeValidationError
from ..schemas import Mismatch
from .text_members import TextMembers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ...errors import Part
    from ..text.document import Node
    from ..text.references import Resolver
    from . import Namespace, Spec

# Set by the transport itself; a document rarely means them when it closes its list of properties.
TRANSPORT_QUERY = frozenset({"EIO", "transport", "sid", "t", "b64", "j"})
# Hop-by-hop (RFC 9110, 7.6.1): they differ between polling and WebSocket, whatever the document says.
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}
)


def compile_handshake(declared: Namespace, spec: Spec) -> Callable[[str, Mapping[str, Any], Any], Any]:
    """Return a check of one CONNECT: ``(namespace, ASGI scope, auth) -> auth``, as the schema sees it.

    The check raises `HandshakeValidationError` for the first part that doesn't match.
    """
    wanted = declared.handshake
    checks: list[tuple[Part, Callable[[Mapping[str, Any]], None]]] = []
    if wanted.query is not None:
        checks.append(("query", _check_of(wanted.query, spec, _query_reader(wanted.query, spec.resolver))))
    if wanted.headers is not None:
        checks.append(
            ("headers", _check_of(wanted.headers, spec, _header_reader(wanted.headers, spec.resolver)))
        )
    check_auth = spec.bundle.check(wanted.auth) if wanted.auth is not None else None

    def check(namespace: str, scope: Mapping[str, Any], auth: Any) -> Any:
        for part, check_part in checks:
            with _naming(namespace, part):
                check_part(scope)
        if check_auth is None:
            return auth
        with _naming(namespace, "auth"):
            return _checked_auth(auth, check_auth)

    return check


@contextlib.contextmanager
def _naming(namespace: str, part: Part) -> Iterator[None]:
    """Turn a mismatch into the error that says which part of which handshake it was."""
    try:
        yield
    except Mismatch as mismatch:
        raise HandshakeValidationError(
            namespace=namespace, event=None, direction="inbound", part=part, violations=mismatch.violations
        ) from None


def _check_of(
    schema: Node, spec: Spec, read: Callable[[Mapping[str, Any]], Any]
) -> Callable[[Mapping[str, Any]], None]:
    check = spec.bundle.check(schema)
    return lambda scope: check(read(scope))


def _checked_auth(auth: Any, check: Callable[[Any], None]) -> Any:
    """Check the auth object; a missing or empty one counts as ``{}``, or as null if only that validates."""
    if auth is not None and auth != {}:
        check(auth)
        return auth
    try:
        check({})
    except Mismatch as mismatch:
        try:
            check(None)
        except Mismatch:
            raise mismatch from None
        return None
    return {}


def _query_reader(schema: Node, resolver: Resolver) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    members = TextMembers(schema, resolver)

    def read(scope: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, list[str]] = {}
        raw = scope.get("query_string", b"").decode("ascii", "replace")
        for name, text in parse_qsl(raw, keep_blank_values=True):
            values.setdefault(name, []).append(text)
        return {
            name: members.of(name).read_all(texts)
            for name, texts in values.items()
            if name in members.declared or name not in TRANSPORT_QUERY
        }

    return read


def _header_reader(schema: Node, resolver: Resolver) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    members = TextMembers(schema, resolver)
    spellings: dict[str, list[str]] = {}
    for name in dict.fromkeys([*members.declared, *members.required]):
        spellings.setdefault(name.lower(), []).append(name)

    def read(scope: Mapping[str, Any]) -> dict[str, Any]:
        received: dict[str, str] = {}
        for raw_name, raw_value in scope.get("headers", ()):
            name, text = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            received[name] = f"{received[name]}, {text}" if name in received else text
        return {
            spelling: members.of(spelling).read(text)
            for name, text in received.items()
            if name not in HOP_BY_HOP and (name in spellings or not members.is_closed)
            for spelling in spellings.get(name, (name,))
        }

    return read
