"""The package's public names, which are imported on first use."""

from __future__ import annotations

import pytest

import asynction_asgi


def test_every_public_name_can_be_imported() -> None:
    """Each name is defined in its part, and is listed for completion."""
    for name in asynction_asgi.__all__:
        assert getattr(asynction_asgi, name).__name__ == name
    assert set(asynction_asgi.__all__) <= set(dir(asynction_asgi))


def test_an_unknown_name_is_an_attribute_error() -> None:
    """The error has Python's usual message."""
    with pytest.raises(
        AttributeError, match=r"^module 'asynction_asgi' has no attribute 'AsynctionSocketIo'$"
    ):
        getattr(asynction_asgi, "AsynctionSocketIo")  # noqa: B009  # mypy would refuse it outright
