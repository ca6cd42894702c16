"""``asynction-asgi infer``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from asynction_asgi.cli import main
from asynction_asgi.traffic import Happened, Head, written

if TYPE_CHECKING:
    from pathlib import Path


def say(*values: object, refused: str | None = None) -> str:
    return written(
        Happened(
            connection="a", namespace="/", direction="inbound", event="say", args=values, refused=refused
        )
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with two records."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.jsonl").write_text(written(Head()) + say("hi"), "utf-8")
    (tmp_path / "two.jsonl").write_text(
        written(Head()) + say(7) + say({}, refused="invalid_payload"), "utf-8"
    )
    (tmp_path / "none.jsonl").write_text(written(Head()), "utf-8")
    (tmp_path / "other.jsonl").write_text("{}\n", "utf-8")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\n")
    return tmp_path


def test_records_become_one_document(folder: Path) -> None:
    """The file is written once, passes a strict check, and the next step is shown."""
    result = CliRunner().invoke(
        main, ["infer", "one.jsonl", "two.jsonl", "-o", "chat.yaml", "--title", "Chat"]
    )
    assert result.exit_code == 0, result.output
    assert result.stdout == "chat.yaml\n"
    assert "1 events are left out" in result.stderr
    assert "asynction-asgi proxy URL -s chat.yaml --validation warn" in result.stderr
    text = (folder / "chat.yaml").read_text("utf-8")
    assert "type:\n          - string\n          - integer\n" in text
    assert CliRunner().invoke(main, ["check", "--strict", "chat.yaml"]).exit_code == 0
    result = CliRunner().invoke(main, ["infer", "one.jsonl", "-o", "chat.yaml"])
    assert (result.exit_code, result.stderr) == (1, "Error: chat.yaml exists; --force overwrites it\n")
    assert CliRunner().invoke(main, ["infer", "one.jsonl", "-o", "chat.yaml", "--force"]).exit_code == 0
    assert (folder / "chat.yaml").read_text("utf-8") == CliRunner().invoke(
        main, ["infer", "one.jsonl"]
    ).stdout


@pytest.mark.parametrize(
    ("name", "code", "text"),
    [
        pytest.param("none.jsonl", 1, "the records contain no events", id="no event"),
        pytest.param("other.jsonl", 1, "other.jsonl:1: not a line of a record", id="another file"),
        pytest.param("bytes.jsonl", 1, "bytes.jsonl: not a record: 'utf-8' codec", id="bytes"),
        pytest.param("missing.jsonl", 2, "does not exist", id="no file"),
    ],
)
def test_what_is_no_record_is_refused(folder: Path, name: str, code: int, text: str) -> None:
    """The error names the file, and the line where there is one."""
    result = CliRunner().invoke(main, ["infer", name])
    assert (result.exit_code, "Traceback" in result.output) == (code, False)
    assert text in result.output


def test_names_that_no_document_can_declare_are_counted(folder: Path) -> None:
    """They are left out, and the message shows one."""
    strange = Happened(connection="a", namespace="/a b", direction="inbound", event="say", args=())
    (folder / "one.jsonl").write_text(written(Head()) + say("hi") + written(strange) * 2, "utf-8")
    result = CliRunner().invoke(main, ["infer", "one.jsonl"])
    assert result.exit_code == 0
    assert "2 lines are left out: no document can declare names such as '/a b'" in result.stderr
