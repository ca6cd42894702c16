"""The seam to python-socketio and python-engineio, and the only importer of both."""

from __future__ import annotations
