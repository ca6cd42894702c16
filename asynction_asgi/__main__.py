"""``python -m asynction_asgi`` is ``asynction-asgi``."""

from __future__ import annotations

from .cli import main

main(prog_name="asynction-asgi")
