"""``--reload``: uvicorn's reloader, which follows the files of documents besides Python's."""

from __future__ import annotations

import contextlib
import functools
import os
import signal
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

from uvicorn.supervisors import ChangeReload

from ...logs import get_logger
from ...spec import check_document
from .orphans import run_supervised

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import uvicorn

    Signature = tuple[int, int, int] | None

logger = get_logger("cli")


class Documents:
    """The files of documents, wherever they are, and their state when they were read.

    Args:
        roots: The documents, each with where its schemas of absolute URIs are kept.
    """

    def __init__(self, roots: Mapping[Path, Mapping[str, str | Path]]) -> None:
        self._roots = {root.absolute(): schemas for root, schemas in roots.items()}
        self._seen: dict[Path, Signature] = {}
        self.follow()

    def changed(self) -> list[Path]:
        """Return the files that have changed, appeared or disappeared."""
        return [file for file, seen in self._seen.items() if _signature(file) != seen]

    def remember(self) -> None:
        """Remember the current state of the files."""
        self._seen = {file: _signature(file) for file in self._seen}

    def follow(self) -> None:
        """Find the files of the documents again, as their references may have changed."""
        outcomes = [check_document(root, schemas=schemas) for root, schemas in self._roots.items()]
        # The names themselves too: a link may point to another file later.
        files = {*self._roots, *(file for outcome in outcomes for file in outcome.files)}
        if not all(outcome.servable for outcome in outcomes):
            files |= self._seen.keys()  # the references of a broken document may be unreadable
        self._seen = {file: self._seen[file] if file in self._seen else _signature(file) for file in files}


def _signature(file: Path) -> Signature:
    """Return a fingerprint that changes when the file is saved, or None if it does not exist."""
    try:
        found = os.stat(file)  # noqa: PTH116  # follows links as the reader does
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


class Reloader(ChangeReload):  # type: ignore[misc,valid-type]  # one of two classes, by what is installed
    """Restarts the server when a Python file changes, as uvicorn does, or a file of a document.

    Python's files are watched by watchfiles if it is installed. Documents are compared by time and size:
    they are few, and may be in folders that are too large to watch.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        target: Callable[[list[socket.socket] | None], None],
        sockets: list[socket.socket],
        *,
        documents: Documents,
    ) -> None:
        super().__init__(config, functools.partial(run_supervised, target), sockets)
        self._documents = documents
        self._reported: Any = None
        if hasattr(self, "watcher"):
            from watchfiles import watch  # noqa: PLC0415  # an extra

            # Like upstream's, which returns only after seconds without changes and would delay documents.
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
        """Return the files that changed, or None."""
        if self._reported is not self.process and not self.process.is_alive():
            self._reported = self.process
            logger.warning("Nothing is served until a file changes")
        changes: list[Path] | None = super().should_restart()
        return [*(changes or ()), *self._documents.changed()] or None

    def restart(self) -> None:
        """Start the server again, with the current documents."""
        self._documents.remember()
        with _undisturbed():
            super().restart()
        self._documents.follow()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Block Ctrl-C in processes that are started here until they call `accept_interrupts`.

    A terminal sends it to them too, and during their imports it would print a traceback.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # started by the first process, it would undo the mask
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        accept_interrupts()


def accept_interrupts() -> None:
    """Accept Ctrl-C from now on; one that was blocked arrives at once."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
