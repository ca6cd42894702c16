"""Bounds on one client."""

from __future__ import annotations

from dataclasses import fields

import pytest

from asynction_asgi.engine import Limits


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_a_bound_is_above_zero(name: str) -> None:
    """A bound of nothing would refuse everything; it is a mistake and said so."""
    with pytest.raises(ValueError, match=name):
        Limits(**{name: 0})
    assert getattr(Limits(**{name: 7}), name) == 7
