"""Workers of uvicorn that start at once, in a process that is itself forked.

uvicorn spawns them: each imports everything again, which takes 1.5 s of CPU. Here they are forked from a copy of
the process, made before it serves. They are as if they were spawned: what they get is pickled, they share no
state with their parent, and signals, mask and environment are those of spawned processes. Two things differ: what
modules register with `atexit` at their import was registered in the copy, before a worker has threads; and all
workers have the hash seed of the copy.

From Python 3.14 on, workers are spawned in the tests, too: fork servers ask for a key, and processes forget what was
registered with `atexit` before their start.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import sys
from multiprocessing import forkserver
from multiprocessing.connection import arbitrary_address  # type: ignore[attr-defined]  # typeshed lacks it
from multiprocessing.context import ForkServerProcess
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import uvicorn._subprocess

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class _Worker(ForkServerProcess):
    """A process that inherits environment and signal mask as a spawned one does."""

    def __init__(self, *, target: Callable[..., None], kwargs: Mapping[str, Any]) -> None:
        super().__init__(target=target, kwargs=kwargs)
        self._environment = dict(os.environ)
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())

    def run(self) -> None:
        os.environ.clear()
        os.environ.update(self._environment)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        with exiting():
            super().run()


@contextlib.contextmanager
def exiting() -> Iterator[None]:
    """Call what is registered with `atexit` at the end of the block, as multiprocessing calls none of it."""
    try:
        yield
    finally:
        atexit._run_exitfuncs()


def start_warm() -> None:
    """Let uvicorn fork the workers of this process from a copy of it, which ends with all of them.

    Does nothing from Python 3.14 on.
    """
    if sys.version_info >= (3, 14):
        return
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(arbitrary_address("AF_UNIX"))
        listener.listen()
        is_used, using = os.pipe()
        copy = os.fork()
        if not copy:
            os.close(using)
            _serve_forks(listener.detach(), is_used)
        os.close(is_used)
        server = cast("Any", forkserver)._forkserver
        server._forkserver_address = listener.getsockname()
        server._forkserver_alive_fd = using
        server._forkserver_pid = copy
    cast("Any", uvicorn._subprocess).spawn = SimpleNamespace(Process=_Worker)


def _serve_forks(listener: int, is_used: int) -> None:
    """Fork processes until no other process uses this one."""
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # in each worker, until it has its own mask
        cast("Any", forkserver).main(listener, is_used, [])
    finally:
        os._exit(0)
