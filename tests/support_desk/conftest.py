"""The application's own tests are run in a process of their own, as its author runs them."""

from __future__ import annotations

from tests.scaffold.conftest import tools

__all__ = ["tools"]

collect_ignore = ["application"]
