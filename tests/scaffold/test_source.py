"""Source text: whatever a document says, it parses, and means what it meant."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asynction_asgi.datatypes.names import Names, is_plain, pascal, singular, snake
from asynction_asgi.scaffold.source import Module, call, docstring, literal, one_line

if TYPE_CHECKING:
    from pathlib import Path

    from .generating import Tools

# No lone surrogates: the loader lets none into a document.
TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text("\"'\\\n\r\t {}\x00\u2028é日a")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)


@settings(deadline=None)
@given(VALUES)
def test_a_literal_is_the_value(value: Any) -> None:
    """In one line or several, nested as deep as it may be."""
    assert ast.literal_eval(literal(value, indent=4, before=20)) == value


@settings(deadline=None)
@given(TEXT, TEXT)
def test_a_docstring_is_a_docstring(summary: str, details: str) -> None:
    """One constant, whose lines are printable."""
    text = "\n".join(["def f():", *docstring(summary or "x", details, indent=4)])
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    assert len(function.body) == 1
    found = ast.get_docstring(function)
    assert found
    assert all(line.isprintable() for line in found.split("\n"))


@settings(deadline=None)
@given(TEXT)
def test_a_line_is_one_line(text: str) -> None:
    """For comments and messages: printable and bounded."""
    assert one_line(text).isprintable()
    assert len(one_line(text)) <= 60


@settings(deadline=None)
@given(st.lists(TEXT))
def test_names_are_identifiers(texts: list[str]) -> None:
    """Each once, and each one that source code can define."""
    for make in (snake, pascal):
        names = Names()
        made = [names.take(make(text, "thing")) for text in texts]
        assert len(set(made)) == len(made)
        assert all(map(is_plain, made))


@pytest.mark.parametrize(
    ("text", "function", "type_name"),
    [
        ("send message", "send_message", "SendMessage"),
        ("sendMessage", "send_message", "SendMessage"),
        ("HTTPRequest", "http_request", "HTTPRequest"),
        ("CHAT_MESSAGE", "chat_message", "ChatMessage"),
        ("1st", "thing_1st", "thing1st"),
        ("日本 語", "日本_語", "日本語"),
        ("🎉", "thing", "thing"),
        ("\u0301", "thing_\u0301", "thin\u01f5"),
        ("../../etc/passwd", "etc_passwd", "EtcPasswd"),
    ],
)
def test_words_become_names(text: str, function: str, type_name: str) -> None:
    """Split at humps and at whatever can't stand in a name."""
    assert (snake(text, "thing"), pascal(text, "thing")) == (function, type_name)


def test_reserved_names_are_marked() -> None:
    """Keywords and builtins, and what was given before."""
    names = Names(["b"])
    assert [names.take(one) for one in ("class", "class", "list", "b", "B", "B")] == [
        *("class_", "class_2", "list_", "b_2", "B", "B2")
    ]


@pytest.mark.parametrize(
    ("word", "one"),
    [("replies", "reply"), ("tags", "tag"), ("address", "address"), ("bus", "bus"), ("as", "as")],
)
def test_one_of_many(word: str, one: str) -> None:
    """As far as an ending tells."""
    assert singular(word) == one


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["", "name"]), VALUES), max_size=2))
def test_a_call_has_its_arguments(arguments: list[tuple[str, Any]]) -> None:
    """By place and by name."""
    arguments = [(f"{name}{index}" if name else "", one) for index, (name, one) in enumerate(arguments)]
    arguments.sort(key=lambda each: bool(each[0]))
    (expression,) = ast.parse(call("f", arguments, indent=0)).body
    assert isinstance(expression, ast.Expr)
    assert isinstance(expression.value, ast.Call)
    assert [ast.literal_eval(one) for one in expression.value.args] == [
        one for name, one in arguments if not name
    ]
    assert {one.arg: ast.literal_eval(one.value) for one in expression.value.keywords} == {
        name: one for name, one in arguments if name
    }


def test_a_module_imports_what_it_uses(folder: Path, tools: Tools) -> None:
    """Sorted as linters want it; a name that the module has itself is renamed, a builtin taken from its module."""
    module = Module("handlers", "Doc", own={"Socket", "list", "security"})
    assert module.use("asynction_asgi", "Socket") == "Socket_"
    assert module.use("asynction_asgi", "RefusedError") == "RefusedError"
    assert module.use("builtins", "list") == "builtins.list"
    assert module.use("builtins", "dict") == "dict"
    assert module.use_module("security") == "security_"
    many = [module.use("payloads", f"Payload{index}") for index in range(12)]
    module.lines += [
        "Socket = Socket_, RefusedError, builtins.list, security_",
        f"security = ({', '.join(many)})",
        "list = 1",
    ]
    folder.mkdir()
    for name in ("security", "payloads"):
        (folder / f"{name}.py").touch()
    (folder / "handlers.py").write_text(module.text(), "utf-8")
    tools.lint_imports(folder)
    assert (
        "from asynction_asgi import RefusedError\nfrom asynction_asgi import Socket as Socket_\n"
        in module.text()
    )
    assert "import security as security_\n" in module.text()
    assert module.text().index("Payload9") < module.text().index("Payload10")
