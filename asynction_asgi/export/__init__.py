"""A first document for servers and namespaces of python-socketio, from their handlers and annotations."""

from __future__ import annotations

from .document import Exported, export_document
from .served import ExportError, Served, read_served

__all__ = ["ExportError", "Exported", "Served", "export_document", "read_served"]
