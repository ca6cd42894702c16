"""Tests of a running server, in any language, against its document."""

from __future__ import annotations
