"""Documents from paths, open files and mappings, and the places of their values."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import SpecError
from asynction_asgi.spec.text.document import load_document
from tests.cases import each_case

from ..reading import value_of

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = """\
asyncapi: 2.6.0
info: {title: T, version: '1'}
channels:
  /a~b/c:
    publish:
      message:
        oneOf:
        - name: x
        - name: y
    subscribe:
"""


@each_case(
    ("pointer", "key", "place"),
    [
        ("", False, (1, 1)),
        ("/asyncapi", False, (1, 11)),
        ("/asyncapi", True, (1, 1)),
        ("/info/title", False, (2, 15)),
        ("/info", False, (2, 7)),
        ("/channels", False, (3, 1)),
        ("/channels/~1a~0b~1c", False, (4, 3)),
        ("/channels/~1a~0b~1c/publish/message/oneOf/1", False, (9, 11)),
        ("/channels/~1a~0b~1c/publish/message/oneOf/1/name", False, (9, 17)),
        ("/channels/~1a~0b~1c/subscribe", False, (10, 5)),
        ("/channels/~1a~0b~1c/nowhere/at/all", False, (4, 3)),
        ("/channels/~1a~0b~1c/publish/message/oneOf/7", False, (7, 9)),
    ],
)
def test_every_value_has_a_place(tmp_path: Path, pointer: str, key: bool, place: tuple[int, int]) -> None:
    """A value has its line and column; a block has those of its key."""
    path = tmp_path / "doc.yaml"
    path.write_text(TEXT)
    line, column, source = load_document(path).place(pointer, key=key)
    assert (line, column) == place
    assert source == TEXT.splitlines()[place[0] - 1]


def test_nodes_carry_their_pointer(tmp_path: Path) -> None:
    """A child has an escaped pointer, a hashable identity and placed diagnostics."""
    path = tmp_path / "doc.yaml"
    path.write_text(TEXT)
    document = load_document(str(path))
    node = document.root.child("channels").child("/a~b/c")
    assert node.pointer == "/channels/~1a~0b~1c"
    assert node.identity == document.root.child("channels").child("/a~b/c").identity
    assert [key for key, _ in node.items()] == ["publish", "subscribe"]
    assert node.get("nothing") is None
    messages = node.child("publish").child("message").child("oneOf")
    assert [node.value for node in messages.elements()] == [{"name": "x"}, {"name": "y"}]
    diagnostic = messages.child(1).diagnostic("error", "TYPE", "wrong")
    assert str(diagnostic) == f"{path}:9:11: error: wrong [TYPE]"
    assert diagnostic.source == "        - name: y"


@each_case(
    ("text", "value"),
    [
        ('{"a": "\\ud83d\\ude00", "b": "\\/"}', {"a": "😀", "b": "/"}),
        ('\t{"a":\t1,\n\t"b": [1, 2.0, -0.0, 1E2]}', {"a": 1, "b": [1, 2.0, -0.0, 100.0]}),
        ('{"a": NaN}', {"a": "NaN"}),
        ("{a: 1, b: [x]}", {"a": 1, "b": ["x"]}),
        ('\ufeff{"a": 1}', {"a": 1}),
        ("\ufeffa: 1", {"a": 1}),
        ('{"a": "\\u0000\x7f"}', {"a": "\x00\x7f"}),
    ],
)
def test_json_and_flow_yaml_are_told_apart(tmp_path: Path, text: str, value: Any) -> None:
    """JSON is read as JSON, similar text as YAML, and a byte order mark is skipped."""
    assert value_of(tmp_path / "doc.yaml", text) == value


def test_positions_in_json_survive_its_escapes(tmp_path: Path) -> None:
    """Surrogate pairs, which YAML refuses, leave the positions of JSON intact."""
    path = tmp_path / "doc.json"
    path.write_text('{\n  "a": "\\ud83d\\ude00 \\/",\n  "b": {"c": 1}\n}')
    assert load_document(path).place("/b/c")[:2] == (3, 14)


def written(folder: Path, text: str, name: str = "document.json") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_positions_in_json_beyond_yaml(tmp_path: Path) -> None:
    """JSON keeps its positions with long keys and characters that YAML would escape."""
    key = "k" * 1100
    text = f'{{"a": ["\x7f", -1.5e3,\n  {{}}, []], "{key}": {{\r\n\t"b\\n\\"": true ,"c":{{"d" : null}}}}}}\n'
    document = load_document(written(tmp_path, text))
    assert document.value == json.loads(text)
    assert document.place("")[:2] == (1, 1)
    assert document.place("/a")[:2] == (1, 7)
    assert document.place("/a/1")[:2] == (1, 13)
    assert document.place("/a/2")[:2] == (2, 3)
    assert document.place("/a/3")[:2] == (2, 7)
    assert document.place(f"/{key}", key=True)[:2] == (2, 12)
    assert document.place(f'/{key}/b\n"')[:2] == (3, 11)
    assert document.place(f"/{key}/c/d", key=True)[:2] == (3, 22)
    assert document.place(f"/{key}/c/d")[:2] == (3, 28)


@pytest.mark.parametrize("number", ["9" * 4300, "-" + "9" * 5000, "0x" + "f" * 4000, "0o" + "7" * 5000])
def test_unwritable_numbers_are_refused(tmp_path: Path, number: str) -> None:
    """A number too large to write out is refused with its place, in JSON and YAML."""
    with pytest.raises(SpecError) as refused:
        load_document(written(tmp_path, f'{{"a": 1,\n "b": {number}}}', "document.yaml"))
    (found,) = refused.value.diagnostics
    assert (found.code, found.line, found.column) == ("YAML_SYNTAX", 2, 7)
    assert len(found.message) < 40
    with pytest.raises(SpecError, match="digits"):
        load_document({"a": 2**20_000})


def test_duplicate_keys_in_json_show_both_places(tmp_path: Path) -> None:
    """The error has both places, as JSON's parser would silently keep the last value."""
    path = tmp_path / "doc.json"
    path.write_text('{\n"a": {"b": 1,\n"b": 2}}')
    with pytest.raises(SpecError) as caught:
        load_document(path)
    (fault,) = caught.value.diagnostics
    assert (fault.code, fault.line, fault.column, fault.pointer) == ("YAML_DUPLICATE_KEY", 3, 1, "/a/b")
    assert fault.message == "the key 'b' occurs twice; the first is on line 2"


