"""Writes what a proxy relays to a file."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING, Any

from ..logs import get_logger
from ..traffic import Connected, Happened, Head, veil, written
from .behind import FORWARDED, query_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ..errors import Direction
    from ..traffic import Line

logger = get_logger("proxy")


class Recorder:
    """A record that grows by a line for each connection and each event.

    The file is created for its owner alone; a record that exists goes on at its end. If a line can't be
    written, the log says so and recording ends; the traffic goes on.

    Args:
        path: The file.
        values: Whether to keep texts and numbers of payloads. Credentials are never kept.
        engine_path: The path of Socket.IO on the server.

    Raises:
        OSError: The file can't be opened.
    """

    def __init__(self, path: Path, *, values: bool, engine_path: str) -> None:
        self._path = path
        self._salt = None if values else secrets.token_bytes(16)
        # Line by line, so that what was relayed is there after a crash.
        self._file = open(path, "a", buffering=1, encoding="utf-8", opener=_open_private)  # noqa: SIM115  # `Path.open` takes no opener
        self._write(Head(path=engine_path, values=values))

    def connected(
        self, connection: str, namespace: str, scope: Mapping[str, Any], auth: Any, *, refused: bool
    ) -> None:
        """Record a connection, by types and names alone."""
        names = {name.decode("latin-1").lower() for name, _ in scope["headers"]}
        self._write(
            Connected(
                connection=connection,
                namespace=namespace,
                auth=veil(auth, salt=None),
                query=tuple(dict(query_of(scope))),
                headers=tuple(name for name in FORWARDED if name in names),
                refused=refused,
            )
        )

    def happened(
        self,
        connection: str,
        namespace: str,
        direction: Direction,
        event: str,
        arguments: Sequence[Any],
        *,
        asked: bool,
        ack: Sequence[Any] | None = None,
        refused: str | None = None,
    ) -> None:
        """Record an event with its answer; the arguments are those of `Happened`."""
        try:
            self._write(
                Happened(
                    connection=connection,
                    namespace=namespace,
                    direction=direction,
                    event=event,
                    args=self._kept(arguments),
                    asked=asked,
                    ack=None if ack is None else self._kept(ack),
                    refused=refused,
                )
            )
        except RecursionError:
            logger.warning("not recorded, as it is nested too deeply: %r in %s", event, namespace)

    def close(self) -> None:
        """Close the file; what happens later is not recorded."""
        with contextlib.suppress(OSError):  # of what is still to be written
            self._file.close()

    def _kept(self, values: Sequence[Any]) -> tuple[Any, ...]:
        if self._salt is None:
            return tuple(values)
        return tuple(veil(value, salt=self._salt) for value in values)

    def _write(self, line: Line) -> None:
        if self._file.closed:
            return
        try:
            self._file.write(written(line))
        except OSError as error:
            logger.error("recording ended: %s can't be written: %s", self._path, error.strerror)  # noqa: TRY400  # no traceback helps
            self.close()


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
