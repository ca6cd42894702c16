"""A Socket.IO server whose contract is an AsyncAPI document."""

from __future__ import annotations

__version__ = "0.1.0"
