"""The official test suite of JSON Schema, draft by draft, with every exception by name."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.errors import SpecError
from asynction_asgi.spec.schemas import Mismatch, compile_bundle
from asynction_asgi.spec.schemas.dialects import DIALECTS
from asynction_asgi.spec.schemas.elsewhere import Elsewhere
from asynction_asgi.spec.schemas.resources import Resources
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asynction_asgi.spec.text.document import Node

FOLDERS = {
    "draft-04": "draft4",
    "draft-06": "draft6",
    "draft-07": "draft7",
    "2019-09": "draft2019-09",
    "2020-12": "draft2020-12",
}
VOCABULARIES = {
    ("vocabulary.json", "schema that uses custom metaschema with with no validation vocabulary"): "refused",
    ("vocabulary.json", "ignore unrecognized optional vocabulary"): "refused",
}
# Formats are annotations in 2020-12, and always asserted here.
ANNOTATIONS = (
    *("date", "date-time", "duration", "email", "hostname", "idn-email", "idn-hostname", "ipv4", "ipv6"),
    *("iri", "iri-reference", "json-pointer", "regex", "relative-json-pointer", "time", "uri"),
    *("uri-reference", "uri-template", "uuid"),
)
CONTENT = {
    ("optional/content.json", description): "wrong"
    for description in (
        "validation of string-encoded content based on media type",
        "validation of binary string-encoding",
        "validation of binary-encoded media type documents",
    )
}
EXCEPTIONS: dict[str, dict[tuple[str, str], str]] = {
    "draft-04": {
        (
            "optional/zeroTerminatedFloats.json",
            "some languages do not distinguish between different types of numeric value",
        ): "wrong"
    },
    "draft-06": {},
    "draft-07": CONTENT,
    "2019-09": VOCABULARIES,
    "2020-12": {
        **VOCABULARIES,
        **{("format.json", f"{name} format"): "wrong" for name in ANNOTATIONS},
        **{
            (
                "optional/format-assertion.json",
                f"schema that uses custom metaschema with format-assertion: {value}",
            ): "refused"
            for value in ("false", "true")
        },
    },
}
COUNTS = {
    "draft-04": (160, 32),
    "draft-06": (232, 34),
    "draft-07": (257, 38),
    "2019-09": (372, 48),
    "2020-12": (383, 50),
}
# By RFC 5891, which the later drafts name, hyphens in third and fourth place are reserved in every dialect.
RESERVED = {("hostname.json", "validation of host names"): "wrong"}
FORMATS: dict[str, tuple[int, dict[tuple[str, str], str]]] = {
    "draft-04": (7, RESERVED),
    "draft-06": (10, RESERVED),
    "draft-07": (26, {}),
    "2019-09": (28, {}),
    "2020-12": (28, {}),
}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The suite's files, unpacked."""
    folder = tmp_path_factory.mktemp("suite")
    with tarfile.open(Path(__file__).parent / "suite" / "suite.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.parametrize(
    ("name", "placed"),
    [
        *((name, placed) for name in FOLDERS for placed in ("alone", "pasted")),
        *((name, "undeclared") for name in ("draft-06", "draft-07")),
    ],
)
def test_the_official_suite_agrees(suite: Path, name: str, placed: str) -> None:
    """Each group gives the verdicts that it asks for, but for the exceptions listed here.

    The schema is a file's root, or stands under a key as a payload does. Draft-06 and draft-07 need not be
    declared there.
    """
    found = {}
    counts: Counter[bool] = Counter()
    for file, group in groups(suite / "tests" / FOLDERS[name]):
        counts["/" in file] += 1
        outcome = verdict(suite, group, None if placed == "undeclared" else name, is_pasted=placed != "alone")
        if outcome != "right":
            found[file, group["description"]] = outcome
    assert (counts[False], counts[True]) == COUNTS[name]
    assert found == EXCEPTIONS[name]


@pytest.mark.parametrize("name", FOLDERS)
def test_formats_agree_with_the_official_suite(suite: Path, name: str) -> None:
    """Each format gives the verdicts that its draft asks for, but for the exceptions listed here."""
    found = {}
    count = 0
    for file, group in groups(suite / "tests" / FOLDERS[name] / "optional" / "format", ""):
        count += 1
        if (outcome := verdict(suite, group, name, is_pasted=False)) != "right":
            found[file, group["description"]] = outcome
    assert (count, found) == FORMATS[name]


def groups(folder: Path, *parts: str) -> Iterator[tuple[str, Any]]:
    """Yield each group of parts of a draft, with its file; by default of the required and the optional part."""
    for part in parts or ("", "optional"):
        for path in sorted((folder / part).glob("*.json")):
            for group in json.loads(path.read_text("utf-8")):
                yield path.relative_to(folder).as_posix(), group


def verdict(suite: Path, group: Any, name: str | None, *, is_pasted: bool) -> str:
    """Return whether the group's verdicts are ``right`` or ``wrong``, or its schema is ``refused``."""
    schema = group["schema"]
    if is_pasted or isinstance(schema, bool):
        node = load_document({"asyncapi": "3.0.0", "payload": schema}).root.child("payload")
    else:
        node = load_document(schema).root
    try:
        check = compiled(node, suite, name)
    except SpecError:
        return "refused"
    return (
        "right" if all(accepts(check, test["data"]) is test["valid"] for test in group["tests"]) else "wrong"
    )


def compiled(node: Node, suite: Path, name: str | None) -> Any:
    """Return the check of a schema that may refer to the suite's remotes and to meta-schemas."""
    resolver = Resolver(node.document)
    elsewhere = Elsewhere(
        {
            "http://localhost:1234/": suite / "remotes",
            **{f"http://json-schema.org/draft-0{n}/": suite / f"metas/draft-0{n}" for n in "467"},
            **{
                f"https://json-schema.org/draft/{year}/": suite / f"metas/{year}"
                for year in ("2019-09", "2020-12")
            },
        }
    )
    Resources(resolver, elsewhere).add(node, None if name is None else DIALECTS[name])
    bundle, found = compile_bundle([node], resolver, backend="fastjsonschema")
    errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
    if errors:
        raise SpecError(errors)
    return bundle.check(node)


def accepts(check: Any, value: Any) -> bool:
    """Return whether the value is valid."""
    try:
        check(value)
    except Mismatch:
        return False
    return True
