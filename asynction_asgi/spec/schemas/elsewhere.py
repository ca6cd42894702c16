"""Schemas that an absolute URI names, kept in folders of the author's: nothing is fetched."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

_SUCH_AS = "such as {'https://schemas.example.com/': 'vendor/schemas'}"


class Elsewhere:
    """Folders and files in which the schemas of URIs are kept.

    Args:
        schemas: A folder for each beginning of URIs, or a file for a whole URI; the longest counts.

    Raises:
        TypeError: `schemas` is not a mapping of URIs to paths.
        ValueError: A URI has no scheme, or a path is empty.

    Attributes:
        paths: The same, the longest first.
    """

    def __init__(self, schemas: Mapping[str, str | os.PathLike[str]]) -> None:
        check_schemas(schemas)
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


def check_schemas(schemas: object) -> None:
    """Refuse a value of the option ``schemas`` that is not a mapping of URIs to paths; the paths need not exist.

    Raises:
        TypeError: It is not such a mapping.
        ValueError: A URI has no scheme, or a path is empty.
    """
    if not isinstance(schemas, Mapping):
        raise TypeError(f"schemas takes paths by URI, {_SUCH_AS}, not {type(schemas).__name__}")
    for uri, path in schemas.items():
        if not isinstance(uri, str) or not isinstance(path, str | os.PathLike):
            raise TypeError(f"schemas takes paths by URI, {_SUCH_AS}, not {uri!r}: {path!r}")
        if not urlsplit(uri).scheme or not os.fspath(path):
            raise ValueError(f"schemas takes paths by URI, {_SUCH_AS}, not {uri!r}: {path!r}")
