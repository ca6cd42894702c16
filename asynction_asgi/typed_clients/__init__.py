"""A contract as a module for its clients: types of everything that travels, and a typed way to connect."""

from .files import differences, file_name, is_ours
from .typescript import ClientModule, write_typescript

__all__ = ["ClientModule", "differences", "file_name", "is_ours", "write_typescript"]
