"""``asynction-asgi diff``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from asynction_asgi.cli import main

from ..diff.repository import Repository

OLD = """\
asyncapi: 2.6.0
info: {title: Chat, version: 1.4.0}
channels:
  /:
    publish:
      message:
        name: new message
        payload: {type: string}
    subscribe:
      message:
        oneOf:
          - {name: said, payload: {type: string}}
          - {name: left, payload: {type: string}}
"""
BREAKING = OLD.replace(
    "payload: {type: string}\n    sub", "payload:\n          type: string\n          minLength: 1\n    sub"
)
MAJOR = BREAKING.replace("1.4.0", "2.0.0")
REMOVED = OLD.replace("          - {name: left, payload: {type: string}}\n", "")
INFO = OLD + "          - {name: new, payload: {type: string}}\n"
UNKNOWN = OLD.replace("name: new message", "name: new message\n        schemaFormat: application/x-protobuf")
WIDENED = OLD.replace("payload: {type: string}\n    sub", "payload: {type: [string, 'null']}\n    sub")
DOCUMENTS = {
    "old": OLD,
    "breaking": BREAKING,
    "major": MAJOR,
    "removed": REMOVED,
    "info": INFO,
    "unknown": UNKNOWN,
    "widened": WIDENED,
    "broken": "asyncapi: 2.6.0\ninfo: {title: T, version: '1'}\nchanels: {}\n",
    "text": "hello",
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in DOCUMENTS.items():
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["diff", *arguments])


def test_a_breaking_change_shows_value_and_command() -> None:
    """A finding shows where each document stands, a refused value and a command to try it."""
    result = run("old.yaml", "breaking.yaml")
    assert result.exit_code == 1
    first = "breaking.yaml:10:22: breaking: 'new message' refuses what clients may send today: \"\""
    assert result.output.splitlines() == [
        f"{first} [ARGUMENTS_NARROWED]",
        "old.yaml:8:18: accepted here",
        "  try: asynction-asgi call URL 'new message' '\"\"'",
        "1 breaking",
    ]


def test_a_removal_stands_in_the_old_document() -> None:
    """A removal is placed in the old document, as the new one has no place for it."""
    result = run("old.yaml", "removed.yaml")
    assert result.exit_code == 1
    assert result.output.startswith("old.yaml:13:13: breaking: the server no longer emits 'left'")


def test_equal_documents_say_so() -> None:
    """Equal documents print one line, and the exit code is 0."""
    result = run("old.yaml", "old.yaml")
    assert (result.exit_code, result.output) == (0, "nothing changed for clients\n")


def test_compatible_changes_are_counted() -> None:
    """Text output counts compatible changes without listing them."""
    result = run("old.yaml", "widened.yaml")
    assert (result.exit_code, result.output) == (0, "1 compatible\n")


@pytest.mark.parametrize(
    ("new", "fails_on"),
    [
        ("old", []),
        ("widened", []),
        ("info", ["info"]),
        ("unknown", ["unknown", "info"]),
        ("major", ["breaking", "unknown", "info"]),
        ("breaking", ["breaking", "unbumped", "unknown", "info"]),
    ],
)
def test_fail_on_includes_the_levels_above(new: str, fails_on: list[str]) -> None:
    """``--fail-on`` includes the levels above; ``unbumped`` allows breaks in a major version."""
    failing = [
        level
        for level in ("never", "breaking", "unbumped", "unknown", "info")
        if run("old.yaml", f"{new}.yaml", "--fail-on", level).exit_code
    ]
    assert failing == fails_on


@pytest.mark.parametrize(
    "other", ["broken.yaml", "text.yaml", "missing.yaml", "main:old.yaml", ".", "old.yaml:"]
)
@pytest.mark.parametrize("is_old", [True, False], ids=["old", "new"])
def test_a_comparison_that_did_not_happen_fails(
    other: str, is_old: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """If a side cannot be read, the exit code is 2, even with ``--fail-on never``."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    names = (other, "old.yaml") if is_old else ("old.yaml", other)
    result = run(*names, "--fail-on", "never")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr


def test_an_invalid_side_is_reported_as_by_check() -> None:
    """Standard error lists the errors and ends with a line that names the invalid side."""
    result = run("old.yaml", "broken.yaml", "--format", "json")
    assert result.exit_code == 2
    assert "[UNKNOWN_FIELD]" in result.stderr or "[REQUIRED]" in result.stderr
    assert result.stderr.endswith("broken.yaml can't be served, so nothing was compared\n")


def test_json_lists_everything() -> None:
    """JSON lists compatible changes too, with versions and counts."""
    (body,) = json.loads(run("old.yaml", "major.yaml", "--format", "json").stdout)
    assert (body["old"], body["new"], body["bumped"]) == ("1.4.0", "2.0.0", True)
    assert body["counts"] == {"breaking": 1, "unknown": 0, "info": 0, "compatible": 0}
    (change,) = body["changes"]
    assert (change["level"], change["code"]) == ("breaking", "ARGUMENTS_NARROWED")
    assert (change["namespace"], change["event"], change["part"]) == ("/", "new message", "arguments")
    assert change["witness"] == {"value": [""], "try": "asynction-asgi call URL 'new message' '\"\"'"}
    assert change["new"] == {
        "file": "major.yaml",
        "pointer": "/channels/~1/publish/message/payload/minLength",
        "line": 10,
        "column": 22,
    }
    (widened,) = json.loads(run("old.yaml", "widened.yaml", "--format", "json").stdout)
    assert [change["level"] for change in widened["changes"]] == ["compatible"]


