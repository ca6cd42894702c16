"""Instances of schemas: values that the compiled contract accepts, from any source of choices."""

from __future__ import annotations

from .choices import Choices
from .generator import Instances, UnsatisfiableError
from .shown import Examples
from .strings import Providers

__all__ = ["Choices", "Examples", "Instances", "Providers", "UnsatisfiableError"]
