"""A contract as a module for its clients: types of everything that travels, and a typed way to connect."""

from .files import ClientModule, differences, file_name, is_ours, mounted
from .python import python_classes, write_python
from .python_classes import parameter_names
from .typescript import typescript_names, write_typescript

__all__ = [
    "ClientModule",
    "differences",
    "file_name",
    "is_ours",
    "mounted",
    "parameter_names",
    "python_classes",
    "typescript_names",
    "write_python",
    "write_typescript",
]
