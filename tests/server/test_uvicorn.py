"""The output of ``uvicorn myapp:app`` if it can't start because of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.forked import ForkedProcess

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 60.0
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
    """Run uvicorn on these files, which it can't serve, and return its lines."""
    for name, text in {"echo.yaml": DOCUMENT, "handlers.py": HANDLERS, "myapp.py": APP, **files}.items():
        (folder / name).write_text(text, "utf-8")
    process = ForkedProcess(("-m", "uvicorn", "myapp:app", "--port", "0"), cwd=folder)
    _, errors = process.communicate(SECONDS)
    assert process.returncode != 0
    return errors.splitlines()


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
            id="single",
        ),
    ],
)
def test_the_diagnostics_come_last(tmp_path: Path, files: dict[str, str], ending: list[str]) -> None:
    """Each finding has a line with its place after uvicorn's traceback."""
    lines = start(tmp_path, **files)
    last = lines[-len(ending) :]
    assert [line.startswith(begin) for line, begin in zip(last, ending, strict=True)] == [True] * len(
        ending
    ), last


def test_missing_handlers_are_reported_without_traceback(tmp_path: Path) -> None:
    """Missing handlers are reported when the application starts, as code may add them until then."""
    document = DOCUMENT.replace("x-handler: handlers.echo, ", "").replace("x-handler: handlers.shout, ", "")
    lines = start(tmp_path, **{"echo.yaml": document})
    output = "\n".join(lines)
    assert "Traceback" not in output
    for place, event in (("8:13", "echo"), ("9:13", "shout")):
        assert f"echo.yaml:{place}: error: event '{event}' of namespace '/' has no handler" in output
