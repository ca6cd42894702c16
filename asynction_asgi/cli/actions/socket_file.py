"""The file of a Unix domain socket, which outlives the process that made it unless it is removed."""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import uvicorn

# Connected, a full backlog, and a socket of another type. A file that no process listens on refuses.
_ANSWERS = frozenset({0, errno.EAGAIN, errno.EPROTOTYPE})


def is_answered(path: str | Path) -> bool:
    """Return whether a process listens on a Unix domain socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            return probe.connect_ex(str(path)) in _ANSWERS
        except OSError:  # such as for a path that is too long; binding it says so
            return False


class SocketFile:
    """The file at ``--uds``, which is removed at the end only if this process has bound it.

    Args:
        path: Where it is, or None without ``--uds``.
    """

    def __init__(self, path: str | None) -> None:
        self._path = None if path is None else Path(path)
        self._bound: tuple[int, int] | None = None
        self._sock: socket.socket | None = None

    def bind(self, config: uvicorn.Config) -> socket.socket:
        """Return a bound socket for several processes; for a single one, uvicorn binds it.

        As uvicorn does for a single process, this replaces a socket file that was left behind.
        """
        if self._path is not None and self._path.is_socket() and not is_answered(self._path):
            self._path.unlink()
        self._sock = config.bind_socket()
        self.claim()
        return self._sock

    def claim(self) -> None:
        """Remember the file that was just bound as this process's own."""
        self._bound = self._identity()

    def remove(self) -> None:
        """Remove the file, unless another process has put its own there."""
        if self._sock is not None:
            self._sock.close()  # or it would answer
        if self._path is None or self._bound is None or self._bound != self._identity():
            return
        # A file system may reuse the inode of a file that was removed at once.
        if not is_answered(self._path):
            self._path.unlink(missing_ok=True)

    def _identity(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        try:
            found = self._path.lstat()
        except OSError:
            return None
        return found.st_dev, found.st_ino
