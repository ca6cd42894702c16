"""Applications written by the command, and everything that judges them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from click.testing import CliRunner

from asynction_asgi.cli import main

if TYPE_CHECKING:
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
    """Run the command."""
    return CliRunner().invoke(main, ["scaffold", str(document), "-o", str(folder), *options])


def written(document: Path | str, folder: Path, *options: str) -> Path:
    """Return the folder, with an application in it."""
    result = scaffold(document, folder, *options)
    assert result.exit_code == 0, result.output
    return folder


def sources(folder: Path) -> dict[str, str]:
    """Every module of an application, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(folder.rglob("*.py"))
    }


@dataclass(frozen=True, slots=True)
class Tools:
    """The linter, the type checker and pytest, as a user runs them; `cache` is mypy's."""

    cache: Path

    def lint(self, folder: Path) -> None:
        """Nothing to complain of, and nothing to lay out anew, by the tool's defaults."""
        _run(folder, "ruff", "check", "--no-cache", ".")
        _run(folder, "ruff", "format", "--no-cache", "--diff", ".")

    def lint_imports(self, folder: Path) -> None:
        """Check the imports alone, where the code need not be complete in itself."""
        _run(folder, "ruff", "check", "--no-cache", "--select", "I,F401", ".")

    def check_types(self, folder: Path) -> None:
        """Strictly typed."""
        # From above, so that the modules of two folders are two to the cache.
        _run(folder.parent, "mypy", "--strict", "--cache-dir", str(self.cache), folder.name)

    def test(self, folder: Path) -> str:
        """The application's own tests pass, and warn of nothing; their report."""
        return _run(folder, "pytest", "-q", "-p", "no:asyncio", "-p", "no:cacheprovider", "-W", "error")


def _run(folder: Path, module: str, *arguments: str) -> str:
    # Coverage of a parent is not asked of its children, and their working directory is theirs.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTEST_"))
    }
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
