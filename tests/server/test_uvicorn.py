"""What a developer reads when ``uvicorn myapp:app`` can't start for the contract's sake."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = """\
asyncapi: 2.6.0
info: {title: Echo, version: 1.0.0}
channels:
  /:
    publish:
      message:
        oneOf:
          - {name: echo, x-handler: handlers.echo, payload: {type: string}}
          - {name: shout, x-handler: handlers.shout, payload: {type: string}}
"""
HANDLERS = """\
async def echo(text): ...
async def shout(text): ...
"""
APP = """\
from asynction_asgi import AsynctionSocketIO
app = AsynctionSocketIO.from_spec("echo.yaml")
"""


def start(folder: Path, **files: str) -> list[str]:
    """Return the lines that uvicorn ends with, which can't serve these files."""
    for name, text in {"echo.yaml": DOCUMENT, "handlers.py": HANDLERS, "myapp.py": APP, **files}.items():
        (folder / name).write_text(text, "utf-8")
    command = [sys.executable, "-m", "uvicorn", "myapp:app", "--port", "0"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode != 0
    return run.stderr.splitlines()


@pytest.mark.parametrize(
    ("files", "ending"),
    [
        pytest.param(
            {"echo.yaml": DOCUMENT.replace("string}}", "strin}}")},
            [
                "asynction_asgi.errors.SpecError: the document can't be served:",
                "echo.yaml:8:68: error: type must be one of ",
                "echo.yaml:9:70: error: type must be one of ",
            ],
            id="document",
        ),
        pytest.param(
            {"handlers.py": "async def echo(): ...\n"},
            [
                "asynction_asgi.errors.BindingError: handlers can't be attached to the document:",
                "echo.yaml:8:37: error: echo takes 0, and 'echo' carries 1 argument",
                "echo.yaml:9:38: error: handler of 'shout' in namespace '/': 'handlers.shout' leads nowhere",
            ],
            id="handlers",
        ),
        pytest.param(
            {"echo.yaml": DOCUMENT.replace("{name: echo,", "{")},
            ["asynction_asgi.errors.SpecError: echo.yaml:8:13: error: the message has no name"],
            id="one",
        ),
    ],
)
def test_the_diagnostics_come_last(tmp_path: Path, files: dict[str, str], ending: list[str]) -> None:
    """Below the traceback, which uvicorn shows of any import, each finding has a line with its place."""
    lines = start(tmp_path, **files)
    last = lines[-len(ending) :]
    assert [one.startswith(begin) for one, begin in zip(last, ending, strict=True)] == [True] * len(ending), (
        last
    )


def test_events_without_a_handler_need_no_traceback(tmp_path: Path) -> None:
    """They are told once the application starts, for code may add handlers until then."""
    document = DOCUMENT.replace("x-handler: handlers.echo, ", "").replace("x-handler: handlers.shout, ", "")
    lines = start(tmp_path, **{"echo.yaml": document})
    said = "\n".join(lines)
    assert "Traceback" not in said
    for place, event in (("8:13", "echo"), ("9:13", "shout")):
        assert f"echo.yaml:{place}: error: event '{event}' of namespace '/' has no handler" in said