@pytest.mark.parametrize(
    "opened",
    [
        io.StringIO,
        lambda text: io.BytesIO(text.encode()),
        lambda text: io.BytesIO(text.encode("utf-16")),
        lambda text: io.BytesIO(text.encode("utf-8-sig")),
    ],
    ids=["text", "bytes", "utf-16", "bom"],
)
def test_open_files_are_read(opened: Callable[[str], Any]) -> None:
    """An open file is a document, even without a name."""
    document = load_document(opened("a: é"))
    assert document.value == {"a": "é"}
    assert document.path is None
    assert document.root.child("a").diagnostic("error", "TYPE", "m").place == "document:1:4"


def test_an_open_file_knows_its_path(tmp_path: Path) -> None:
    """References are resolved relative to the open file."""
    path = tmp_path / "doc.yaml"
    path.write_text("a: 1")
    with path.open() as file:
        document = load_document(file)
    assert (document.path, document.name) == (path, str(path))


def test_a_missing_file_says_where_it_was_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the working directory if the path is relative."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError, match=f"begins at the working directory, {tmp_path}") as raised:
        load_document("nowhere.yaml")
    assert raised.value.diagnostics[0].place == "nowhere.yaml"


def test_a_mapping_has_pointers_and_no_lines() -> None:
    """Diagnostics of a mapping have a pointer without a line."""
    diagnostic = load_document({"a": {"b": 1}}).root.child("a").child("b").diagnostic("warning", "TYPE", "m")
    assert (diagnostic.line, diagnostic.source, diagnostic.place) == (None, None, "document#/a/b")


@pytest.mark.parametrize(
    ("make", "code", "says"),
    [
        (lambda path: None, "REF_FILE", "No such file"),
        (lambda path: path.mkdir(), "REF_FILE", "Is a directory"),
        (lambda path: path.write_bytes(b"a: 1\nb: \xff\n"), "YAML_SYNTAX", "not UTF-8"),
        (lambda path: path.write_text("a: [1"), "YAML_SYNTAX", ""),
        (lambda path: path.write_text('{"a": "\\ud800"}'), "YAML_SYNTAX", "surrogate"),
        (lambda path: path.write_text('a: "\\ud83d\\ude00"'), "YAML_SYNTAX", "surrogate"),
        (lambda path: path.write_text('"\\udc00": 1'), "YAML_SYNTAX", "surrogate"),
        (lambda path: path.write_text('{"a": ' * 100_000), "YAML_SYNTAX", "levels deep"),
        (lambda path: path.write_text('{"a": ' + "9" * 5000 + "}"), "YAML_SYNTAX", "5000 digits"),
    ],
    ids=[
        "missing",
        "directory",
        "latin-1",
        "syntax",
        "json surrogate",
        "yaml surrogates",
        "key surrogate",
        "deep",
        "long number",
    ],
)
def test_an_unreadable_document_is_a_diagnostic(
    tmp_path: Path, make: Callable[[Path], Any], code: str, says: str
) -> None:
    """No other exception is raised."""
    path = tmp_path / "doc"
    make(path)
    with pytest.raises(SpecError) as caught:
        load_document(path)
    (fault,) = caught.value.diagnostics
    assert fault.code == code
    assert says in fault.message
    assert fault.file == str(path)


def test_a_byte_outside_utf_8_is_placed(tmp_path: Path) -> None:
    """The diagnostic has the line, and the byte within it."""
    path = tmp_path / "doc"
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(SpecError) as caught:
        load_document(path)
    assert (caught.value.diagnostics[0].line, caught.value.diagnostics[0].column) == (2, 4)


def test_a_path_with_a_nul_is_a_diagnostic() -> None:
    """The operating system's different exception is handled too."""
    with pytest.raises(SpecError):
        load_document(Path("a\0b"))
