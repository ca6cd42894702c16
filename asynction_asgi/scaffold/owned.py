"""Which files of an application are written again when its document changes, and whether they were edited."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

MANIFEST = ".scaffold.json"
"""Holds a hash of each file that is ours, by its path. A document in JSON could hold no marker itself."""


def manifest_of(owned: Mapping[str, bytes]) -> bytes:
    """Return the manifest of the files that are ours."""
    hashes = {name: _hash(content) for name, content in sorted(owned.items())}
    return (json.dumps({"written by asynction-asgi scaffold": hashes}, indent=2) + "\n").encode()


def _read_manifest(folder: Path) -> Mapping[str, str]:
    """Return the hash of each file that is ours, by its path; empty without a readable manifest."""
    try:
        (hashes,) = json.loads((folder / MANIFEST).read_bytes()).values()
        return {str(name): str(digest) for name, digest in hashes.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def edited_files(folder: Path, wanted: Mapping[str, bytes]) -> list[str]:
    """Return the files that would be written again, but are not as they were written.

    Args:
        folder: Of the application.
        wanted: What the files that are ours should hold.
    """
    hashes = _read_manifest(folder)
    found = []
    for name, content in sorted(wanted.items()):
        path = folder / name
        present = path.read_bytes() if path.exists() else content
        if present != content and _hash(present) != hashes.get(name):
            found.append(name)
    return found


def left_over(folder: Path, wanted: Collection[str]) -> dict[str, bool]:
    """Return files that were ours and are not wanted any more: by path, whether each is as it was written.

    Args:
        folder: Of the application; files outside are left out, whatever the manifest says.
        wanted: The files that are ours now.
    """
    home = folder.resolve()
    return {
        name: _hash((folder / name).read_bytes()) == digest
        for name, digest in sorted(_read_manifest(folder).items())
        if name not in wanted and (folder / name).is_file() and (folder / name).resolve().is_relative_to(home)
    }


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
