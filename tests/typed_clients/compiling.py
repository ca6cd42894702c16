"""TypeScript in a scratch folder: checked by a compiler of npm's, or turned into JavaScript and run by Node."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COMPILERS = ("typescript", "typescript-7")
SECONDS = 180.0
_ERROR = re.compile(r"^(\S+?)\((\d+),\d+\): error (TS\d+): (.*)$", re.MULTILINE)
_STRICT = {
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
    "isolatedModules": True,
    "verbatimModuleSyntax": True,
    "erasableSyntaxOnly": True,
    "skipLibCheck": True,
    "module": "nodenext",
    "target": "es2022",
    "lib": ["es2022"],
    "types": [],
}


def prepare(folder: Path, files: Mapping[str, str], node_modules: Path) -> None:
    """Write a package of TypeScript files, with the packages of npm beside them."""
    (folder / "node_modules").symlink_to(node_modules, target_is_directory=True)
    (folder / "package.json").write_text('{"type": "module"}')
    options = {"compilerOptions": _STRICT, "include": ["*.ts"]}
    (folder / "tsconfig.json").write_text(json.dumps(options))
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")


def errors(folder: Path, compiler: str, *, emit: bool = False) -> dict[tuple[str, int], str]:
    """Return the compiler's errors by file and line; with `emit`, write JavaScript beside the files."""
    command = [
        _node(),
        str(folder / "node_modules" / compiler / "bin" / "tsc"),
        "--pretty",
        "false",
        "-p",
        ".",
    ]
    done = subprocess.run(
        [*command, *([] if emit else ["--noEmit"])],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    found = {(file, int(line)): f"{code}: {text}" for file, line, code, text in _ERROR.findall(done.stdout)}
    if done.returncode and not found:
        pytest.fail(f"{compiler} failed:\n{done.stdout}{done.stderr}")
    return found


def run(folder: Path, script: str, *arguments: str) -> list[Any]:
    """Return the values that a script printed, one line of JSON each."""
    done = subprocess.run(
        [_node(), script, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"{script} exited with {done.returncode}\n{done.stdout}{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def _node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.fail("this test needs node: install Node.js 18 or later with npm")
    return found
