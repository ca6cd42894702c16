"""YAML 1.2 with string keys: what text means, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.spec.text import yaml as module
from asynction_asgi.spec.text.from_mapping import copy_plain
from asynction_asgi.spec.text.yaml import compose, dump_yaml
from asynction_asgi.spec.text.yaml_events import Places


@pytest.fixture(params=["c", "pure"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs with the C parser, and as if it were not installed."""
    assert vars(module)["CParser"] is not None, "the test environment has ruamel.yaml.clib"
    if request.param == "pure":
        monkeypatch.setattr(module, "CParser", None)


@pytest.mark.parametrize(
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
    """A plain scalar is what YAML 1.2's core schema makes of it, a key is always a string."""
    result = compose(text, places=None)
    assert result.faults == []
    if text.startswith("{on"):
        keys = ["on", "yes", "1", "true", "null", "1:30", "012", "2024-01-01", "1.0"]
        value = {key: number for number, key in enumerate(keys, 1)}
    elif text.startswith("a: &x {p: 1}"):
        value = {"a": {"p": 1}, "b": {"p": 2, "q": 3}, "c": {"p": 1, "q": 3}}
    assert result.value == value
    assert repr(result.value) == repr(value), "true is not 1, 1 is not 1.0"


@pytest.mark.parametrize(
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
    """What is wrong with the text is reported where it stands."""
    (fault,) = compose(text, places=None).faults
    assert (fault.code, fault.line) == (code, line)
    if pointer is not None:
        assert fault.pointer == pointer


def test_all_faults_of_a_text_are_found() -> None:
    """One run reports every duplicate, tag and key; the tree of the rest is there."""
    result = compose("a: 1\na: 2\nb: !x 1\n[c]: 3\nd: 4", places=None)
    assert [one.code for one in result.faults] == ["YAML_DUPLICATE_KEY", "YAML_TAG", "YAML_KEY"]
    assert result.value == {"a": 1, "b": None, "d": 4}


def test_aliases_are_shared_and_never_expanded() -> None:
    """A bomb of nested aliases is refused at the alias that passes the bound."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (fault,) = compose("\n".join(lines), places=None).faults
    assert fault.code == "YAML_RECURSIVE_ALIAS"
    small = compose("\n".join(lines[:3]), places=None)
    assert small.faults == []
    assert small.value["a2"][0] is small.value["a2"][9]


def test_aliases_do_not_deepen_a_tree_beyond_the_bound() -> None:
    """Depth counts through aliases, since a walk goes that way."""
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [[[[*a{n - 1}]]]]" for n in range(1, 60))]
    assert [one.code for one in compose("\n".join(lines), places=None).faults] == ["YAML_RECURSIVE_ALIAS"]


def test_places_are_those_of_the_keys_and_values() -> None:
    """Positions are kept per container, merged keys at the place that they come from."""
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


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("a:\n\tb: 1", (1, 0), "tabs cannot indent YAML; use spaces"),
        ("a:\n  b:\n  \tc: 1", (2, 2), "tabs cannot indent YAML; use spaces"),
        ("a:\n  - b\n\t- c", (2, 0), "tabs cannot indent YAML; use spaces"),
        ("a:\t1\n\tb: 1", (0, 2), "tabs cannot be used here; use spaces"),
    ],
)
def test_tabs_are_called_tabs(text: str, place: tuple[int, int], says: str) -> None:
    """Their place is known, and what to use in their stead."""
    (fault,) = compose(text, places=None).faults
    assert (fault.code, fault.message, (fault.line, fault.column)) == ("YAML_SYNTAX", says, place)


def test_tabs_between_brackets_are_yaml() -> None:
    """There they are white space, as in JSON."""
    assert compose('{\n\t"a": [\n\t\t1]}', places=None).value == {"a": [1]}


@pytest.mark.parametrize(
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
    """What JSON can't say is a fault at its pointer."""
    (fault,) = copy_plain(value)[1]
    assert (fault.code, fault.pointer) == (code, pointer)


def test_a_mapping_that_contains_itself_or_is_too_deep_is_a_fault() -> None:
    """Neither hangs nor overflows the stack."""
    own: dict[str, Any] = {}
    own["a"] = [own]
    assert [one.code for one in copy_plain(own)[1]] == ["YAML_RECURSIVE_ALIAS"]
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    assert [one.code for one in copy_plain(deep)[1]] == ["YAML_SYNTAX"]


def test_a_mapping_is_copied() -> None:
    """What the caller changes later does not change the document; tuples become lists."""
    given = {"a": [1, {"b": (2,)}]}
    copy, faults = copy_plain(given)
    assert faults == []
    given["a"].append(3)
    assert copy == {"a": [1, {"b": [2]}]}


def test_dumped_yaml_reads_back() -> None:
    """Order and types survive, words of other YAML versions included."""
    value = {"z": "on", "a": ["1", 1, 1.5, None, True, "", "a: b", "😀", "x\ny"], "m": {"1:30": "2024-01-01"}}
    shared = {"b": 1}
    again = compose(dump_yaml({**value, "s": [shared, shared]}), places=None).value
    assert again == {**value, "s": [shared, shared]}
    assert list(again) == ["z", "a", "m", "s"]
    assert "&" not in dump_yaml([shared, shared])


def test_a_value_with_a_colon_needs_quotes() -> None:
    """A second ": " in a line is answered with the cure; a key that is indented too far is not."""
    (fault,) = compose("info:\n  title: Chat: the game", places=None).faults
    assert fault.message == "a text that contains ': ' must be in quotes"
    assert (fault.line, fault.column) == (1, 13)
    (indented,) = compose("info: x\n  title: Chat", places=None).faults
    assert "quotes" not in indented.message
