"""References: where they lead, and the diagnostics of those that cannot be resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.hints import closest, did_you_mean
from asynction_asgi.spec.text.reference_faults import ReferenceFault
from asynction_asgi.spec.text.references import Resolver
from tests.cases import each_case

if TYPE_CHECKING:
    from pathlib import Path

    from asynction_asgi.spec.text.document import Node

MAIN = """\
name: main
channels: {'/admin': {publish: {message: {name: m}}}, '{id}': {a: 1}}
list: [{x: 0}, {x: 1}]
'a~b': {'c/d': 2}
'with space': 3
chain: {$ref: '#/link'}
link: {$ref: '#/list/1'}
through: {$ref: '#/chain/x'}
self: {$ref: '#/self'}
ping: {$ref: '#/pong'}
pong: {$ref: '#/ping'}
inside: {$ref: '#/inside/deeper'}
properties: {$ref: {type: string}, enum: {const: {$ref: 'data'}}}
root: {$ref: '#'}
components: {schemas: {Comment: {type: object}}}
"""


@pytest.fixture
def resolver(tmp_path: Path) -> Resolver:
    (tmp_path / "sub").mkdir()
    (tmp_path / "main.yaml").write_text(MAIN)
    (tmp_path / "sub" / "lib.yaml").write_text(
        "name: lib\nown: {$ref: '#/name'}\nback: {$ref: '../main.yaml#/name'}\n"
        "beside: {$ref: 'other%20file.json#/v'}\nwrong: {$ref: 'main.yaml#/name'}\n"
    )
    (tmp_path / "sub" / "other file.json").write_text('{"v": 7}')
    (tmp_path / "broken.yaml").write_text("a: [\n")
    return Resolver(load_document(tmp_path / "main.yaml"))


def follow(resolver: Resolver, reference: object) -> tuple[object, str, str | None]:
    """Follow a reference located in the main document's folder."""
    document = load_document({"here": {"$ref": reference}})
    document.path = resolver.document.path.with_name("here.yaml") if resolver.document.path else None
    target = resolver.follow(document.root.child("here"))
    return target.value, target.pointer, target.document.path.name if target.document.path else None


@each_case(
    ("reference", "value", "pointer"),
    [
        ("main.yaml#/name", "main", "/name"),
        ("main.yaml#/channels/~1admin/publish/message", {"name": "m"}, "/channels/~1admin/publish/message"),
        ("main.yaml#/channels/%7Bid%7D/a", 1, "/channels/{id}/a"),
        ("main.yaml#/channels/{id}/a", 1, "/channels/{id}/a"),
        ("main.yaml#/list/1/x", 1, "/list/1/x"),
        ("main.yaml#/a~0b/c~1d", 2, "/a~0b/c~1d"),
        ("main.yaml#/a%7E0b/c~1d", 2, "/a~0b/c~1d"),
        ("main.yaml#/with space", 3, "/with space"),
        ("main.yaml#/with%20space", 3, "/with space"),
        ("./main.yaml#/chain", {"x": 1}, "/list/1"),
        ("main.yaml#/chain/x", 1, "/list/1/x"),
        ("main.yaml#/through", 1, "/list/1/x"),
        ("main.yaml#/root/name", "main", "/name"),
        ("main.yaml#/properties/$ref", {"type": "string"}, "/properties/$ref"),
        ("sub/lib.yaml#/own", "lib", "/name"),
        ("sub/lib.yaml#/back", "main", "/name"),
        ("sub/lib.yaml#/beside", 7, "/v"),
        ("sub/../main.yaml#/name", "main", "/name"),
        ("sub/other file.json", {"v": 7}, ""),
    ],
)
def test_a_reference_leads_to_the_canonical_place(
    resolver: Resolver, reference: str, value: object, pointer: str
) -> None:
    """Files, escapes, list indices, chains and intermediate references are resolved."""
    assert follow(resolver, reference)[:2] == (value, pointer)


