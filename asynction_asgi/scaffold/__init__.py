"""An application to start from: a document's handlers, types and tests, written as source code."""

from __future__ import annotations

from .application import Application, make_application
from .errors import ScaffoldError
from .writing import write_files

__all__ = ["Application", "ScaffoldError", "make_application", "write_files"]
