"""What a document may be given as."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import IO, Any, TypeAlias

from ..spec import Spec, load_spec

__all__ = ["Source", "load_source"]

Source: TypeAlias = str | os.PathLike[str] | Mapping[str, Any] | IO[str] | Spec


def load_source(source: Source, *, server_name: str | None = None) -> Spec:
    """The contract of a path, an open file, a mapping, or one that was loaded before.

    Raises:
        SpecError: the document can't be loaded or served.
        TypeError: it is none of those.
    """
    if isinstance(source, Spec):
        return source
    if not isinstance(source, str | os.PathLike | Mapping) and not hasattr(source, "read"):
        raise TypeError(
            f"a document is a path, an open file, a mapping or a Spec, not {type(source).__name__}"
        )
    return load_spec(source, server_name=server_name)
