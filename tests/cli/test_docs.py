"""``asynction-asgi docs build``: the page as files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from click.testing import CliRunner

from asynction_asgi.cli import main
from asynction_asgi.demo import DOCUMENT
from asynction_asgi.spec import load_spec

if TYPE_CHECKING:
    from pathlib import Path


def test_a_site_is_written(tmp_path: Path) -> None:
    """The site holds the page without a console, the document without handlers, and all linked files."""
    place = tmp_path / "deep" / "site"
    result = CliRunner().invoke(main, ["docs", "build", str(DOCUMENT), "-o", str(place)])
    assert result.exit_code == 0, result.output
    page = (place / "index.html").read_text("utf-8")
    kinds = (".css", ".js", ".json", ".yaml", ".ts")
    links = [link for link in re.findall(r'(?:href|src)="([^"]+)"', page) if link.endswith(kinds)]
    assert len(links) == 5
    assert all((place / link).is_file() for link in links)
    assert "console" not in page
    assert "Content-Security-Policy" in page
    assert "frame-ancestors" not in page
    assert load_spec(place / "asyncapi.yaml").title == "Chat"
    assert "asynction_asgi.demo" not in "".join(path.read_text("utf-8") for path in place.rglob("*.*ml"))


def test_faults_are_reported(tmp_path: Path) -> None:
    """A broken document is reported by its diagnostics, and an impossible folder by its name."""
    broken = tmp_path / "broken.yaml"
    broken.write_text("asyncapi: 2.6.0\n")
    result = CliRunner().invoke(main, ["docs", "build", str(broken), "-o", str(tmp_path / "site")])
    assert result.exit_code == 1
    assert "REQUIRED" in result.stderr
    assert not (tmp_path / "site").exists()
    result = CliRunner().invoke(main, ["docs", "build", str(DOCUMENT), "-o", str(broken / "site")])
    assert result.exit_code in (1, 2)
    assert "broken.yaml" in result.output + result.stderr
    assert "Traceback" not in result.output


def test_files_of_other_folders_need_an_option(tmp_path: Path) -> None:
    """Files outside the document's folder are read only with ``--docs-root``."""
    (tmp_path / "own").mkdir()
    (tmp_path / "lib.yaml").write_text("type: string\n")
    document = tmp_path / "own" / "doc.yaml"
    document.write_text(
        "asyncapi: 2.6.0\ninfo: {title: T, version: '1'}\n"
        "channels: {/: {subscribe: {message: {name: a, payload: {$ref: ../lib.yaml}}}}}\n"
    )
    command = ["docs", "build", str(document), "-o", str(tmp_path / "site")]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1
    assert "--docs-root" in result.stderr
    assert not (tmp_path / "site").exists()
    assert CliRunner().invoke(main, [*command, "--docs-root", str(tmp_path)]).exit_code == 0
