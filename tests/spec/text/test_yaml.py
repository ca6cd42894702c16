"""YAML 1.2 with string keys: the meaning of a text, and its faults."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.spec.text import yaml as module
from asynction_asgi.spec.text.from_mapping import copy_plain
from asynction_asgi.spec.text.yaml import compose, dump_yaml
from asynction_asgi.spec.text.yaml_events import Places
from tests.cases import each_case


@pytest.fixture(params=["c", "pure"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The C parser, and the state in which it is not installed."""
    assert vars(module)["CParser"] is not None, "the test environment has ruamel.yaml.clib"
    if request.param == "pure":
        monkeypatch.setattr(module, "CParser", None)


@each_case(
    ("text", "value"),
    [
        ("{a: yes, b: on, c: No, d: y}", {"a": "yes", "b": "on", "c": "No", "d": "y"}),
        ("[true, True, FALSE, tRue]", [True, True, False, "tRue"]),
        ("[null, Null, ~, '']", [None, None, None, ""]),
        ("a:", {"a": None}),
        ("[1, -2, +3, 012, 0o17, 0x1F]", [1, -2, 3, 12, 15, 31]),
        ("[1.5, .5, 1., 1e3, -1.5E-3]", [1.5, 0.5, 1.0, 1000.0, -0.0015]),
        (
            "[1:30, http://a:b, 1_000, 0b1, 1.2.3, -, +.x]",
            ["1:30", "http://a:b", "1_000", "0b1", "1.2.3", "-", "+.x"],
        ),
        ("[2024-01-01, '2024-01-01 10:00:00']", ["2024-01-01", "2024-01-01 10:00:00"]),
        ("['1', \"true\", ! 1, !!str 1, !!int 1]", ["1", "true", "1", "1", 1]),
        ("!!map {a: !!seq [1]}", {"a": [1]}),
        ("{on: 1, yes: 2, 1: 3, true: 4, null: 5, 1:30: 6, 012: 7, 2024-01-01: 8, 1.0: 9}", None),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("&k a: 1\nb: *k", {"a": 1, "b": "a"}),
        ("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", {"a": {"p": 1, "q": 2}, "b": {"q": 3, "p": 1}}),
        ("a: &x {p: 1}\nb: &y {p: 2, q: 3}\nc: {<<: [*x, *y]}", None),
        ("{'<<': 1}", {"<<": 1}),
        ("a: 😀\nélan: 'x'", {"a": "😀", "élan": "x"}),
        ("", None),
        ("# nothing", None),
    ],
)
def test_values_are_those_of_the_core_schema(text: str, value: Any) -> None:
    """Plain scalars follow YAML 1.2's core schema, and keys are always strings."""
    result = compose(text, places=None)
    assert result.faults == []
    if text.startswith("{on"):
        keys = ["on", "yes", "1", "true", "null", "1:30", "012", "2024-01-01", "1.0"]
        value = {key: number for number, key in enumerate(keys, 1)}
    elif text.startswith("a: &x {p: 1}"):
        value = {"a": {"p": 1}, "b": {"p": 2, "q": 3}, "c": {"p": 1, "q": 3}}
    assert result.value == value
    assert repr(result.value) == repr(value), "true is not 1, 1 is not 1.0"


