"""``asynction-asgi check``."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from asynction_asgi.cli import main
from asynction_asgi.cli.report import Checked, as_github, as_text
from asynction_asgi.codes import CODES
from asynction_asgi.errors import Diagnostic
from asynction_asgi.spec import Outcome

from .processes import Command

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
asyncapi: 2.6.0
info: {title: Echo, version: 1.0.0}
channels:
  /:
    publish:
      message:
        name: echo
        x-handler: echo.handlers.echo
        payload: {type: string}
        x-ack: {args: {type: string}}
"""
UNNAMED = GOOD.replace("        name: echo\n", "")
BROKEN = GOOD.replace("channels:", "chanels:")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {"good.yaml": GOOD, "unnamed.yaml": UNNAMED, "broken.yaml": BROKEN}.items():
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


@pytest.mark.usefixtures("folder")
def test_a_good_document_passes() -> None:
    """One line says that no problem was found and what is checked later, and the exit code is 0."""
    result = run("good.yaml")
    later = "handlers are checked when the server starts (app.check_handlers())"
    assert (result.exit_code, result.output) == (0, f"1 file checked, nothing found; {later}\n")


@pytest.mark.parametrize(
    ("scheme", "later"),
    [
        ("", ""),
        ("x-jwt: {secretEnv: KEY}", "environment variables are"),
        ("x-bearerInfoFunc: a.b", "handlers are"),
        ("x-jwt: {secretEnv: KEY}, x-scopeValidateFunc: a.b", "handlers and environment variables are"),
    ],
    ids=["nothing", "variable", "function", "both"],
)
def test_only_what_a_document_names_is_checked_later(folder: Path, scheme: str, later: str) -> None:
    """A document without handlers and secrets has nothing left to check."""
    text = GOOD.replace("        x-handler: echo.handlers.echo\n", "")
    text += f"components: {{securitySchemes: {{user: {{type: http, scheme: bearer, {scheme}}}}}}}\n"
    (folder / "named.yaml").write_text(text, "utf-8")
    tail = f"; {later} checked when the server starts (app.check_handlers())" if later else ""
    assert run("named.yaml").output == f"1 file checked, nothing found{tail}\n"


@pytest.mark.usefixtures("folder")
def test_text_shows_place_line_and_caret() -> None:
    """A finding shows place, severity, message, code, source line and caret, like a compiler's."""
    result = run("unnamed.yaml", "good.yaml")
    assert result.exit_code == 1
    head, line, caret, summary = result.output.splitlines()
    place, severity, _ = head.split(": ", 2)
    file, row, column = place.split(":")
    assert (file, severity) == ("unnamed.yaml", "error")
    assert head.endswith("[EVENT_NAME]")
    assert line == f"{row:>5} | {UNNAMED.splitlines()[int(row) - 1]}"
    assert caret.index("^") == len("    1 | ") + int(column) - 1
    assert summary == "1 error in 2 files; 1 can't be served"


def test_an_empty_line_is_not_shown(tmp_path: Path) -> None:
    """An empty document is reported as empty, without a caret below nothing."""
    path = tmp_path / "empty.yaml"
    path.touch()
    result = CliRunner().invoke(main, ["check", str(path)])
    assert result.exit_code == 1
    first, summary = result.output.splitlines()
    assert "error: the document is empty; begin it with 'asyncapi: 3.0.0'" in first
    assert summary.startswith("1 error in 1 file")


@pytest.mark.usefixtures("folder")
def test_json_has_an_object_per_file_in_order() -> None:
    """JSON lists each finding with its place, and the compiled model of a servable document."""
    result = run("--format", "json", "broken.yaml", "unnamed.yaml", "good.yaml")
    broken, unnamed, good = json.loads(result.output)
    assert result.exit_code == 1
    assert [report["file"] for report in (broken, unnamed, good)] == [
        "broken.yaml",
        "unnamed.yaml",
        "good.yaml",
    ]
    verdicts = [(report["document"], report["servable"]) for report in (broken, unnamed, good)]
    assert verdicts == [("rejected", False), ("accepted", False), ("accepted", True)]
    assert "REQUIRED" in {diagnostic["code"] for diagnostic in broken["diagnostics"]}
    assert set(unnamed["diagnostics"][0]) == {
        "severity",
        "code",
        "message",
        "pointer",
        "file",
        "line",
        "column",
    }
    assert broken["model"] is None
    assert good["model"]["namespaces"]["/"]["receives"]["echo"] == {
        "arguments": {"kind": "single", "min": 1, "max": 1, "of": []},
        "ack": {"kind": "single", "min": 1, "max": 1, "of": []},
        "handler": "echo.handlers.echo",
    }


