"""Schemas to checks: lint, normalise, generate; once per document, in one bundle.

The folder is the only importer of fastjsonschema and of jsonschema-rs.
"""

from __future__ import annotations

from .bundle import Bundle, Check, Mismatch, compile_bundle

__all__ = ["Bundle", "Check", "Mismatch", "compile_bundle"]
