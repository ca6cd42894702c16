"""``asynction-asgi schema``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from click.testing import CliRunner, Result

from asynction_asgi.cli import main
from asynction_asgi.spec.structure.editor_schema import editor_schema

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["schema", *arguments])


def test_the_schema_is_printed() -> None:
    """The schema is printed as JSON, with AsyncAPI's own schema or alone."""
    for arguments, alone in (((), False), (("--alone",), True)):
        result = run(*arguments)
        assert result.exit_code == 0
        assert json.loads(result.output) == editor_schema(alone=alone)


def test_the_schema_is_written(tmp_path: Path) -> None:
    """The schema is written to the named file, and nothing is printed."""
    path = tmp_path / "asyncapi.schema.json"
    result = run("-o", str(path))
    assert (result.exit_code, result.output) == (0, "")
    assert json.loads(path.read_text("utf-8")) == editor_schema()


def test_an_unwritable_file_is_named(tmp_path: Path) -> None:
    """The error names the file and the reason."""
    path = tmp_path / "missing" / "asyncapi.schema.json"
    result = run("-o", str(path))
    assert result.exit_code == 1
    assert result.stderr == f"Error: can't write {path}: No such file or directory\n"
