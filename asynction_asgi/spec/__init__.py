"""An AsyncAPI document in, a compiled contract out: no Socket.IO, no Starlette, no user code."""

from __future__ import annotations

from .load import Outcome, check_document, load_spec
from .model import Spec

__all__ = ["Outcome", "Spec", "check_document", "load_spec"]
