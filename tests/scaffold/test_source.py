"""Generated source text parses, and preserves the meaning of the document's texts."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asynction_asgi.datatypes.names import Names, is_plain, pascal, singular, snake
from asynction_asgi.python_source.source import Module, call, docstring, literal, one_line
from tests.cases import each_case

if TYPE_CHECKING:
    from pathlib import Path

    from .generating import Tools

# No lone surrogates: the loader refuses documents that contain one.
TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text("\"'\\\n\r\t {}\x00\u2028é日a")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=12,
)


@given(VALUES)
def test_a_literal_is_the_value(value: Any) -> None:
    """A literal evaluates to the value, in one line or several, at any depth."""
    assert ast.literal_eval(literal(value, indent=4, before=20)) == value


@given(TEXT, TEXT)
def test_a_docstring_is_a_single_constant(summary: str, details: str) -> None:
    """A docstring is one constant with printable lines."""
    text = "\n".join(["def f():", *docstring(summary or "x", details, indent=4)])
    (function,) = ast.parse(text).body
    assert isinstance(function, ast.FunctionDef)
    assert len(function.body) == 1
    parsed = ast.get_docstring(function)
    assert parsed
    assert all(line.isprintable() for line in parsed.split("\n"))


@given(TEXT)
def test_one_line_is_printable_and_short(text: str) -> None:
    """Text for comments and messages is printable and at most 60 characters long."""
    assert one_line(text).isprintable()
    assert len(one_line(text)) <= 60


@given(st.lists(TEXT))
def test_names_are_identifiers(texts: list[str]) -> None:
    """Each name is unique and may be defined in source code."""
    for make in (snake, pascal):
        names = Names()
        taken = [names.take(make(text, "thing")) for text in texts]
        assert len(set(taken)) == len(taken)
        assert all(map(is_plain, taken))


@each_case(
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
    """Words are split at capitals and at characters that a name may not contain."""
    assert (snake(text, "thing"), pascal(text, "thing")) == (function, type_name)


def test_reserved_names_are_marked() -> None:
    """Keywords, builtins and names already taken get a suffix."""
    names = Names(["b"])
    assert [names.take(name) for name in ("class", "class", "list", "b", "B", "B")] == [
        *("class_", "class_2", "list_", "b_2", "B", "B2")
    ]


@pytest.mark.parametrize(
    ("word", "expected"),
    [("replies", "reply"), ("tags", "tag"), ("address", "address"), ("bus", "bus"), ("as", "as")],
)
def test_a_plural_becomes_singular(word: str, expected: str) -> None:
    """The singular is derived from the ending of the word."""
    assert singular(word) == expected


@given(st.lists(st.tuples(st.sampled_from(["", "name"]), VALUES), max_size=2))
def test_a_call_has_its_arguments(arguments: list[tuple[str, Any]]) -> None:
    """A call has its positional and its keyword arguments."""
    arguments = [(f"{name}{index}" if name else "", value) for index, (name, value) in enumerate(arguments)]
    arguments.sort(key=lambda argument: bool(argument[0]))
    (expression,) = ast.parse(call("f", arguments, indent=0)).body
    assert isinstance(expression, ast.Expr)
    assert isinstance(expression.value, ast.Call)
    assert [ast.literal_eval(node) for node in expression.value.args] == [
        value for name, value in arguments if not name
    ]
    assert {keyword.arg: ast.literal_eval(keyword.value) for keyword in expression.value.keywords} == {
        name: value for name, value in arguments if name
    }


def test_a_module_imports_what_it_uses(folder: Path, tools: Tools) -> None:
    """Imports are sorted; a clash with the module's own names is renamed or qualified."""
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
