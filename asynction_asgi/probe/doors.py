"""Connections that a server has to refuse: without credentials, with wrong ones, or against its schemas."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ..client.remote import connect
from ..client.remote_client import ClosedError, ConnectRefusedError
from ..client.remote_http import UnreachableError
from ..diff.changes import place_of
from ..spec.instances import UnsatisfiableError
from ..spec.instances.variants import Variants
from ..spec.model import is_required
from ..spec.model.schemes import schemes_in
from ..spec.text.pointer import Pointer
from ..typed_clients.credentials import credential_paths
from .bench import QUIET
from .handshake import PARTS, check_of_part, cookies_of, cookies_text, presenting, violation_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..client.remote_client import Address
    from ..diff.changes import Place
    from ..spec.model import Namespace, Security, SecurityScheme, Spec
    from ..spec.text.document import Node

    Path = tuple[str, ...]

_MOST = 12  # faults of one part of the handshake
_WRONG = "not-a-valid-credential"
_AUTHORIZATION, _COOKIES = ("header", "authorization"), ("header", "cookie")


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A way to connect that the document does not admit.

    Attributes:
        address: With what is presented.
        what: How it differs from what is demanded, as the end of a sentence.
        keyword: What faults of one kind share.
        place: What the document demands.
    """

    address: Address
    what: str
    keyword: str
    place: Place


def demanded_security(declared: Namespace, spec: Spec) -> Security:
    """Return what a client must satisfy to connect; ``()`` if a client without credentials is admitted."""
    security = spec.security_of(declared)
    return security if is_required(security) else ()


def is_demanding(declared: Namespace, spec: Spec) -> bool:
    """Return whether the document demands anything of clients that connect to a namespace."""
    handshake = declared.handshake
    return bool(demanded_security(declared, spec)) or any(
        (handshake.auth, handshake.query, handshake.headers)
    )


async def try_door(door: Door, *, seconds: float) -> bool:
    """Return whether the server admits a client, and does not end the connection at once."""
    try:
        async with connect(door.address, seconds=seconds, events=()) as remote:
            await asyncio.sleep(QUIET)
            return remote.ended is None
    except (ClosedError, ConnectRefusedError, UnreachableError):
        return False


def doors_of(declared: Namespace, spec: Spec, address: Address, *, seed: int) -> Iterator[Door]:
    """Yield connections that the document does not admit.

    Args:
        declared: The namespace.
        spec: The contract, as it is served.
        address: With what the user presents, which the server admits.
        seed: Of the values.
    """
    yield from _without_credentials(declared, spec, address)
    yield from _against_schemas(declared, spec, address, seed)


def _without_credentials(declared: Namespace, spec: Spec, address: Address) -> Iterator[Door]:
    security = demanded_security(declared, spec)
    schemes = [spec.schemes[name] for name in schemes_in(security)]
    if not schemes:
        return
    paths = {path for scheme in schemes for path in credential_paths(scheme)}
    names = _names(schemes)
    place = place_of(schemes[0].node)
    for what, change in _CHANGES:
        changed = _changed(address, paths, names, change)
        if changed != address or what == "without credentials":
            yield Door(address=changed, what=what, keyword="security", place=place)


_CHANGES: tuple[tuple[str, Callable[[Any], Any]], ...] = (
    ("without credentials", lambda _: None),
    ("with a wrong credential", lambda _: _WRONG),
    ("with an empty credential", lambda _: ""),
    ("with a credential of another type", lambda value: "1" if isinstance(value, int | float) else 1),
)


def _names(schemes: list[SecurityScheme]) -> set[tuple[str, str]]:
    """Return where a request carries credentials: ``header``, ``query`` or ``cookie``, and a name."""
    found = {_AUTHORIZATION}
    for scheme in schemes:
        if scheme.type == "httpApiKey":
            found.add(_place_in_request(str(scheme.fields.get("in")), str(scheme.fields.get("name", ""))))
    return found


def _place_in_request(place: str, name: str) -> tuple[str, str]:
    return place, name if place == "cookie" else name.lower()


def _changed(
    address: Address, paths: set[Path], names: set[tuple[str, str]], change: Callable[[Any], Any]
) -> Address:
    """Return an address with other credentials, or none where the change returns None."""

    def text(place: tuple[str, str], value: str) -> str | None:
        if place == _COOKIES:
            return cookies_text(texts("cookie", cookies_of(value))) or None
        if place not in names:
            return value
        scheme = value[: value.find(" ") + 1] if place == _AUTHORIZATION else ""
        made = change(value.removeprefix(scheme))
        return None if made is None else f"{scheme}{made}"

    def texts(place: str, given: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        made = [(name, text(_place_in_request(place, name), value)) for name, value in given]
        return [(name, value) for name, value in made if value is not None]

    auth = address.auth
    for path in paths:
        auth = _with(auth, path, change)
    parts = urlsplit(address.url)
    query = texts("query", parse_qsl(parts.query, keep_blank_values=True))
    netloc = parts.netloc.rpartition("@")[2]  # the URL's own credentials are a header
    return replace(
        address,
        auth=auth or None,
        headers=texts("header", address.headers),
        url=urlunsplit((parts.scheme, netloc, parts.path, urlencode(query), "")),
    )


def _with(auth: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    name, *rest = path
    if not isinstance(auth, dict) or name not in auth:
        return auth
    made = _with(auth[name], tuple(rest), change) if rest else change(auth[name])
    others = {key: value for key, value in auth.items() if key != name}
    return others if made is None else {**others, name: made}


def _against_schemas(declared: Namespace, spec: Spec, address: Address, seed: int) -> Iterator[Door]:
    variants = Variants(spec, seed=seed)
    for part in PARTS:
        schema = getattr(declared.handshake, part)
        if schema is not None:
            check = check_of_part(part, declared, spec)
            yield from islice(_faults(part, schema, variants, address, check), _MOST)


def _declared(schema: Node) -> frozenset[str]:
    """Return the names that a schema of an object has written down, where it is not a reference."""
    value = schema.value if isinstance(schema.value, dict) else {}
    names = {*value.get("properties", ()), *value.get("required", ())}
    return frozenset(names | {name.lower() for name in names})


def _faults(
    part: str, schema: Node, variants: Variants, address: Address, check: Callable[..., Any]
) -> Iterator[Door]:
    seen = set()
    try:
        faults = [
            (None, None),
            *((fault.value, fault.pointer) for fault in variants.of_value(schema) if fault.mismatch),
        ]
    except UnsatisfiableError:
        return
    declared = _declared(schema)
    for value, pointer in faults:
        faulty = None if pointer is None else Pointer.parse(pointer).tokens[:1]
        presented = presenting(address, part, value, declared=declared, faulty=faulty[0] if faulty else None)
        if presented is None or repr(presented) in seen:
            continue
        seen.add(repr(presented))
        violation = violation_of(part, presented, check)
        if violation is not None:
            yield Door(
                address=presented,
                what=f"with {part}{violation.pointer} that the document refuses: {violation.message}",
                keyword=f"{part} {violation.keyword}",
                place=place_of(schema),
            )
