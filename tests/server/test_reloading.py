"""Documents under uvicorn's reloader."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.forked import ForkedProcess

ROOT = Path(__file__).parents[2]
SECONDS = 60.0
DOCUMENT = """\
asyncapi: 2.6.0
info: {title: T, version: 1.0.0}
channels:
  /:
    publish: {message: {name: x, payload: {$ref: 'parts/schemas.json'}}}
"""
APP = """\
from asynction_asgi import AsynctionSocketIO
app = AsynctionSocketIO.from_spec("chat.yaml", handlers={"/": {"x": lambda data: None}})
if __name__ == "__main__":
    import uvicorn
    uvicorn.run("app:app", port=0, reload=True)
"""
UVICORN = ["-m", "uvicorn", "app:app", "--port", "0"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "schemas.json").write_text("{}", "utf-8")
    (tmp_path / "chat.yaml").write_text(DOCUMENT, "utf-8")
    (tmp_path / "app.py").write_text(APP, "utf-8")
    return tmp_path


def log_until_started(*arguments: str, cwd: Path) -> str:
    """Return the log of a server in this folder until it has started."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = ForkedProcess(arguments, cwd=cwd, env=environment, stdout=False, start_new_session=True)
    lines = []
    assert process.stderr is not None
    for line in process.stderr:
        lines.append(line)
        if "Application startup complete" in line:
            break
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=SECONDS)
    assert "Application startup complete" in lines[-1], "".join(lines)
    return "".join(lines)


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        ([*UVICORN, "--reload"], "--reload-include '*.json' --reload-include '*.yaml'"),
        ([*UVICORN, "--reload", "--reload-include", "*.yaml"], "with --reload-include '*.json';"),
        (["-m", "app"], "--reload-include '*.json' --reload-include '*.yaml'"),
        (
            [*UVICORN, "--reload", "--reload-dir", "parts", "--reload-include", "*.json"],
            "with --reload-include '*.yaml' --reload-dir '.' --reload-dir ",
        ),
    ],
    ids=["no pattern", "one of two patterns", "in code", "another folder"],
)
def test_files_unseen_by_the_reloader_are_logged(folder: Path, arguments: list[str], advice: str) -> None:
    """A warning at start-up lists the flags with which uvicorn notices changes of the document's files."""
    output = log_until_started(*arguments, cwd=folder)
    assert "uvicorn --reload does not notice changes of '" in output
    assert advice in output


@pytest.mark.parametrize(
    "arguments",
    [
        UVICORN,
        [*UVICORN, "--reload", "--reload-include", "*.yaml", "--reload-include", "*.json"],
        ["-m", "asynction_asgi", "run", "app:app", "--port", "0", "--reload"],
        ["-m", "asynction_asgi", "run", "app:app", "--port", "0"],
    ],
    ids=["no reloader", "patterns", "run --reload", "run"],
)
def test_a_complete_reloader_logs_no_warning(folder: Path, arguments: list[str]) -> None:
    """There is no warning without a reloader, with the right patterns, or under ``run``."""
    assert "does not notice" not in log_until_started(*arguments, cwd=folder)
