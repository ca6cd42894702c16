"""The upstream server of a proxy, and what connections to it carry of a client's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from ..spec.model.handshake import TRANSPORT_QUERY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..client.remote_client import Address

# Names of headers that carry credentials.
FORWARDED = ("authorization", "cookie")


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """The upstream server.

    Attributes:
        server: Its address, with what does not depend on a client.
        seconds: How long to wait for its connection, and for each of its acknowledgements.
        headers: Names, in lower case, of the clients' headers that it receives.
    """

    server: Address
    seconds: float = 60.0
    headers: tuple[str, ...] = FORWARDED

    def __str__(self) -> str:
        """Return the address of Socket.IO, without credentials and query."""
        return self.server.shown

    def address(self, namespace: str, scope: Mapping[str, Any], auth: Any) -> Address:
        """Return the address to connect to on behalf of a client.

        Args:
            namespace: The concrete namespace.
            scope: ASGI's scope of the client's opening request.
            auth: What the client sent with its CONNECT, or None.
        """
        parts = urlsplit(self.server.url)
        query = "&".join(text for text in (parts.query, urlencode(list(query_of(scope)))) if text)
        return replace(
            self.server,
            url=f"{parts.scheme}://{parts.netloc}/?{query}",
            namespace=namespace,
            auth=auth,
            headers=[*self.forwarded(scope), *_peer(scope)],
        )

    def forwarded(self, scope: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield name and value of the client's headers that the upstream server receives."""
        for raw_name, value in scope["headers"]:
            name = raw_name.decode("latin-1").lower()
            if name in self.headers:
                yield name, value.decode("latin-1")


def query_of(scope: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the client's query parameters without those of the transport."""
    text = scope.get("query_string", b"").decode("ascii", "replace")
    yield from (item for item in parse_qsl(text, keep_blank_values=True) if item[0] not in TRANSPORT_QUERY)


def _peer(scope: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the header that names the client's address, where it is known."""
    client = scope.get("client")
    if client is not None:
        yield "x-forwarded-for", str(client[0])
