"""An application to start from: a document's handlers, types and tests, written as source code."""

from __future__ import annotations

from .application import Application, make_application
from .errors import ScaffoldError
from .update import Update, make_update, outdated
from .writing import remove_files, write_files

__all__ = [
    "Application",
    "ScaffoldError",
    "Update",
    "make_application",
    "make_update",
    "outdated",
    "remove_files",
    "write_files",
]