@pytest.mark.usefixtures("folder")
def test_github_annotates_the_line() -> None:
    """Each finding becomes a workflow command with file, line and column."""
    result = run("--format", "github", "unnamed.yaml")
    assert result.exit_code == 1
    assert result.output.startswith("::error file=unnamed.yaml,line=")
    assert ",title=EVENT_NAME::" in result.output


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "Missing argument 'FILE...'"),
        (["nowhere.yaml"], "'nowhere.yaml' does not exist"),
        (["--format", "xml", "good.yaml"], "'xml' is not one of"),
    ],
    ids=["no file", "no such file", "no such format"],
)
def test_wrong_usage_exits_with_2(arguments: list[str], complaint: str) -> None:
    """A mistake in the command line exits with 2, unlike a mistake in a document."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert complaint in result.output


@pytest.mark.usefixtures("folder")
def test_an_unknown_server_name_is_a_finding() -> None:
    """``--server-name`` reports a server that the document does not declare."""
    result = run("--server-name", "staging", "good.yaml")
    assert result.exit_code == 1
    assert "[SERVER_UNKNOWN]" in result.output


def outcome(**fields: Any) -> Checked:
    diagnostic = Diagnostic(
        **{"severity": "error", "code": "TYPE", "message": "wrong", "file": "a.yaml", **fields}
    )
    return Checked(
        file="a.yaml", outcome=Outcome(accepted=False, servable=False, diagnostics=(diagnostic,), spec=None)
    )


def test_a_code_is_explained() -> None:
    """The meaning of a code of a finding or of a refusal is printed, without a document."""
    for code in ("SLOW", "ARITY", "unknown_event"):
        result = CliRunner().invoke(main, ["check", "--explain", code])
        assert (result.exit_code, result.output) == (0, f"{code}: {CODES[code]}\n")


def test_an_unknown_code_suggests_another() -> None:
    """A misspelt code is a wrong use of the command."""
    result = CliRunner().invoke(main, ["check", "--explain", "SLOWW"])
    assert result.exit_code == 2
    assert "there is no code 'SLOWW'; did you mean 'SLOW'?" in result.output


def test_hostile_text_can_not_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Escape sequences in a document are printed in escaped form."""
    as_text([outcome(message="bad \x1b[2J\u202e", line=1, column=1, source="\x1b]0;title\x07")])
    output = capsys.readouterr().out
    assert "\x1b" not in output
    assert "\u202e" not in output
    assert r"\x1b[2J\u202e" in output


def test_the_caret_stands_under_wide_and_tabbed_text(capsys: pytest.CaptureFixture[str]) -> None:
    """The caret counts terminal cells, while the column counts characters."""
    as_text([outcome(line=1, column=4, source="\t名x: y")])
    _, line, caret, _ = capsys.readouterr().out.splitlines()
    assert line == "    1 |  名x: y"
    assert caret.index("^") == line.index(":") + 1  # the wide character fills two cells


def test_a_long_line_is_shown_around_its_column(capsys: pytest.CaptureFixture[str]) -> None:
    """Only the part of a long line around the column is printed."""
    source = "a" * 5000 + "!" + "b" * 5000
    as_text([outcome(line=1, column=5001, source=source)])
    _, line, caret, _ = capsys.readouterr().out.splitlines()
    assert len(line) < 120
    assert line[caret.index("^")] == "!"


def test_annotations_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    """A message cannot end its workflow command or start another."""
    as_github([outcome(message="50%\n::error::x", file="a,b:c.yaml", line=3, column=7)])
    assert capsys.readouterr().out == (
        "::error file=a%2Cb%3Ac.yaml,line=3,col=7,title=TYPE::50%25%0A::error::x\n"
    )


@pytest.mark.parametrize(
    ("tty", "no_color", "coloured"), [(True, "", True), (True, "1", False), (False, "", False)]
)
def test_colour_only_on_a_terminal(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    tty: bool,
    no_color: str,
    coloured: bool,
) -> None:
    """Colours appear only on a terminal, and only without ``NO_COLOR``."""
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setattr("sys.stdout.isatty", lambda: tty)
    as_text([outcome()])
    assert ("\x1b[" in capsys.readouterr().out) is coloured


def test_an_interrupted_command_ends_with_130(tmp_path: Path) -> None:
    """It says nothing, wherever it is interrupted: here while it waits for the document."""
    os.mkfifo(tmp_path / "pipe.yaml")
    command = Command("check", "pipe.yaml", cwd=tmp_path)
    writer = os.open(tmp_path / "pipe.yaml", os.O_WRONLY)  # returns once the command has opened it
    try:
        assert command.stop() == 130
    finally:
        os.close(writer)
    assert command.output == ""
