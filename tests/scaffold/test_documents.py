"""The copy of a document and of the files that it refers to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from asynction_asgi.spec import load_spec
from asynction_asgi.spec.model.summary import summarise

from .generating import bound, scaffold, sources, written

if TYPE_CHECKING:
    from pathlib import Path

    from .generating import Tools

DOCUMENT = """\
asyncapi: 2.6.0
info: {title: Parts, version: 1.0.0}
channels:
  /:
    publish:
      message: {name: say, payload: {$ref: REFERENCE}}
"""
SCHEMA = "type: object\nproperties: {more: {$ref: 'inner/more.yaml#/more'}}\n"


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """A document in a folder, with referenced files inside and beside it."""
    for name, text in (
        ("api/doc.yaml", DOCUMENT.replace("REFERENCE", "'../shared/schema.yaml'")),
        ("api/own.yaml", DOCUMENT.replace("REFERENCE", "'parts/schema.yaml'")),
        ("api/parts/schema.yaml", SCHEMA),
        ("api/parts/inner/more.yaml", "more: {type: string}\n"),
        ("shared/schema.yaml", SCHEMA),
        ("shared/inner/more.yaml", "more: {type: string}\n"),
        ("api/unused.yaml", "{}"),
    ):
        path = tmp_path / "from" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return tmp_path / "from"


@pytest.mark.parametrize(
    ("name", "copies"),
    [
        ("own.yaml", {"own.yaml", "parts/schema.yaml", "parts/inner/more.yaml"}),
        ("doc.yaml", {"api/doc.yaml", "shared/schema.yaml", "shared/inner/more.yaml"}),
    ],
    ids=["below", "beside"],
)
def test_every_file_is_copied_unchanged(
    parts: Path, folder: Path, tools: Tools, name: str, copies: set[str]
) -> None:
    """Copied references resolve as before, even to files beside the folder."""
    before = load_spec(parts / "api" / name)
    written(parts / "api" / name, folder)
    copied = {path.relative_to(folder).as_posix() for path in folder.rglob("*.yaml")}
    assert copied == copies
    copy = folder / next(path for path in copies if path.endswith(name))
    assert copy.read_bytes() == (parts / "api" / name).read_bytes()
    assert summarise(load_spec(copy)) == summarise(before)
    assert "more: NotRequired[str]" in sources(folder)["payloads.py"]
    tools.test(folder)


def test_schemas_of_absolute_uris_are_copied(parts: Path, folder: Path) -> None:
    """The folder of ``--schemas`` is copied as far as it is used, and the application reads it from there."""
    document = parts / "api" / "doc.yaml"
    document.write_text(DOCUMENT.replace("REFERENCE", "https://schemas.example.com/schema.yaml"), "utf-8")
    uris = {"https://schemas.example.com/": parts / "shared", "https://other.example.com/": parts}
    written(
        document, folder, *(word for uri, path in uris.items() for word in ("--schemas", f"{uri}={path}"))
    )
    copied = {path.relative_to(folder).as_posix() for path in folder.rglob("*.yaml")}
    assert copied == {"api/doc.yaml", "shared/schema.yaml", "shared/inner/more.yaml"}
    text = sources(folder)["app.py"]
    assert '"https://schemas.example.com/": Path(__file__).parent / "shared",' in text
    (parts / "shared").rename(parts / "away")
    payloads = vars(bound(folder, "payloads")).values()
    assert any("more" in getattr(payload, "__annotations__", ()) for payload in payloads)


@pytest.mark.parametrize("kind", ["absolute", "file URI", "link"])
def test_a_reference_that_cannot_be_copied_is_refused(parts: Path, folder: Path, kind: str) -> None:
    """The error shows the reference and the fix, and no file is written."""
    target = (parts / "shared" / "schema.yaml").resolve()
    reference = {"absolute": str(target), "file URI": target.as_uri(), "link": "link.yaml"}[kind]
    if kind == "link":
        (parts / "api" / "link.yaml").symlink_to(target)
    (parts / "api" / "bad.yaml").write_text(DOCUMENT.replace("REFERENCE", json.dumps(reference)), "utf-8")
    result = scaffold(parts / "api" / "bad.yaml", folder)
    assert result.exit_code == 1
    assert repr(reference) in result.stderr
    assert "write it relative" in result.stderr
    assert not folder.exists()


def test_a_document_behind_a_link_is_copied(parts: Path, folder: Path) -> None:
    """References of a linked document are resolved beside the link, as by the loader."""
    (parts / "api" / "linked.yaml").symlink_to(parts / "api" / "own.yaml")
    written(parts / "api" / "linked.yaml", folder)
    assert (folder / "linked.yaml").read_bytes() == (parts / "api" / "own.yaml").read_bytes()
    assert (folder / "parts" / "schema.yaml").is_file()


def test_a_clash_of_file_names_is_refused(parts: Path, folder: Path) -> None:
    """A document with a file name of the application is reported, and no file is written."""
    (parts / "api" / "app.py").write_text(DOCUMENT.replace("REFERENCE", "'parts/schema.yaml'"), "utf-8")
    result = scaffold(parts / "api" / "app.py", folder)
    assert result.exit_code == 1
    assert "'app.py'" in result.stderr
    assert not folder.exists()
