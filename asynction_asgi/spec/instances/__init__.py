"""Instances of schemas: values that the compiled contract accepts, from any source of choices."""

from __future__ import annotations

from .choices import Choices
from .edges import Edges
from .generator import Instances, UnsatisfiableError
from .shown import Examples
from .strings import Providers

__all__ = ["Choices", "Edges", "Examples", "Instances", "Providers", "UnsatisfiableError"]
