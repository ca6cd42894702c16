"""The folder of workers' files, which a later supervisor removes if its own was killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = "asynction-asgi-workers-"
# Of a folder that is not locked yet, which other processes would take for that of a dead one.
_UNLOCKED_PREFIX = "asynction-asgi-new-"


@contextlib.contextmanager
def shared_folder() -> Iterator[Path]:
    """Yield a new folder that only this user can read, and remove it at the end of the block.

    The folders of supervisors that were killed are removed, too. Each process locks its own, which the
    kernel releases however the process dies.
    """
    parent = Path(tempfile.gettempdir())
    _remove_abandoned(parent)
    unlocked = Path(tempfile.mkdtemp(prefix=_UNLOCKED_PREFIX, dir=parent))
    folder = parent / (_PREFIX + unlocked.name.removeprefix(_UNLOCKED_PREFIX))
    lock = _lock(unlocked)
    try:
        unlocked.rename(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _remove_abandoned(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        # Those of other users, and of processes that live.
        with contextlib.suppress(OSError):
            if folder.lstat().st_uid == os.getuid():
                lock = _lock(folder)
                shutil.rmtree(folder, ignore_errors=True)
                os.close(lock)


def _lock(folder: Path) -> int:
    """Lock a folder, and return the descriptor that holds the lock.

    Raises:
        OSError: Another process has locked it, or it is not a folder.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
