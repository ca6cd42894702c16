"""``asynction-asgi client``: a client module as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from click.testing import CliRunner

from asynction_asgi.cli import main
from asynction_asgi.demo import DOCUMENT
from asynction_asgi.spec import load_spec
from asynction_asgi.typed_clients import write_python, write_typescript

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def _client(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["client", str(DOCUMENT), "-o", str(folder), *options])


def test_a_written_module_stays_up_to_date(tmp_path: Path) -> None:
    """The module is named after the document, omits its handlers, and is rewritten without ``--force``."""
    folder = tmp_path / "front" / "end"
    result = _client(folder)
    assert result.exit_code == 0, result.output
    (path,) = folder.iterdir()
    assert result.stdout == f"{path}\n"
    assert path.name == "chat.ts"
    text = path.read_text("utf-8")
    assert text == write_typescript(load_spec(DOCUMENT)).text
    assert "asynction_asgi.demo" not in text
    assert _client(folder, "--check").exit_code == 0
    assert _client(folder).exit_code == 0


def test_a_module_of_python_is_written_and_checked(tmp_path: Path) -> None:
    """``--language python`` writes another file, for clients that await or, with ``--sync``, that block."""
    result = _client(tmp_path, "--language", "python")
    assert result.exit_code == 0, result.output
    path = tmp_path / "chat_client.py"
    assert result.stdout == f"{path}\n"
    assert path.read_text("utf-8") == write_python(load_spec(DOCUMENT)).text
    assert _client(tmp_path, "--language", "python", "--check").exit_code == 0
    assert _client(tmp_path, "--language", "python", "--sync", "--check").exit_code == 1
    assert _client(tmp_path, "--language", "python", "--sync").exit_code == 0
    assert path.read_text("utf-8") == write_python(load_spec(DOCUMENT), sync=True).text
    refused = _client(tmp_path, "--sync")
    assert (refused.exit_code, "--sync needs --language python" in refused.stderr) == (2, True)


def test_the_module_of_a_mounted_server_has_its_full_path(tmp_path: Path) -> None:
    """``--mount`` stands before the document's path, in both languages; it has to be a path."""
    for language, name, line in [
        ("typescript", "chat.ts", 'export const path = "/realtime/socket.io";'),
        ("python", "chat_client.py", 'PATH = "/realtime/socket.io"'),
    ]:
        for mount in ("/realtime", "/realtime/"):
            result = _client(tmp_path, "--language", language, "--mount", mount)
            assert result.exit_code == 0, result.output
            assert line in (tmp_path / name).read_text("utf-8").splitlines()
        assert _client(tmp_path, "--language", language, "--check").exit_code == 1
    for wrong in ("http://x.example/realtime", "/realtime?x", "realtime"):
        refused = _client(tmp_path, "--mount", wrong)
        assert (refused.exit_code, "--mount takes a path" in refused.stderr) == (2, True)


def test_check_shows_differences_and_writes_nothing(tmp_path: Path) -> None:
    """A missing or outdated module exits with 1, and the differing lines are shown."""
    missing = _client(tmp_path / "none", "--check")
    assert missing.exit_code == 1
    assert "does not exist" in missing.stderr
    assert not (tmp_path / "none").exists()
    _client(tmp_path)
    path = tmp_path / "chat.ts"
    old = path.read_text("utf-8").replace("ServerToClientEvents {", "OldEvents {")
    path.write_text(old)
    result = _client(tmp_path, "--check")
    assert result.exit_code == 1
    assert "is out of date" in result.stderr
    assert "+export interface ServerToClientEvents {" in result.stderr
    assert path.read_text("utf-8") == old


def test_a_file_without_our_marker_is_kept(tmp_path: Path) -> None:
    """Only ``--force`` overwrites a file that lacks the generated first line."""
    path = tmp_path / "chat.ts"
    path.write_text("export const mine = 1;\n")
    refused = _client(tmp_path)
    assert refused.exit_code == 1
    assert "--force" in refused.stderr
    assert path.read_text() == "export const mine = 1;\n"
    assert _client(tmp_path, "--force").exit_code == 0
    assert "mine" not in path.read_text("utf-8")


def test_faults_of_the_document_are_shown(tmp_path: Path) -> None:
    """Diagnostics go to standard error, and no file is written."""
    broken = tmp_path / "broken.yaml"
    broken.write_text("asyncapi: 2.6.0\n")
    result = CliRunner().invoke(main, ["client", str(broken), "-o", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "REQUIRED" in result.stderr
    assert not (tmp_path / "out").exists()