def test_github_gets_annotations() -> None:
    """Annotations point into the new document, with a severity per level."""
    assert run("old.yaml", "breaking.yaml", "--format", "github").output == (
        "::error file=breaking.yaml,line=10,col=22,title=ARGUMENTS_NARROWED::"
        "'new message' refuses what clients may send today: \"\"\n"
    )
    assert run("old.yaml", "info.yaml", "--format", "github").output.startswith(
        "::notice file=info.yaml,line=14,"
    )
    assert run("old.yaml", "unknown.yaml", "--format", "github").output.startswith(
        "::warning file=unknown.yaml,"
    )


def test_markdown_is_a_table() -> None:
    """Text of a document cannot end a table cell or become a link."""
    nasty = OLD.replace("new message", "a | b [x](y) <i>")
    Path("nasty.yaml").write_text(nasty)
    lines = run("nasty.yaml", "old.yaml", "--format", "markdown").output.splitlines()
    assert lines[0].startswith("**1 breaking")
    assert lines[2:4] == ["| Level | Change | Where |", "|---|---|---|"]
    assert r"a \| b \[x\]\(y\) \<i\>" in lines[4]
    assert run("old.yaml", "old.yaml", "--format", "markdown").output == "**nothing changed for clients**\n"


def test_revisions_are_compared_with_the_working_tree(folder: Path) -> None:
    """A removal since the revision is annotated in the file that is checked out."""
    repository = Repository(folder)
    repository.commit({"chat.yaml": OLD})
    (folder / "chat.yaml").write_text(REMOVED)
    result = run("main:chat.yaml", "chat.yaml")
    assert result.exit_code == 1
    assert result.output.startswith("main:chat.yaml:13:13: breaking: the server no longer emits 'left'")
    annotated = run("main:chat.yaml", "chat.yaml", "--format", "github")
    assert annotated.output.startswith("::error file=chat.yaml,line=13,col=13,title=EVENT_REMOVED::")
    (folder / "chat.yaml").write_text(
        OLD.replace("said, payload: {type: string", "said, payload: {type: number")
    )
    shown = run("main:chat.yaml", "chat.yaml").output
    assert (
        "try: git show main:chat.yaml > old.yaml && asynction-asgi listen URL -e said --spec old.yaml"
        in shown
    )


def test_files_are_compared_with_themselves_in_a_revision(folder: Path) -> None:
    """``--since`` compares several files with a revision; a new file has nothing to break."""
    repository = Repository(folder)
    unborn = run("--since", "HEAD", "old.yaml")
    assert (unborn.exit_code, unborn.stderr) == (0, "old.yaml is new since HEAD\n")
    repository.commit({"docs/one.yaml": OLD, "docs/two.yaml": OLD})
    for name, text in (("one", BREAKING), ("two", REMOVED), ("three", OLD)):
        (folder / "docs" / f"{name}.yaml").write_text(text)
    result = run("--since", "HEAD", *(f"docs/{name}.yaml" for name in ("one", "two", "three")))
    assert result.exit_code == 1
    assert result.stderr == "docs/three.yaml is new since HEAD\n"
    assert result.stdout.startswith("docs/one.yaml:10:22: breaking:")
    assert "HEAD:docs/two.yaml:13:13: breaking:" in result.stdout
    assert result.stdout.endswith("\n2 breaking\n")
    assert run("--since", "none", "docs/one.yaml").exit_code == 2
    assert run("--since", "HEAD", "docs/missing.yaml").exit_code == 2


@pytest.mark.parametrize("names", [("old.yaml",), ("old.yaml", "info.yaml", "removed.yaml")])
def test_one_or_three_documents_are_refused(names: tuple[str, ...]) -> None:
    """Without ``--since`` the command takes exactly two documents."""
    result = run(*names)
    assert result.exit_code == 2
    assert "give two documents, or --since REVISION" in result.stderr


def test_document_text_is_escaped_in_every_format() -> None:
    """No format prints an escape sequence that a document contains."""
    nasty = OLD.replace("name: new message", 'name: "a\\e[31mb"')
    Path("nasty.yaml").write_text(nasty)
    for form in ("text", "github", "markdown", "json"):
        assert "\x1b" not in run("nasty.yaml", "old.yaml", "--format", form).output


def test_another_server_is_compared_by_its_name() -> None:
    """``--server-name`` applies to both documents, and fails if they lack the server."""
    servers = "servers: {a: {url: localhost/a, protocol: ws}, b: {url: localhost/b, protocol: ws}}\n"
    for name, text in (("one", OLD + servers), ("other", OLD + servers.replace("/b", "/c"))):
        Path(f"{name}.yaml").write_text(text)
    assert run("one.yaml", "other.yaml", "--server-name", "a").exit_code == 0
    result = run("one.yaml", "other.yaml", "--server-name", "b")
    assert (result.exit_code, "[PATH_CHANGED]" in result.output) == (1, True)
    assert run("one.yaml", "other.yaml", "--server-name", "c").exit_code == 2


def test_help_explains_revisions_and_fail_on() -> None:
    """The help text documents ``REVISION:PATH`` and ``--fail-on``."""
    result = run("--help")
    assert result.exit_code == 0
    assert "REVISION:PATH" in result.output
    assert "--fail-on" in result.output
