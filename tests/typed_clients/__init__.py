"""Typed client modules: what they accept and refuse, as compilers and real clients see it."""
