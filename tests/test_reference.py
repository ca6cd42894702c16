"""The reference is complete: every code, option, key and command has a sentence, and every table its rows."""

from __future__ import annotations

import ast
import inspect
import re
import tomllib
from collections import Counter
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import click
import pytest
import socketio

import asynction_asgi
import asynction_asgi.mock
import asynction_asgi.testing
from asynction_asgi import Limits, check_document
from asynction_asgi.codes import DIAGNOSTICS, REFUSALS
from asynction_asgi.engine.options import UpstreamOptions
from asynction_asgi.metrics import FAMILIES
from asynction_asgi.mock import MockSettings
from asynction_asgi.probe.judge import CODES as FINDINGS
from asynction_asgi.reasons import Code
from asynction_asgi.server.instead import OPTIONS
from asynction_asgi.server.option_help import described
from asynction_asgi.spec.structure.extensions import PLACES
from asynction_asgi.spec.structure.meanings import MEANINGS
from docs.generated import PARTS
from docs.generated.commands import all_commands
from docs.generated.extensions import FREE, grammar_of, rows_of_extensions
from docs.generated.options import option_groups
from docs.generated.reasons import SEEN, sets
from tests.cases import each_case

from .pages import BLOCKS, PAGES, ROOT, TEXT, Block, block, codes, load_block, table
from .wire.report import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGE = ROOT / "asynction_asgi"
NOT_CODES = {"POST", "HEAD", "NFKC"}
KEYS = [example for example in BLOCKS if example.heading in MEANINGS]


def constants(folder: Path) -> Iterator[str]:
    """Yield strings that are arguments of calls, values of mappings or defaults of parameters."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            values: list[ast.expr | None] = []
            if isinstance(node, ast.Call):
                values = [*node.args, *(keyword.value for keyword in node.keywords)]
            elif isinstance(node, ast.Dict):
                values = [*node.values]
            elif isinstance(node, ast.arguments):
                values = [*node.defaults, *node.kw_defaults]
            for value in values:
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    yield value.value


def test_the_codes_of_changes_are_complete() -> None:
    """The table has exactly the codes that the package uses."""
    used = {
        word
        for path in (ROOT / "asynction_asgi" / "diff").rglob("*.py")
        for word in re.findall(r'"((?:[A-Z]+_)+[A-Z]+|CLOSED|OPENED)"', path.read_text("utf-8"))
    }
    rows = [codes for codes, _ in table("Comparing two versions")]
    listed = {code for codes in rows for code in re.findall(r"`([A-Z_]+)`", codes)}
    families = tuple(family for codes in rows for family in re.findall(r"`([A-Z]+_)…`", codes))
    assert {code for code in used if not code.startswith(families) or code in listed} == listed


def test_the_codes_of_findings_are_complete() -> None:
    """The table of a running server's faults has exactly the codes that a run can report."""
    assert codes([row[0] for row in table("Testing a running server")]) == set(FINDINGS)


def test_the_named_extras_exist() -> None:
    """The extras in commands and in prose are extras of the project."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for heading in ("Install", "See the demo", "Run the tests"):
        assert set(re.findall(r"\.\[(\w+)\]", block("bash", heading))) <= set(extras)
    assert set(re.findall(r"`\[(\w+)\]`", TEXT)) <= set(extras)


def test_headings_are_unique() -> None:
    """A heading names its examples and tables, whatever page it is on."""
    counted = Counter(
        re.findall(
            r"^#+ [^\n]+$", re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
        )
    )
    assert [heading for heading, times in counted.items() if times > 1] == []


def test_linked_files_exist() -> None:
    """The files to which the README and the pages link exist; the build checks anchors, too."""
    links = [
        (page, link) for page in PAGES for link in re.findall(r"\]\(([^):]+)\)", page.read_text("utf-8"))
    ]
    assert links
    files = [page.parent / (link.partition("#")[0] or page.name) for page, link in links]
    assert [file for file in files if not file.is_file()] == []


@pytest.mark.parametrize("folder", ["guides", "reference", "explanation"])
def test_an_index_links_every_page(folder: str) -> None:
    """Where Markdown is read as it is, its list shows what the site's navigation shows, in that order."""
    text = (ROOT / "docs" / folder / "index.md").read_text("utf-8")
    linked = re.findall(r"^- \[[^]]+\]\(([\w-]+)\.md\)", text, re.MULTILINE)
    navigation = re.findall(r"^```{toctree}\n(?::.*\n)+\n((?:.+\n)+?)```", text, re.MULTILINE)
    assert linked == "".join(navigation).split()
    assert {*linked, "index"} == {page.stem for page in (ROOT / "docs" / folder).glob("*.md")}


