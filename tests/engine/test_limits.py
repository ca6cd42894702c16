"""Bounds on one client."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from asynction_asgi.engine import Limits


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_a_bound_is_above_zero(name: str) -> None:
    """A bound of nothing would refuse everything; it is a mistake and said so."""
    with pytest.raises(ValueError, match=name):
        Limits(**{name: 0})
    assert getattr(Limits(**{name: 7}), name) == 7


@pytest.mark.parametrize("value", ["7", True, [7], None])
def test_a_bound_is_a_number(value: Any) -> None:
    """Anything else is told with the name of the bound; None is for those that may be absent."""
    with pytest.raises(TypeError, match="backlog must be a number"):
        Limits(backlog=value)
    assert Limits(events_per_second=None).events_per_second is None
