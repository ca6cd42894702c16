"""Run the command line in this process, which saves the start of another."""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import threading
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import collector
from asynction_asgi.cli import main
from asynction_asgi.cli.actions import serve
from asynction_asgi.cli.actions.server import Server
from tests.loggers import restored_loggers

from .processes import SECONDS, URL

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Output(io.StringIO):
    """Standard error, with a condition that is notified of each write."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Condition()

    def write(self, text: str) -> int:
        with self.written:
            count = super().write(text)
            self.written.notify_all()
        return count


class Here:
    """A command that serves in a thread of this process.

    What it logs before uvicorn configures logging is left to pytest and does not reach `output`.
    """

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._output = _Output()
        self._servers: list[Any] = []
        self._code: Any = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            main(self._arguments)
        except SystemExit as end:
            self._code = end.code
        finally:
            self._output.write("")

    @property
    def output(self) -> str:
        """What the command has written to standard error so far."""
        return self._output.getvalue()

    def wait_for(self, text: str) -> None:
        """Wait until `text` has been written."""
        with self._output.written:
            self._output.written.wait_for(
                lambda: text in self.output or not self._thread.is_alive(), timeout=SECONDS
            )
        assert text in self.output

    def stop(self) -> Any:
        """Stop the server and return the exit code."""
        for server in self._servers:
            server.should_exit = True
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()
        return self._code

    @contextlib.contextmanager
    def serving(self) -> Iterator[tuple[str, Here]]:
        """Yield the address and this command, which is stopped at the end of the block."""
        servers = self._servers
        before = set(sys.modules)

        class Recorded(Server):
            def __init__(self, *arguments: Any, **options: Any) -> None:
                super().__init__(*arguments, **options)
                servers.append(self)

        with (
            pytest.MonkeyPatch.context() as patch,
            restored_loggers(),  # for servers of whole modules
            contextlib.redirect_stderr(self._output),
        ):
            patch.setattr(serve, "Server", Recorded)
            # The collector of the tests is left as it is.
            patch.setattr(collector, "_DEFAULTS", ())
            patch.setattr(sys, "path", [*sys.path])  # to which the command adds the application's folder
            self._thread.start()
            try:
                with self._output.written:
                    self._output.written.wait_for(self._is_decided, timeout=SECONDS)
                found = URL.search(self.output)
                assert found, f"no start-up line in:\n{self.output}"
                yield found[1], self
            finally:
                self.stop()
                _forget_modules(before)

    def _is_decided(self) -> bool:
        found = URL.search(self.output)
        return not self._thread.is_alive() or (found is not None and "\n" in self.output[found.start() :])


def _forget_modules(before: set[str]) -> None:
    """Forget the modules of an application, so that no other test finds them by their names."""
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None)).startswith(tempfile.gettempdir()):
            del sys.modules[name]
