"""Environment variables that set options."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from click.testing import CliRunner

from asynction_asgi.cli import main
from docs.generated.commands import all_commands

from ..serving import serve
from .served import DOCUMENT, create_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

BROKEN = DOCUMENT.replace("title: Post", "description: none")


def options() -> Iterator[tuple[str, click.Option, click.Context]]:
    for name, command, context in all_commands():
        for option in command.params:
            if isinstance(option, click.Option):
                yield name, option, context


def test_each_option_has_a_variable_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is that of the command and the option, whatever the parameter is called that receives it."""
    for command, option, context in options():
        if option.name == "workers":  # uvicorn reads the variable, below
            continue
        flag = max(option.opts, key=len).lstrip("-")
        variable = f"asynction_asgi_{command}_{flag}".upper().replace("-", "_").replace(" ", "_")
        monkeypatch.setenv(variable, "value")
        assert option.resolve_envvar_value(context) == "value", variable
        monkeypatch.delenv(variable)


def test_variables_set_options(tmp_path: Path) -> None:
    """``ASYNCTION_ASGI_CHECK_FORMAT`` is ``--format``; the name of the parameter works, too, as it did before."""
    (tmp_path / "broken.yaml").write_text(BROKEN, "utf-8")
    for variable in ("ASYNCTION_ASGI_CHECK_FORMAT", "ASYNCTION_ASGI_CHECK_FORM"):
        result = CliRunner().invoke(main, ["check", str(tmp_path / "broken.yaml")], env={variable: "github"})
        assert result.output.startswith("::error"), variable


def test_a_variable_of_headers_has_one_per_line(tmp_path: Path) -> None:
    """Headers contain spaces, so these don't separate them."""
    (tmp_path / "post.yaml").write_text(DOCUMENT, "utf-8")
    with serve(create_app(tmp_path / "post.yaml")) as base:
        result = CliRunner().invoke(
            main,
            ["call", f"{base}/rt", "what", "--namespace", "/seen"],
            env={"ASYNCTION_ASGI_CALL_HEADER": "X-One: 1 2\n\nX-Two: 3\n"},
        )
    assert json.loads(result.stdout)["header"] == "1 2"