def test_the_readme_is_short() -> None:
    """The README is read in one go; everything else has a page."""
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 150


def test_the_changelog_says_nothing_twice() -> None:
    """Every entry is there once, also after a merge that keeps the lines of both sides."""
    lines = (ROOT / "CHANGELOG.md").read_text("utf-8").splitlines()
    began = Counter(line for line in lines if line.startswith("- "))
    assert [line for line, count in began.items() if count > 1] == []


def test_the_table_of_faults_is_current() -> None:
    """Each class has its number of faults, all passed by our server; the bare server is measured by hand."""
    kinds = Counter(fault.kind for fault in EVERYTHING)
    shown = table("Faults")
    assert {row[0]: row[1] for row in shown} == {
        **{kind: str(n) for kind, n in kinds.items()},
        "all": str(kinds.total()),
    }
    for _, count, bare, ours in shown:
        assert ours == f"{count} (100 %)"
        passed = int(bare.split()[0])
        assert bare == f"{passed} ({100 * passed // int(count)} %)"
    assert int(shown[-1][2].split()[0]) == sum(int(row[2].split()[0]) for row in shown[:-1])


def test_the_refusal_codes_are_complete() -> None:
    """Each code that the server itself sends is explained."""
    raised: set[str] = set()
    for path in [
        *(PACKAGE / "server").rglob("*.py"),
        *(PACKAGE / "engine").rglob("*.py"),
        PACKAGE / "errors.py",
    ]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            values: list[ast.expr | None] = []
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
                "RefusedError",
                "SecurityError",
            ):
                values = [*node.args[:1]]
            elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "code":
                values = [node.value]
            raised |= {str(value.value) for value in values if isinstance(value, ast.Constant)}
    assert raised - {"refused"} <= REFUSALS.keys()
    assert REFUSALS.keys() == set(Code) - {Code.OTHER}


