"""``--reload``: uvicorn's reloader, which follows the files of documents beside Python's."""

from __future__ import annotations

import contextlib
import os
import signal
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

from uvicorn.supervisors import ChangeReload

from ...logs import get_logger
from ...spec import check_document

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    import uvicorn

    Signature = tuple[int, int, int] | None

__all__ = ["Documents", "Reloader", "accept_interrupts"]

logger = get_logger("cli")


class Documents:
    """The files that documents consist of, wherever they are, and what they were like when they were read."""

    def __init__(self, roots: Iterable[Path]) -> None:
        self._roots = tuple(one.absolute() for one in roots)
        self._seen: dict[Path, Signature] = {}
        self.follow()

    def changed(self) -> list[Path]:
        """Those that are other than they were, have gone or have come."""
        return [file for file, seen in self._seen.items() if _signature(file) != seen]

    def remember(self) -> None:
        """Take the files as they are now."""
        self._seen = {file: _signature(file) for file in self._seen}

    def follow(self) -> None:
        """Find out which files there are: what the documents refer to may be other files now."""
        outcomes = [check_document(root) for root in self._roots]
        # By its name as well, which may come to mean another file.
        files = {*self._roots, *(file for one in outcomes for file in one.files)}
        if not all(one.servable for one in outcomes):
            files |= self._seen.keys()  # a broken document may not say any more what it consists of
        self._seen = {file: self._seen[file] if file in self._seen else _signature(file) for file in files}


def _signature(file: Path) -> Signature:
    """Other after every way of saving a file; None where there is none."""
    try:
        found = os.stat(file)  # noqa: PTH116 - follows links as the reader does
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class Reloader(ChangeReload):  # type: ignore[misc,valid-type]  # one of two classes, by what is installed
    """Restarts the server when a Python file changes, as uvicorn does, or a file of a document.

    Python's files are watched by watchfiles where it is installed. Documents are looked at by time and
    size: they are few, and may be anywhere, also where watching a folder would mean a whole disk.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        target: Callable[[list[socket.socket] | None], None],
        sockets: list[socket.socket],
        *,
        documents: Documents,
    ) -> None:
        super().__init__(config, target, sockets)
        self._documents = documents
        self._mourned: Any = None
        if hasattr(self, "watcher"):
            from watchfiles import watch  # noqa: PLC0415 - an extra

            # As upstream's, which waits for seconds where nothing happens and would keep documents waiting.
            self.watcher = watch(
                *self.reload_dirs,
                watch_filter=None,
                stop_event=self.should_exit,
                rust_timeout=max(1, int(config.reload_delay * 1000)),
                yield_on_timeout=True,
                ignore_permission_denied=True,
            )

    def startup(self) -> None:
        """Start the server for the first time."""
        with _undisturbed():
            super().startup()

    def should_restart(self) -> list[Path] | None:
        """The files that changed; None or an empty list where none has."""
        if self._mourned is not self.process and not self.process.is_alive():
            self._mourned = self.process
            logger.warning("Nothing is served until a file changes")
        changes: list[Path] | None = super().should_restart()
        return [*(changes or ()), *self._documents.changed()] or None

    def restart(self) -> None:
        """Start the server anew, with the documents as they are from now on."""
        self._documents.remember()
        with _undisturbed():
            super().restart()
        self._documents.follow()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep Ctrl-C from processes that are started here until they call `accept_interrupts`.

    A terminal sends it to them too, and while they import they would answer it with a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # its start, left to the first process, would undo the mask
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        accept_interrupts()


def accept_interrupts() -> None:
    """Let Ctrl-C through from now on; one that waited comes at once."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
