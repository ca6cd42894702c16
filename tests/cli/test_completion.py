"""``asynction-asgi completion``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from asynction_asgi.cli import main

ROOT = Path(__file__).parents[2]
CHECKS = {"bash": ["bash", "-n"], "zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"]}


def completed(*words: str) -> list[str]:
    """Return the completions offered for the last of `words`, by click's protocol."""
    environment = {
        "_ASYNCTION_ASGI_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("asynction-asgi", *words)),
        "COMP_CWORD": str(len(words)),
    }
    result = CliRunner().invoke(main, env=environment, prog_name="asynction-asgi")
    assert result.exit_code == 0
    return result.stdout.split()


@pytest.mark.parametrize("shell", CHECKS)
def test_the_script_is_printed(shell: str, tmp_path: Path) -> None:
    """The script calls this program through its completion variable, and the shell can parse it."""
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert f"_ASYNCTION_ASGI_COMPLETE={shell}_complete" in result.stdout
    (tmp_path / "script").write_text(result.stdout, "utf-8")
    program, *options = CHECKS[shell]
    if shell == "bash" or shutil.which(program):
        subprocess.run([program, *options, tmp_path / "script"], check=True)


def test_commands_options_and_choices_are_completed() -> None:
    """A prefix completes to the matching commands, options or choices."""
    assert completed("c") == ["plain,call", "plain,check", "plain,client", "plain,completion"]
    assert "plain,--namespace" in completed("listen", "--na")
    assert completed("call", "--transport", "p") == ["plain,polling"]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("check", "do"), "file"),
        (("run", "do"), "file"),
        (("run", "--app-dir", "co"), "dir"),
        (("mock", "run", "--spec", "do"), "file"),
        (("call", "http://127.0.0.1", "say", "--spec", "do"), "file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_files_are_left_to_the_shell(words: tuple[str, ...], kind: str) -> None:
    """The shell itself completes names of files and folders."""
    assert completed(*words) == [f"{kind},{words[-1]}"]


def test_bash_completes_with_the_script(tmp_path: Path) -> None:
    """A bash that has loaded the script completes a command."""
    program = tmp_path / "asynction-asgi"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m asynction_asgi "$@"\n', "utf-8")
    program.chmod(0o755)
    script = CliRunner().invoke(main, ["completion", "bash"]).stdout
    press_tab = "COMP_WORDS=(asynction-asgi lis); COMP_CWORD=1; _asynction_asgi_completion asynction-asgi; echo $COMPREPLY"
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        ["bash", "-c", f"{script}\n{press_tab}"], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.split() == ["listen"]


def test_another_shell_is_wrong_usage() -> None:
    """An unsupported shell exits with 2, and the message lists the supported shells."""
    result = CliRunner().invoke(main, ["completion", "csh"])
    assert result.exit_code == 2
    assert "'bash', 'zsh', 'fish'" in result.output


@pytest.mark.parametrize("shell", [False, True], ids=["help", "tab"])
def test_listing_commands_imports_none_of_them(*, shell: bool) -> None:
    """Completion and ``--help`` import no package that only a running command needs."""
    asked = {"_ASYNCTION_ASGI_COMPLETE": "bash_complete", "COMP_WORDS": "asynction-asgi c", "COMP_CWORD": "1"}
    command = [sys.executable, "-X", "importtime", "-m", "asynction_asgi", *([] if shell else ["--help"])]
    environment = {**os.environ, **(asked if shell else {})}
    run = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "check" in run.stdout
    assert "asynction_asgi.cli" in run.stderr
    for heavy in ("asynction_asgi.spec", "socketio", "uvicorn", "aiohttp"):
        assert heavy not in run.stderr
