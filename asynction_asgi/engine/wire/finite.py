"""A quick look for NaN and Infinity, which JSON does not have."""

from __future__ import annotations

import marshal
import re
from typing import Any

_NOT_FINITE = re.compile(rb"[\xf0-\xff][\x7f\xff]")


def may_hold_nan(value: Any) -> bool:
    """Return whether a walk must look for NaN and Infinity; nothing that holds one makes this say no.

    Marshal's form of a value takes C a third of the time of a walk. Doubles stand in it as they are in
    memory, little-endian, and NaN and Infinity have an exponent of ones: they end in 7F or FF.
    """
    try:
        image = marshal.dumps(value)
    except ValueError:  # it holds what only an encoder's hooks know
        return True
    return (b"\x7f" in image or b"\xff" in image) and _NOT_FINITE.search(image) is not None