@each_case(
    ("text", "code", "line", "pointer"),
    [
        ("a: 1\na: 2", "YAML_DUPLICATE_KEY", 1, "/a"),
        ("a:\n  b: {c: 1,\n    c: 2}", "YAML_DUPLICATE_KEY", 2, "/a/b/c"),
        ("1: a\n'1': b", "YAML_DUPLICATE_KEY", 1, "/1"),
        ("a: !!python/object:os.system x", "YAML_TAG", 0, "/a"),
        ("a: [1, !thing {}]", "YAML_TAG", 0, "/a/1"),
        ("a: !!timestamp 2024-01-01", "YAML_TAG", 0, "/a"),
        ("a: !!set {b}", "YAML_TAG", 0, "/a"),
        ("[1, 2]: a", "YAML_KEY", 0, ""),
        ("? {a: 1}\n: b", "YAML_KEY", 0, ""),
        ("!!int 1: a", "YAML_KEY", 0, ""),
        ("x: &x [1]\n*x : a", "YAML_KEY", 1, ""),
        ("a: &a {b: *a}", "YAML_RECURSIVE_ALIAS", 0, "/a/b"),
        ("a: &a [[*a]]", "YAML_RECURSIVE_ALIAS", 0, "/a/0/0"),
        ("a: *b", "YAML_SYNTAX", 0, "/a"),
        ("*b : a", "YAML_SYNTAX", 0, ""),
        ("a: [1", "YAML_SYNTAX", 0, None),
        ("a: b: c", "YAML_SYNTAX", 0, None),
        ("a:\n\t- b", "YAML_SYNTAX", 1, None),
        ("a: 1\n--- \nb: 2", "YAML_SYNTAX", 1, ""),
        ("a: b\x01", "YAML_SYNTAX", 0, ""),
        ("a: .inf", "YAML_SYNTAX", 0, "/a"),
        ("a: .NaN", "YAML_SYNTAX", 0, "/a"),
        ("a: 1e999", "YAML_SYNTAX", 0, "/a"),
        (f"a: {'9' * 5000}", "YAML_SYNTAX", 0, "/a"),
        ("a: {<<: 1}", "YAML_SYNTAX", 0, "/a"),
        ("[" * 200, "YAML_SYNTAX", 0, None),
        ("a: %b", "YAML_SYNTAX", 0, None),
    ],
)
def test_faults_have_a_code_and_a_line(text: str, code: str, line: int, pointer: str | None) -> None:
    """A fault is reported with its code and line."""
    (fault,) = compose(text, places=None).faults
    assert (fault.code, fault.line) == (code, line)
    if pointer is not None:
        assert fault.pointer == pointer


@each_case(
    ("text", "message"),
    [
        ("a:\n  b: 1\n   c: 2\n", "line 3 is indented by 3 spaces, and line 2 by 2;"),
        ("a:\n  b:\n    c: 1\n     d: 2\n", "line 4 is indented by 5 spaces, and line 3 by 4;"),
        ("a:\n  b: 1\n c: 2\n", "line 3 is indented by 1 space, and line 2 by 2;"),
        ("a:\n  b: x\n  c:\n    d: 1\n   e: 2\n", "line 5 is indented by 3 spaces, and line 4 by 4;"),
        ("a:\n    b: 1\n\n# x\n  c: 2\n", "line 5 is indented by 2 spaces, and line 2 by 4;"),
        ("a:\n  - b: 1\n   c: 2\n", "line 3 is indented by 3 spaces, and line 2 by 4, its '- ' included;"),
        ("a:\n  - b\n - c\n", "line 3 is indented by 1 space, and line 2 by 2;"),
        ("a: {t: Chat: live}", "a text that contains ': ' must be in quotes, or a comma is missing"),
        ("a: {t: [x: y: z]}", "a text that contains ': ' must be in quotes, or a comma is missing"),
        ("a: {b: 1\nc: 2", "expected ',' or '}', but got ':'"),
        ("a: b: c", "a text that contains ': ' must be in quotes"),
        ("a:\n\tb: 1", "tabs cannot indent YAML; use spaces"),
        ("a: [1", "expected ',' or ']'"),
        ("a:\n  b: 1\n  - c\n", "found '-'"),
    ],
)
def test_common_mistakes_are_explained(text: str, message: str) -> None:
    """Indentation is compared with the nearest of the levels above; else the parser's words are kept."""
    (fault,) = compose(text, places=None).faults
    assert message in fault.message


def test_all_faults_of_a_text_are_found() -> None:
    """One run reports each duplicate, tag and key, and returns the rest of the tree."""
    result = compose("a: 1\na: 2\nb: !x 1\n[c]: 3\nd: 4", places=None)
    assert [fault.code for fault in result.faults] == ["YAML_DUPLICATE_KEY", "YAML_TAG", "YAML_KEY"]
    assert result.value == {"a": 1, "b": None, "d": 4}


