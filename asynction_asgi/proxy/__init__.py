"""A contract in front of a server that does not know it, in whatever language that is written."""

from __future__ import annotations

from .behind import FORWARDED, Behind
from .recorder import Recorder
from .serve import proxy_of

__all__ = ["FORWARDED", "Behind", "Recorder", "proxy_of"]
