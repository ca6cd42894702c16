"""The package's public names, which are imported when they are first used."""

from __future__ import annotations

import pytest

import asynction_asgi


def test_every_public_name_is_there() -> None:
    """Each is what its part defines, and is listed for completion."""
    for name in asynction_asgi.__all__:
        assert getattr(asynction_asgi, name).__name__ == name
    assert set(asynction_asgi.__all__) <= set(dir(asynction_asgi))


def test_another_name_is_an_attribute_error() -> None:
    """With the words that Python has for it."""
    with pytest.raises(
        AttributeError, match=r"^module 'asynction_asgi' has no attribute 'AsynctionSocketIo'$"
    ):
        getattr(asynction_asgi, "AsynctionSocketIo")  # noqa: B009 - mypy would refuse it outright