@each_case(
    ("reference", "code", "says"),
    [
        ("main.yaml#/nothing", "REF_DANGLING", "there is no 'nothing' in the document"),
        (
            "main.yaml#/components/schemas/Coment",
            "REF_DANGLING",
            "did you mean 'main.yaml#/components/schemas/Comment'?",
        ),
        ("main.yaml#/list/2", "REF_DANGLING", "there is no '2' in #/list"),
        ("main.yaml#/list/01", "REF_DANGLING", "there is no '01'"),
        ("main.yaml#/list/-", "REF_DANGLING", "there is no '-'"),
        ("main.yaml#/name/x", "REF_DANGLING", "neither an object nor a list"),
        ("main.yaml#/$defs/Comment", "REF_DANGLING", "so move its Comment to components/schemas"),
        ("main.yaml#name", "REF_POINTER", "is not a valid JSON Pointer"),
        ("main.yaml#components/schemas", "REF_POINTER", "did you mean '#/components/schemas'?"),
        ("main.yaml/#/name", "REF_FILE", "can't read"),
        ("nothing.yaml", "REF_FILE", "No such file"),
        ("main.yml", "REF_FILE", "No such file or directory; did you mean 'main.yaml'?"),
        ("sub/lib.yaml#/wrong", "REF_FILE", "can't read 'main.yaml'"),
        ("broken.yaml#/a", "YAML_SYNTAX", ""),
        ("https://example.com/a.yaml#/b", "REF_REMOTE", "never fetched"),
        ("//example.com/a.yaml", "REF_REMOTE", "never fetched"),
        ("urn:a:b", "REF_REMOTE", "never fetched"),
        ("main.yaml#/self", "REF_CYCLE", "leads back to itself"),
        ("main.yaml#/ping", "REF_CYCLE", "leads back to itself"),
        ("main.yaml#/inside", "REF_CYCLE", "leads back to itself"),
        (None, "REF_TYPE", "an unquoted # begins a comment"),
        (7, "REF_TYPE", "must be a string"),
        ({"type": "string"}, "REF_TYPE", "must be a string"),
        ("a\0b", "REF_FILE", "can't read"),
    ],
)
def test_a_reference_that_leads_nowhere_says_why(
    resolver: Resolver, reference: object, code: str, says: str
) -> None:
    """Each fault has a code and a hint for the usual mistake, also when asked again."""
    with pytest.raises(ReferenceFault) as caught:
        follow(resolver, reference)
    assert caught.value.diagnostic.code == code
    assert says in caught.value.diagnostic.message
    with pytest.raises(ReferenceFault):
        follow(resolver, reference)


def test_a_mapping_cannot_refer_to_files() -> None:
    """References within a mapping are followed, and those to files are refused."""
    document = load_document({"a": {"$ref": "#/b"}, "b": 1, "c": {"$ref": "lib.yaml"}})
    resolver = Resolver(document)
    assert resolver.follow(document.root.child("a")).value == 1
    with pytest.raises(ReferenceFault, match="not read from a file"):
        resolver.follow(document.root.child("c"))


def test_a_diagnostic_names_the_references_file(resolver: Resolver, tmp_path: Path) -> None:
    """The file is named by its path relative to the one that the author named."""
    with pytest.raises(ReferenceFault) as caught:
        follow(resolver, "sub/lib.yaml#/wrong")
    diagnostic = caught.value.diagnostic
    assert (diagnostic.file, diagnostic.line, diagnostic.pointer) == ("sub/lib.yaml", 5, "/wrong/$ref")
    assert tmp_path.name not in diagnostic.message


def test_each_file_is_read_once(resolver: Resolver) -> None:
    """A file is one document under all its names, and so is the first file."""
    follow(resolver, "sub/lib.yaml#/own")
    follow(resolver, "./sub/../sub/lib.yaml#/back")
    assert [document.value["name"] for document in resolver.files.documents] == ["main", "lib"]


def test_near_words_are_suggested() -> None:
    """The nearest word is suggested ignoring case, or no word if all are far."""
    assert did_you_mean("chanels", ["channels", "info"]) == "; did you mean 'channels'?"
    assert closest("OPERATIONID", ["operationId"]) == "operationId"
    assert did_you_mean("zzz", ["channels"]) == ""
    assert closest("A" * 64, ["a" * 64]) == "a" * 64
    assert closest("A" * 65, ["a" * 65]) is None, "finding what is like a long word takes time"


