"""Metrics of a contract at work: what is counted, where, and in which formats it is read."""

from .families import FAMILIES, Family
from .layout import Layout
from .metrics import Metrics
from .sample import Sample

__all__ = ["FAMILIES", "Family", "Layout", "Metrics", "Sample"]
