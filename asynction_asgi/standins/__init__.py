"""Handlers that stand in for those that nobody has written, made of a contract alone."""

from __future__ import annotations

from .player import Player
from .scripts import Script, write_scripts
from .settings import MockSettings

__all__ = ["MockSettings", "Player", "Script", "write_scripts"]