class Counting(Resolver):
    """A resolver that counts its steps."""

    hops = 0

    def _step(self, node: Node, start: Node) -> Node:
        self.hops += 1
        return super()._step(node, start)


@pytest.mark.parametrize(
    "last", ["{type: string}", "{$ref: '#/nowhere'}", "{$ref: '#/s0'}"], ids=["end", "dangling", "cycle"]
)
def test_a_chain_is_followed_once(tmp_path: Path, last: str) -> None:
    """The work is linear in the chain's length, whether it ends, dangles or loops."""
    links = 400
    path = tmp_path / "doc.yaml"
    path.write_text(
        "".join(f"s{index}: {{$ref: '#/s{index + 1}'}}\n" for index in range(links)) + f"s{links}: {last}\n"
    )
    document = load_document(path)
    resolver = Counting(document)
    places = set()
    for name in document.value:
        try:
            resolver.follow(document.root.child(name))
        except ReferenceFault as fault:
            places.add(fault.diagnostic.pointer)
    assert resolver.hops <= links + 1
    ends = {"{type: string}": set(), "{$ref: '#/nowhere'}": {f"/s{links}/$ref"}}
    assert places == ends.get(last, {f"/s{index}/$ref" for index in range(links + 1)})


def test_pointers_may_pass_through_any_number_of_references(tmp_path: Path) -> None:
    """Any number of nested references is resolved without recursion."""
    links = 3000
    path = tmp_path / "doc.yaml"
    path.write_text(
        "".join(f"s{index}: {{$ref: '#/s{index + 1}/x'}}\n" for index in range(links))
        + f"s{links}: {{x: {{x: end}}}}\n"
    )
    document = load_document(path)
    resolver = Resolver(document)
    assert resolver.follow(document.root.child(f"s{links - 2}")).value == "end"
    with pytest.raises(ReferenceFault, match="leads nowhere"):
        resolver.follow(document.root.child("s0"))


def test_one_reference_may_be_passed_twice(tmp_path: Path) -> None:
    """Passing a reference again after its value is not a cycle."""
    path = tmp_path / "doc.yaml"
    path.write_text("a: {$ref: '#/b'}\nb: {x: {$ref: '#/a/y'}, y: 1}\nstart: {$ref: '#/a/x'}\n")
    document = load_document(path)
    assert Resolver(document).follow(document.root.child("start")).value == 1


def test_the_number_of_hints_is_bounded(tmp_path: Path) -> None:
    """A document gets a bounded number of name comparisons."""
    path = tmp_path / "doc.yaml"
    path.write_text(
        "".join(f"text{index}: 1\n" for index in range(2000))
        + "".join(f"r{index}: {{$ref: '#/texd{index}'}}\n" for index in range(100))
    )
    document = load_document(path)
    resolver = Resolver(document)
    messages = []
    for index in range(100):
        with pytest.raises(ReferenceFault) as raised:
            resolver.follow(document.root.child(f"r{index}"))
        messages.append(raised.value.diagnostic.message)
    assert "did you mean" in messages[0]
    assert "did you mean" not in messages[-1]


@pytest.mark.parametrize(
    ("reference", "code", "says"),
    [
        (r"C:\parts\a.yaml", "REF_FILE", "is a Windows path"),
        ("C:/parts/a.yaml", "REF_FILE", "is a Windows path"),
        (r"parts\a.yaml#/x", "REF_FILE", "with / between folders"),
        ("#/a~2b", "REF_POINTER", "'~2' means nothing"),
        ("#/a~", "REF_POINTER", "write ~0 for ~"),
    ],
)
def test_invalid_references_are_classified(reference: str, code: str, says: str) -> None:
    """A Windows path is not remote, and an invalid escape is not a dangling pointer."""
    document = load_document({"x": {"$ref": reference}})
    with pytest.raises(ReferenceFault) as raised:
        Resolver(document).follow(document.root.child("x"))
    assert raised.value.diagnostic.code == code
    assert says in raised.value.diagnostic.message
