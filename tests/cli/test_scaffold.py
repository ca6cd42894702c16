"""``asynction-asgi scaffold``: the files it writes or refuses to overwrite, and its output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from asynction_asgi.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

DOCUMENT = """\
asyncapi: 2.6.0
info: {title: Echo, version: 1.0.0}
servers:
  a: {url: localhost/one, protocol: ws}
  b: {url: localhost/two, protocol: ws}
channels:
  /:
    publish:
      message: {name: echo, payload: {type: string}, x-ack: {args: {type: string}}}
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "echo.yaml"
    path.write_text(DOCUMENT, "utf-8")
    return path


def run(document: Path, folder: Path, *options: str) -> Result:
    return CliRunner().invoke(
        main, ["scaffold", str(document), "-o", str(folder), "--server-name", "a", *options]
    )


def test_what_was_written_is_listed(document: Path, tmp_path: Path) -> None:
    """The output lists each written file and the next steps; a missing folder is created."""
    folder = tmp_path / "deep" / "app"
    result = run(document, folder)
    assert result.exit_code == 0, result.output
    listed, _, following = result.output.partition("\nNext:\n")
    written = sorted(str(path) for path in folder.rglob("*") if path.is_file())
    assert sorted(listed.split()) == written
    assert [line.strip() for line in following.splitlines()] == [
        f"cd {folder}",
        "pytest",
        "asynction-asgi run app:app",
    ]
    assert 'server_name="a"' in (folder / "app.py").read_text("utf-8")


def test_nothing_is_overwritten(document: Path, tmp_path: Path) -> None:
    """All existing files are named and no file is written; ``--force`` overwrites them."""
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "app.py").write_text("mine", "utf-8")
    (folder / "handlers.py").symlink_to(folder / "nowhere.py")
    result = run(document, folder)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{folder / 'app.py'} exists",
        f"{folder / 'handlers.py'} exists",
        "--force overwrites",
    ]
    assert {path.name for path in folder.iterdir()} == {"app.py", "handlers.py"}
    assert (folder / "app.py").read_text("utf-8") == "mine"
    assert run(document, folder, "--force").exit_code == 0
    assert "from_spec" in (folder / "app.py").read_text("utf-8")
    assert run(document, folder, "--force").exit_code == 0


def test_a_document_in_the_folder_is_kept(document: Path, tmp_path: Path) -> None:
    """A document in the target folder stays unchanged, and the other files are written."""
    result = run(document, tmp_path)
    assert result.exit_code == 0, result.output
    assert str(document) not in result.output.splitlines()
    assert document.read_text("utf-8") == DOCUMENT
    assert (tmp_path / "app.py").is_file()


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    """A link that leads out of the folder is refused, even with ``--force``."""
    document = tmp_path / "named.yaml"
    document.write_text(DOCUMENT.replace("name: echo", "name: echo, x-handler: h.sub.echo"), "utf-8")
    folder, outside = tmp_path / "app", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (folder / "h").symlink_to(outside)
    result = run(document, folder, "--force")
    assert result.exit_code == 1
    assert "leads out of" in result.stderr
    assert not list(outside.iterdir())
    assert [path.name for path in folder.iterdir()] == ["h"]


def test_a_document_with_faults_writes_nothing(document: Path, tmp_path: Path) -> None:
    """An invalid document gets the diagnostics of ``check``, and no folder is created."""
    document.write_text(DOCUMENT.replace("type: string}, x", "type: strng}, x"), "utf-8")
    result = run(document, tmp_path / "app")
    checked = CliRunner().invoke(main, ["check", "--server-name", "a", str(document)])
    assert result.exit_code == 1
    assert result.stderr.splitlines() == checked.output.splitlines()[:-1]
    assert not (tmp_path / "app").exists()


def test_a_file_in_the_way_is_reported(document: Path, tmp_path: Path) -> None:
    """A folder that cannot be created is named, without a traceback."""
    result = run(document, document / "app")
    assert result.exit_code == 1
    assert "echo.yaml" in result.stderr
    assert isinstance(result.exception, SystemExit)
    assert [path.name for path in tmp_path.iterdir()] == ["echo.yaml"]


def test_secrets_that_are_needed_are_named(tmp_path: Path) -> None:
    """The next steps include each environment variable that the application needs to start."""
    document = tmp_path / "secured.yaml"
    security = (
        "components: {securitySchemes: {t: {type: http, scheme: bearer,"
        " x-jwt: {secretEnv: ECHO_SECRET, issuer: i, audience: a}}}}\n"
    )
    secured = DOCUMENT.replace("protocol: ws", "protocol: ws, security: [{t: []}]")
    document.write_text(secured + security, "utf-8")
    assert "  export ECHO_SECRET=…\n" in run(document, tmp_path / "app").output
