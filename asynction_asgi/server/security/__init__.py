"""Decide who may connect and who may send what, by the document's security schemes."""

from __future__ import annotations

from .comparison import same_secret
from .identity import Identity
from .jwt_verifier import JWTVerifier
from .rules import SecurityRules, bind_security

__all__ = ["Identity", "JWTVerifier", "SecurityRules", "bind_security", "same_secret"]
