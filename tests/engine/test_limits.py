"""Limits on a single client."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from asynction_asgi.engine import Limits
from tests.cases import each_case


@each_case("name", [field.name for field in fields(Limits)])
def test_a_limit_must_be_above_zero(name: str) -> None:
    """A limit of zero would refuse everything, so it raises an error that names the limit."""
    with pytest.raises(ValueError, match=name):
        Limits(**{name: 0})
    assert getattr(Limits(**{name: 7}), name) == 7


@pytest.mark.parametrize("value", ["7", True, [7], None])
def test_a_limit_must_be_a_number(value: Any) -> None:
    """Another type raises an error that names the limit; None is allowed for optional limits."""
    with pytest.raises(TypeError, match="backlog must be a number"):
        Limits(backlog=value)
    assert Limits(events_per_second=None).events_per_second is None
