"""Regular expressions: parsed, written anew for an engine, and as automata. Nothing here knows schemas."""

from __future__ import annotations

from .automaton import compile_automaton
from .parser import PatternError, parse_pattern
from .sources import ecma_source, python_source

__all__ = ["PatternError", "compile_automaton", "ecma_source", "parse_pattern", "python_source"]
