"""An AsyncAPI document in, a compiled contract out: no Socket.IO, no Starlette, no user code."""

from __future__ import annotations
