"""Schemas that an absolute URI names, kept in folders of the author's: nothing is fetched."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ..text.reference_faults import reference_fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..text.document import Node

__all__ = ["Elsewhere"]


class Elsewhere:
    """Folders and files in which the schemas of URIs are kept.

    Args:
        schemas: A folder for each beginning of URIs, or a file for a whole URI; the longest counts.
    """

    def __init__(self, schemas: Mapping[str, str | os.PathLike[str]]) -> None:
        self._paths = {
            uri.removesuffix("#"): Path(os.fspath(path))
            for uri, path in sorted(schemas.items(), key=lambda entry: -len(entry[0]))
        }

    def path(self, node: Node, uri: str) -> Path | None:
        """Return the file of a URI without a fragment, or None if it is kept nowhere.

        Raises:
            ReferenceFault: The URI leads out of its folder.
        """
        for begin, path in self._paths.items():
            if uri == begin:
                return path
            rest = uri.removeprefix(f"{begin.removesuffix('/')}/")
            if rest == uri or path.is_file():
                continue
            file = path / unquote(rest)
            if not file.resolve().is_relative_to(path.resolve()):
                raise reference_fault(node, "REF_FILE", f"{uri!r} leads out of the folder {str(path)!r}")
            return file
        return None
