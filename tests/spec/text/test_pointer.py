"""JSON Pointers as values."""

from __future__ import annotations

import pytest

from asynction_asgi.spec.text.pointer import Pointer
from tests.cases import each_case


@each_case(
    ("text", "tokens"),
    [
        ("", ()),
        ("/", ("",)),
        ("/a/0", ("a", "0")),
        ("/a~1b/m~0n", ("a/b", "m~n")),
        ("/~01", ("~1",)),
        ("//", ("", "")),
    ],
)
def test_a_pointer_is_read_and_written_again(text: str, tokens: tuple[str, ...]) -> None:
    """Text and tokens convert into each other, as in RFC 6901, section 5."""
    pointer = Pointer.parse(text)
    assert pointer.tokens == tokens
    assert str(pointer) == text


def test_a_tilde_that_escapes_nothing_stays() -> None:
    """An invalid escape is kept, and the caller decides about an error."""
    assert Pointer.parse("/a~2").tokens == ("a~2",)


@pytest.mark.parametrize("text", ["a", "#/a", "a/b"])
def test_a_pointer_needs_a_leading_slash(text: str) -> None:
    """The error quotes the text."""
    with pytest.raises(ValueError, match="begins with /") as caught:
        Pointer.parse(text)
    assert repr(text) in str(caught.value)


def test_a_pointer_descends_and_ascends() -> None:
    """``/`` adds a token, ``parent`` removes it, and the root is its own parent."""
    place = Pointer.parse("/channels") / "/chat" / 0
    assert str(place) == "/channels/~1chat/0"
    assert (place.last, str(place.parent)) == ("0", "/channels/~1chat")
    assert (Pointer().last, Pointer().parent) == ("", Pointer())


def test_a_token_is_escaped_by_itself() -> None:
    """A caller can escape one token to extend a pointer as text."""
    assert Pointer.escape("a/b~c") == "a~1b~0c"
    assert Pointer.escape(3) == "3"
