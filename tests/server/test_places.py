"""Findings about handlers that code attaches say where in the code they are."""

from __future__ import annotations

import inspect
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO, BindingError
from tests.cases import each_case

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENT = """\
asyncapi: 2.6.0
info: {title: Chat, version: 1.0.0}
channels:
  /chat:
    publish:
      message: {name: say, payload: {type: string}}
"""


async def say(text: str) -> None: ...
async def many(first: str, second: str) -> None: ...
async def hook(call: Any, proceed: Any) -> None: ...


def place_of(function: Callable[..., Any]) -> str:
    return f"({__file__}:{inspect.getsourcelines(function)[1]})"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsynctionSocketIO:
    (tmp_path / "chat.yaml").write_text(DOCUMENT, "utf-8")
    monkeypatch.chdir(tmp_path)
    return AsynctionSocketIO.from_spec("chat.yaml", handlers={})


@each_case(
    ("attach", "function", "line"),
    [
        pytest.param(lambda app: app.on("say", say, namespace="chat"), say, None, id="namespace"),
        pytest.param(lambda app: app.on("sya", say, namespace="/chat"), say, 4, id="event"),
        pytest.param(lambda app: app.on("say", many, namespace="/chat"), many, 6, id="arity"),
        pytest.param(lambda app: app.on("say", partial(many), namespace="/chat"), many, 6, id="partial"),
        pytest.param(lambda app: app.around("chat")(hook), hook, None, id="around"),
        pytest.param(lambda app: app.on_error_default(lambda: None), None, None, id="default"),
    ],
)
def test_a_problem_has_the_place_of_the_function(
    app: AsynctionSocketIO, attach: Callable[[Any], Any], function: Any, line: int | None
) -> None:
    """With the line of the document that it contradicts, if it is about one."""
    with pytest.raises(BindingError) as raised:
        attach(app)
    (problem,) = raised.value.diagnostics
    assert problem.message.endswith(place_of(function) if function is not None else ")")
    assert __file__ in problem.message
    assert (problem.source is None) == (line is None)
    assert line is None or problem.line == line


def test_paths_below_the_working_directory_are_relative(app: AsynctionSocketIO) -> None:
    """As an author would type them."""
    code = compile("async def say(text, more): ...", str(Path.cwd() / "pkg" / "late.py"), "exec")
    names: dict[str, Any] = {}
    exec(code, names)  # a function with a file of its own
    with pytest.raises(BindingError, match=r"\(pkg/late\.py:1\)"):
        app.on("say", names["say"], namespace="/chat")


def test_a_second_handler_replaces_the_first_with_a_warning(
    app: AsynctionSocketIO, caplog: pytest.LogCaptureFixture
) -> None:
    """Which names both; what decorators add replaces handlers of the mapping without one."""
    for event in ("say", "connect"):
        app.on(event, lambda *_: None, namespace="/chat")
        assert not caplog.messages
        app.on(event, say if event == "say" else lambda: None, namespace="/chat")
        (warning,) = caplog.messages
        assert f"this handler of '{event}' in namespace '/chat' replaces that at {__file__}:" in warning
        assert "; remove one of them (" in warning
        assert warning.endswith("[HANDLER_CONFLICT]")
        caplog.clear()
