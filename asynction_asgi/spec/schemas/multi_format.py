"""Formats of schemas, and the Multi Format Schema Object of AsyncAPI 3."""

from __future__ import annotations

import re
from typing import Any

__all__ = ["is_multi_format", "is_supported_format"]

_SUPPORTED = re.compile(
    r"""application/(?:
        vnd\.aai\.asyncapi(?:\+(?:json|yaml))?(?:;version=\S+)?
      | schema(?:\+(?:json|yaml))?;version=draft-0?7
    )""",
    re.VERBOSE,
)


def is_supported_format(name: Any) -> bool:
    """Return whether a schema of this ``schemaFormat`` can be enforced; None is AsyncAPI's own."""
    return name is None or bool(_SUPPORTED.fullmatch(re.sub(r"[\s\"']", "", str(name))))


def is_multi_format(value: Any) -> bool:
    """Return whether a value of 3.x is a Multi Format Schema Object rather than a schema.

    A schema can't have ``schemaFormat``; one with nothing but ``schema`` would say nothing.
    """
    if not isinstance(value, dict) or "schema" not in value:
        return False
    return "schemaFormat" in value or all(key == "schema" or key.startswith("x-") for key in value)
