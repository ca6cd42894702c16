"""Schemas that an absolute URI names, kept in folders of the author's: nothing is fetched."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Elsewhere"]


class Elsewhere:
    """Folders and files in which the schemas of URIs are kept.

    Args:
        schemas: A folder for each beginning of URIs, or a file for a whole URI; the longest counts.

    Attributes:
        paths: The same, the longest first.
    """

    def __init__(self, schemas: Mapping[str, str | os.PathLike[str]]) -> None:
        self.paths = {
            uri.removesuffix("#"): Path(os.fspath(path))
            for uri, path in sorted(schemas.items(), key=lambda entry: -len(entry[0]))
        }

    def path(self, uri: str) -> tuple[Path, Path] | None:
        """Return the file of a URI without a fragment, and what it may not leave, or None.

        The second is the folder that stands for the URI's beginning, or the file that stands for the
        whole URI; see `Files.at`, which checks it.
        """
        for begin, path in self.paths.items():
            if uri == begin:
                return path, path
            rest = uri.removeprefix(f"{begin.removesuffix('/')}/")
            if rest != uri and not path.is_file():
                return path / unquote(rest), path
        return None
