"""The lines of a record, written and read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from ..spec.model import DEFAULT_PATH
from ..spec.readers.examples import written_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..errors import Direction

_VERSION = 1


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The first line of each run of a recorder.

    Attributes:
        record: The version of the format.
        path: The Engine.IO path of the server.
        values: Whether payloads were recorded as they travelled.
    """

    record: int = _VERSION
    time: str = field(default_factory=_now)
    path: str = DEFAULT_PATH
    values: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """A client that connected to a namespace, or was refused.

    Attributes:
        connection: Stands for the connection in the other lines.
        auth: What is left of the auth object.
        query: Names of its parameters.
        headers: Names of the credentials among its headers.
        refused: Whether the server refused it.
    """

    time: str = field(default_factory=_now)
    connection: str
    namespace: str
    auth: Any = None
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An event, with its answer.

    Attributes:
        connection: That of the `Connected` line.
        direction: ``inbound`` is from client to server.
        args: Its arguments.
        asked: Whether the sender asked for an acknowledgement.
        ack: The arguments of the acknowledgement, or None if none came, or a refusal.
        refused: The code of the standard refusal that answered it, or None.
    """

    time: str = field(default_factory=_now)
    connection: str
    namespace: str
    direction: Direction
    event: str
    args: tuple[Any, ...]
    asked: bool = False
    ack: tuple[Any, ...] | None = None
    refused: str | None = None


Line: TypeAlias = Head | Connected | Happened

# Of each kind, the member that only its lines have.
_KINDS: Mapping[str, type[Line]] = {"record": Head, "direction": Happened, "connection": Connected}

_EXPECTED: Mapping[str, Any] = {
    **dict.fromkeys(("time", "connection", "namespace", "event", "path"), str),
    **dict.fromkeys(("args", "query", "headers"), list),
    **dict.fromkeys(("values", "asked"), bool),
    "ack": list | None,
    "refused": bool | str | None,
}
# Lists of names.
_NAMES = ("query", "headers")


class RecordError(Exception):
    """A line is not one of a record; says which and why."""


def written(line: Line) -> str:
    """Return a line as JSON, with the newline; bytes as ``{"$binary": "…base64…"}``."""
    members = {name: getattr(line, name) for name in line.__dataclass_fields__}
    return json.dumps(members, default=written_bytes, separators=(",", ":")) + "\n"


def read_record(texts: Iterable[str], name: str) -> Iterator[Line]:
    """Yield the lines of a record; the last one is left out if it was cut off.

    Args:
        texts: Each with its newline.
        name: What errors call the record.

    Raises:
        RecordError: A text is not a line of a record.
    """
    for number, text in enumerate(texts, 1):
        try:
            yield _read(json.loads(text))
        except (ValueError, RecursionError) as error:
            if not text.endswith("\n"):
                return
            raise RecordError(f"{name}:{number}: not a line of a record: {error}") from None


def _read(value: Any) -> Line:
    if not isinstance(value, dict):
        raise ValueError("it is not an object")  # noqa: TRY004  # of the JSON, not of the program
    kind = next((kind for mark, kind in _KINDS.items() if mark in value), None)
    if kind is None:
        raise ValueError(f"it has none of {', '.join(map(repr, _KINDS))}")
    if value.get("record", _VERSION) != _VERSION:
        raise ValueError(f"version {value['record']} of the format is unknown; {_VERSION} is the only one")
    known = kind.__dataclass_fields__
    for name, member in value.items():
        if name not in known:
            raise ValueError(f"unknown member {name!r}")
        expected = _EXPECTED.get(name)
        if expected is not None and not isinstance(member, expected):
            raise ValueError(f"the value of {name!r} has another type")
        if name in _NAMES and not all(isinstance(word, str) for word in member):
            raise ValueError(f"{name!r} holds something other than names")
    if value.get("direction", "inbound") not in ("inbound", "outbound"):
        raise ValueError("'direction' is neither 'inbound' nor 'outbound'")
    members: dict[str, Any] = {
        name: tuple(member) if isinstance(member, list) and name != "auth" else member
        for name, member in value.items()
    }
    try:
        return kind(**members)
    except TypeError as error:  # one is missing
        raise ValueError(str(error).partition("() ")[2]) from None