def test_every_dependency_is_explained() -> None:
    """The page gives a reason for every installed package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [
        requirement
        for name, requirements in project["optional-dependencies"].items()
        if name not in ("docs", "test", "dev")
        for requirement in requirements
    ]
    wanted = {re.split(r"[<>=;\[ ]", requirement)[0] for requirement in [*project["dependencies"], *extras]}
    shown = {
        name for row in table("Why each dependency") for name in re.findall(r"[\w.-]+", row[0].split("(")[0])
    }
    assert shown == wanted


def test_the_diagnostic_codes_are_complete() -> None:
    """Exactly the codes that loading a document can report are explained."""
    used = {text for part in ("spec", "server", "mock") for text in constants(PACKAGE / part)}
    explained = {code for codes in DIAGNOSTICS.values() for code in codes}
    assert {
        text for text in used if re.fullmatch("[A-Z]{4,}|[A-Z]{2,}(_[A-Z]+)+", text)
    } - NOT_CODES == explained


@each_case("name", PARTS)
def test_a_generated_part_is_on_a_page(name: str) -> None:
    """Every part that is generated stands on a page, and every table has its rows."""
    assert f"```{{generated}} {name}\n" in TEXT
    assert len(PARTS[name]().splitlines()) > 10


def test_every_option_has_a_sentence() -> None:
    """Each option of ``from_spec`` is described, and each description is of an option."""
    listed = [option for group in option_groups().values() for option in group]
    assert [option.name for option in listed if not option.text.endswith(".")] == []
    assert {option.name for option in listed} >= {
        *asynction_asgi.Options.__annotations__,
        "strict",
        "schemas",
    }


def test_every_option_of_python_socketio_has_a_row() -> None:
    """The migration guide says of each option what it does otherwise here."""
    rows = table("Options of AsyncServer")
    listed = Counter(name for row in rows[:-1] for name in re.findall(r"`(\w+)", row[0]))
    assert listed == Counter([*UpstreamOptions.__annotations__, "always_connect"])
    parameters = inspect.signature(socketio.ASGIApp).parameters
    assert re.findall(r"\w+", rows[-1][0]) == ["ASGIApp", *list(parameters)[1:]]
    assert {*parameters, "always_connect"} - {"socketio_server"} <= OPTIONS.keys()


@pytest.mark.parametrize("settings", [Limits, MockSettings])
def test_every_setting_has_a_sentence(settings: Any) -> None:
    """Each field is described, and each description is of a field."""
    assert described(settings).keys() == {field.name for field in fields(settings)}


def test_every_command_has_a_sentence() -> None:
    """Each command has a text, and each option that is ours has one."""
    for name, command, _ in all_commands():
        assert command.help, name
        options = [option for option in command.params if isinstance(option, click.Option)]
        assert [option.name for option in options if not option.help] == [], name


def test_every_key_has_a_sentence_and_an_example() -> None:
    """The keys are those of the grammar."""
    assert PLACES.keys() == MEANINGS.keys()
    assert [example.heading for example in KEYS] == re.findall(r"^### (x-\w+)$", TEXT, re.MULTILINE)
    assert {example.heading for example in KEYS} == MEANINGS.keys()


def test_the_table_of_keys_has_no_empty_cell() -> None:
    """Each key says where it stands and what it is, also where the grammar leaves its value to others."""
    assert [row for row in rows_of_extensions() if not all(row)] == []
    assert [key for key in FREE if grammar_of(key)] == []


def test_every_set_of_reasons_says_where_it_is_seen() -> None:
    """The metrics that a text names exist, and each set has a sentence of its own."""
    assert sets().keys() == SEEN.keys()
    families = {family.sample.removesuffix("_total") for family in FAMILIES}
    assert {*re.findall(r"`(asynction_\w+)`", "".join(SEEN.values()))} <= families
    assert all(members.__doc__ for members in sets().values())


@each_case("example", KEYS, ids=lambda example: example.heading)
def test_the_example_of_a_key_can_be_served(example: Block) -> None:
    """Each example is valid where its page says that it stands."""
    value = load_block(example)
    assert example.heading in value
    place = PLACES[example.heading][0]
    document: dict[str, Any] = {
        "asyncapi": "2.6.0",
        "info": {"title": "", "version": "1"},
        "servers": {"only": {"url": "ws://localhost", "protocol": "ws", "security": [{"scheme": []}]}},
        "channels": {"/": {"publish": {"message": {"name": "event", "payload": {"type": "string"}}}}},
        "components": {
            "securitySchemes": {
                "scheme": {"type": "http", "scheme": "bearer", "x-bearerInfoFunc": "accounts.check"}
            }
        },
    }
    if place == "a security scheme":
        document["components"]["securitySchemes"]["scheme"] = value
    elif place == "a channel":
        document["channels"]["/"] |= value
    elif place == "the components object":
        document["components"] |= value
    else:
        document["channels"]["/"]["publish"]["message"] = value
    outcome = check_document(document, strict=True)
    assert outcome.servable, [str(diagnostic) for diagnostic in outcome.diagnostics]


def test_every_public_name_is_in_the_reference() -> None:
    """Each name of the public packages has an entry, or a page of its own."""
    named = re.findall(r"^\.\. auto\w+:: (\w+)(?:\(.*\))?$", TEXT, re.MULTILINE)
    entries = {*named, "Limits", "Options"}
    packages = (asynction_asgi, asynction_asgi.testing, asynction_asgi.mock)
    assert {name for package in packages for name in package.__all__} == entries
