"""Write applications with the command, and check them with the tools of their users."""

from __future__ import annotations

import fcntl
import importlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from asynction_asgi.cli import main
from asynction_asgi.cli.actions import binding

from ..forked import run_forked, run_pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from click.testing import Result

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DOCUMENTS = {
    "chat-2.6": HERE.parent / "spec" / "chat" / "chat-2.6.yaml",
    "chat-3.0": HERE.parent / "spec" / "chat" / "chat-3.0.yaml",
    **{
        name: HERE / f"{name}.yaml"
        for name in ("unnamed", "secured", "every", "nasty", "crowded", "empty", "shared")
    },
}


def scaffold(document: Path | str, folder: Path, *options: str) -> Result:
    """Run the command and return its result; the process that binds the handlers is forked."""
    with pytest.MonkeyPatch.context() as patch:
        forking = SimpleNamespace(run=_bind, TimeoutExpired=subprocess.TimeoutExpired)
        patch.setattr(binding, "subprocess", forking)
        return CliRunner().invoke(main, ["scaffold", str(document), "-o", str(folder), *options])


def _bind(
    command: Sequence[str], *, cwd: Path, timeout: float, capture_output: bool, text: bool, check: bool
) -> subprocess.CompletedProcess[str]:
    assert (capture_output, text, check) == (True, True, False)
    return run_forked(command[1:], cwd=cwd, timeout=timeout)


def written(document: Path | str, folder: Path, *options: str) -> Path:
    """Write an application into the folder, and return the folder."""
    result = scaffold(document, folder, *options)
    assert result.exit_code == 0, result.output
    return folder


def sources(folder: Path) -> dict[str, str]:
    """Return the text of each module of an application, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(folder.rglob("*.py"))
    }


def bound(folder: Path, module: str) -> ModuleType:
    """Import an application as a server does, check its handlers, and return one of its modules."""
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        app = importlib.import_module("app")
        assert Path(str(app.__file__)).is_relative_to(folder)
        app.app.check_handlers()
        return importlib.import_module(module)
    finally:
        sys.path.remove(str(folder))
        for name, loaded in list(sys.modules.items()):
            if str(getattr(loaded, "__file__", None) or "").startswith(f"{folder}{os.sep}"):
                del sys.modules[name]


def is_kept(before: str, after: str) -> bool:
    """Return whether every line, as Python counts them, is still there, in order."""
    left, lines = (
        [line.rstrip("\r\n") for line in io.StringIO(text, newline="")] for text in (before, after)
    )
    others = iter(lines)
    return all(line in others for line in left)


@dataclass(frozen=True, slots=True)
class Tools:
    """The linter, the type checker and pytest, as a user runs them; `cache` is mypy's."""

    cache: Path

    def lint(self, folder: Path) -> None:
        """Fail if the linter or the formatter, with default settings, reports anything."""
        _run(folder, "ruff", "check", "--no-cache", ".")
        _run(folder, "ruff", "format", "--no-cache", "--diff", ".")

    def lint_imports(self, folder: Path) -> None:
        """Check only the imports, for code that need not be complete."""
        _run(folder, "ruff", "check", "--no-cache", "--select", "I,F401", ".")

    def check_types(self, folder: Path) -> None:
        """Fail if mypy in strict mode reports anything."""
        with (self.cache / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the first run fills the cache, which takes 15 s
            config = ("--config-file", str(Path(__file__).with_name("mypy.ini")))
            # Run in the parent, so that the cache tells the modules of two folders apart.
            _run(folder.parent, "mypy", "--strict", *config, "--cache-dir", str(self.cache), folder.name)

    def test(self, folder: Path) -> str:
        """Run the application's own tests with warnings as errors, and return the report."""
        code, report = run_pytest("-q", "-W", "error", cwd=folder)
        assert code == 0, report
        return report


def _run(folder: Path, module: str, *arguments: str) -> None:
    # Coverage is measured in the parent only; a child has its own working directory.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COV_")}
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