def test_aliases_are_shared_and_never_expanded() -> None:
    """A bomb of nested aliases is refused at the alias that exceeds the bound."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (fault,) = compose("\n".join(lines), places=None).faults
    assert fault.code == "YAML_RECURSIVE_ALIAS"
    small = compose("\n".join(lines[:3]), places=None)
    assert small.faults == []
    assert small.value["a2"][0] is small.value["a2"][9]


def test_aliases_count_towards_the_depth() -> None:
    """The limit of depth counts through aliases."""
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [[[[*a{n - 1}]]]]" for n in range(1, 60))]
    assert [fault.code for fault in compose("\n".join(lines), places=None).faults] == ["YAML_RECURSIVE_ALIAS"]


def test_places_are_those_of_the_keys_and_values() -> None:
    """Positions are kept per container, and merged keys have their original position."""
    places = Places()
    value = compose("a: &x {p: 1}\nb:\n  - q\nc: {<<: *x}\nd:", places=places).value
    assert places.start == (0, 0)
    assert places.of[id(value)] == {
        "a": ((0, 0), (0, 3)),
        "b": ((1, 0), (2, 2)),
        "c": ((3, 0), (3, 3)),
        "d": ((4, 0), (4, 0)),
    }
    assert places.of[id(value["b"])] == {0: ((2, 4), (2, 4))}
    assert places.of[id(value["c"])] == {"p": ((0, 7), (0, 10))}


@each_case(
    ("text", "place", "says"),
    [
        ("a:\n\tb: 1", (1, 0), "tabs cannot indent YAML; use spaces"),
        ("a:\n  b:\n  \tc: 1", (2, 2), "tabs cannot indent YAML; use spaces"),
        ("a:\n  - b\n\t- c", (2, 0), "tabs cannot indent YAML; use spaces"),
        ("a:\t1\n\tb: 1", (0, 2), "tabs cannot be used here; use spaces"),
    ],
)
def test_tabs_are_named_in_the_error(text: str, place: tuple[int, int], says: str) -> None:
    """The error has the tab's place and says what to use instead."""
    (fault,) = compose(text, places=None).faults
    assert (fault.code, fault.message, (fault.line, fault.column)) == ("YAML_SYNTAX", says, place)


def test_tabs_between_brackets_are_yaml() -> None:
    """Between brackets a tab is white space, as in JSON."""
    assert compose('{\n\t"a": [\n\t\t1]}', places=None).value == {"a": [1]}


@each_case(
    ("value", "code", "pointer"),
    [
        ({"a": {1: "b"}}, "YAML_KEY", "/a"),
        ({"a": [object()]}, "TYPE", "/a/0"),
        ({"a/b": {"c~": b"x"}}, "TYPE", "/a~1b/c~0"),
        ({"a": float("nan")}, "TYPE", "/a"),
        ({"a": float("inf")}, "TYPE", "/a"),
        ({"a": "\ud800"}, "YAML_SYNTAX", "/a"),
    ],
)
def test_a_mapping_must_be_json(value: Any, code: str, pointer: str) -> None:
    """A value that JSON cannot express is a fault at its pointer."""
    (fault,) = copy_plain(value)[1]
    assert (fault.code, fault.pointer) == (code, pointer)


def test_a_cyclic_or_deep_mapping_is_a_fault() -> None:
    """Such a mapping neither hangs nor overflows the stack."""
    own: dict[str, Any] = {}
    own["a"] = [own]
    assert [fault.code for fault in copy_plain(own)[1]] == ["YAML_RECURSIVE_ALIAS"]
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    assert [fault.code for fault in copy_plain(deep)[1]] == ["YAML_SYNTAX"]


def test_a_mapping_is_copied() -> None:
    """Later changes of the mapping do not change the document, and tuples become lists."""
    given = {"a": [1, {"b": (2,)}]}
    copy, faults = copy_plain(given)
    assert faults == []
    given["a"].append(3)
    assert copy == {"a": [1, {"b": [2]}]}


def test_dumped_yaml_reads_back() -> None:
    """Order and types survive, as do words with a meaning in other YAML versions."""
    value = {"z": "on", "a": ["1", 1, 1.5, None, True, "", "a: b", "😀", "x\ny"], "m": {"1:30": "2024-01-01"}}
    shared = {"b": 1}
    again = compose(dump_yaml({**value, "s": [shared, shared]}), places=None).value
    assert again == {**value, "s": [shared, shared]}
    assert list(again) == ["z", "a", "m", "s"]
    assert "&" not in dump_yaml([shared, shared])


def test_a_value_with_a_colon_needs_quotes() -> None:
    """A second ": " in a line is reported with the remedy, unlike a wrongly indented key."""
    (fault,) = compose("info:\n  title: Chat: the game", places=None).faults
    assert fault.message == "a text that contains ': ' must be in quotes"
    assert (fault.line, fault.column) == (1, 13)
    (indented,) = compose("info: x\n  title: Chat", places=None).faults
    assert "quotes" not in indented.message
