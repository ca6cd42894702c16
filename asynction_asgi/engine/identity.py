"""What managers of every message queue share: a name for their process, and payloads that stay as they are."""

from __future__ import annotations

import os
import secrets
from typing import Any

from .snapshot import take_snapshot


class Identity:
    """A random name that its holder shares with nobody, even after a fork.

    Servers fork: an application that was imported before (gunicorn's ``--preload``, ``multiprocessing``)
    exists in each worker, and workers of one name take each other's messages for their own.
    """

    def __init__(self) -> None:
        self._process: int | None = None
        self._name = ""

    @property
    def name(self) -> str:
        """32 hexadecimal digits, the same for as long as this process lives."""
        process = os.getpid()
        if process != self._process:
            self._process, self._name = process, secrets.token_hex(16)
        return self._name


class Identified:
    """A client manager of upstream's whose `host_id` belongs to the process that uses it.

    It publishes what it was given: upstream encodes a payload again for each attempt to publish it, and
    only after clients of this process that read slowly were waited for.
    """

    _identity: Identity

    @property
    def host_id(self) -> str:
        """How this process knows its own messages again."""
        return self._identity.name

    @host_id.setter
    def host_id(self, given: str) -> None:
        del given  # upstream's, made where the manager was, which may be before a fork
        self._identity = Identity()

    async def emit(self, event: str, data: Any, *arguments: Any, **options: Any) -> None:
        """Emit to the clients of every process; what happens to `data` meanwhile changes nothing.

        Raises:
            UnencodableError: The data have no JSON form; nothing was sent.
        """
        if not options.get("ignore_queue"):
            data = take_snapshot(data)
        await super().emit(event, data, *arguments, **options)  # type: ignore[misc]  # upstream's, further down the line
