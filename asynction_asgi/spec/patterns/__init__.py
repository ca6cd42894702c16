"""Regular expressions: parsed, rewritten for an engine, and as automata; nothing here depends on schemas."""

from __future__ import annotations

from .automaton import Automaton, compile_automaton, leading_looks
from .effort import estimate_effort
from .inclusion import UndecidedError, find_word
from .parser import PatternError, check_syntax, parse_pattern
from .sources import ecma_source, python_source

__all__ = [
    "Automaton",
    "PatternError",
    "UndecidedError",
    "check_syntax",
    "compile_automaton",
    "ecma_source",
    "estimate_effort",
    "find_word",
    "leading_looks",
    "parse_pattern",
    "python_source",
]
