"""Names of namespaces that are templates, such as ``/rooms/{room}``.

Source: AsyncAPI 2.6 and 3.0, channel address expressions; one ``{parameter}`` is one non-empty segment, or
part of one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PARAMETER = re.compile(r"\{([^{}/]+)\}")


def shape_of(name: str) -> str:
    """Return a namespace's name with the names of its parameters left out."""
    return PARAMETER.sub("{}", name)


def fill(name: str, values: Mapping[str, str]) -> str:
    """Return a concrete name of a template; a parameter without a value becomes 1."""
    return PARAMETER.sub(lambda match: values.get(match[1], "1"), name)
