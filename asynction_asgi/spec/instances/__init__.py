"""Instances of schemas: values that the compiled contract accepts, from any source of choices."""

from __future__ import annotations

from .choices import Choices
from .generator import Instances, UnsatisfiableError

__all__ = ["Choices", "Instances", "UnsatisfiableError"]
