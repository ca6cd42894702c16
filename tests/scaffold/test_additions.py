"""Stubs added to a module change nothing of what its author wrote there."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from asynction_asgi.python_source.expressions import NONE
from asynction_asgi.scaffold import ScaffoldError
from asynction_asgi.scaffold.additions import Present
from asynction_asgi.scaffold.places import Place
from asynction_asgi.scaffold.stubs import SOCKET, Stub
from tests.cases import each_case

from .generating import is_kept

STUB = Stub(parameters=(SOCKET,), returns=NONE, summary="Handle it", answer="refuse", subject="it")


def add(text: str, *paths: str) -> dict[str, Any]:
    """Add stubs at dotted paths, and return what the module binds; every line of its text is still there."""
    places = [
        Place(module="m", classes=tuple(path.split(".")[:-1]), name=path.split(".")[-1]) for path in paths
    ]
    present = Present("m", text)
    missing = {place: STUB for place in places if present.lacks(place)}
    after = present.with_stubs(missing)
    assert is_kept(text, after)
    assert not any(map(Present("m", after).lacks, places))
    bound: dict[str, Any] = {}
    exec(compile(after, "m.py", "exec"), bound)
    return bound


@pytest.mark.parametrize("char", ["\f", "\v", "\x1c", "\x85", "\u2028"], ids=ascii)
def test_lines_are_those_of_python(char: str) -> None:
    """A character at which only str.splitlines ends a line moves no stub into a function."""
    text = f'class A:\n    def f(self):\n        a = "{char}{char}"\n        return a\n\n\nx = A().f()\n'
    bound = add(text, "A.stop", "say")
    assert bound["x"] == char * 2
    assert inspect.iscoroutinefunction(bound["A"].stop)
    assert inspect.iscoroutinefunction(bound["say"])


@each_case("end", ["\n", "\r\n", "\r"], ids=ascii)
@each_case("margin", ["  ", "   ", "\t", "        "], ids=ascii)
def test_a_method_has_the_indentation_of_its_class(margin: str, end: str) -> None:
    """At every depth, and with the line ends of the module."""
    lines = ["class A:", "_x = 1", "_class B:", "__def f(self):", "___return 2"]
    bound = add(end.join(lines).replace("_", margin) + end, "A.stop", "A.B.stop", "A.C.D.stop", "say")
    owner = bound["A"]
    for kind in (owner, owner.B, owner.C.D):
        assert inspect.iscoroutinefunction(kind.stop)
    assert owner.B().f() == 2


@pytest.mark.parametrize(
    "text",
    [
        "class A:\n    mine = True\n",
        "class A:\n    mine = True",
        "class A:\n    mine = False\n\n\nclass A:\n    mine = True\n\n\nlast = 1\n",
        "class A:\n    class B:\n        pass\n\n    mine = True\n",
        "class A:\n    mine = True\n    # the end\n",
    ],
)
def test_a_class_of_the_author_stays(text: str) -> None:
    """Nested classes are added within it, those that share one in one class."""
    bound = add(text, "A.B.C.say", "A.B.C.stop", "A.B.move", "A.ask")
    owner = bound["A"]
    assert owner.mine
    for kind, name in ((owner, "ask"), (owner.B, "move"), (owner.B.C, "say"), (owner.B.C, "stop")):
        assert inspect.iscoroutinefunction(getattr(kind, name))


@pytest.mark.parametrize("text", ["class A: pass\n", "class A(\n): x = 1; y = 2\n", "class A:\\\n    pass\n"])
def test_a_class_in_one_line_is_refused(text: str) -> None:
    """A line can't be added to it."""
    with pytest.raises(ScaffoldError, match=r"module 'm': .* on (lines of its|a line of its) own"):
        add(text, "A.say")


def test_an_import_within_a_string_is_refused() -> None:
    """The result would be valid Python, but another string."""
    with pytest.raises(ScaffoldError, match="begin each statement on a line of its own"):
        add('import re; x = """\n"""\n', "say")


@pytest.mark.parametrize(
    "text",
    [
        "A = type('A', (), {'say': 1, 'B': type('B', (), {'say': 2})})\n",
        "class Base:\n    say = 1\n    class B:\n        say = 2\n\nclass A(Base):\n    x = 1\n",
        "class Base:\n    say = 1\n\nclass A:\n    say = 1\n    class B(Base):\n        x = 1\n",
        "if True:\n    class A:\n        say = 1\n        class B:\n            say = 2\n",
        "from collections.abc import *\n",
    ],
)
def test_what_may_be_there_is_not_added(text: str) -> None:
    """A stub would hide what a class inherits, or what the module binds in another way."""
    present = Present("m", text)
    for classes in (("A",), ("A", "B")):
        assert not present.lacks(Place(module="m", classes=classes, name="say"))


def test_a_null_character_is_refused() -> None:
    """Python can't compile it."""
    with pytest.raises(ScaffoldError, match="module 'm' can't be read: "):
        Present("m", "x = '\0'")


def test_only_functions_that_nothing_uses_may_be_left_over() -> None:
    """A provider takes a socket, too, and a handler may be passed in code."""
    text = "async def news(socket): yield\nasync def left(socket): ...\nasync def plain(): ...\nNews = Provide(news)\n"
    assert list(Present("m", text).unnamed([])) == ["left"]
