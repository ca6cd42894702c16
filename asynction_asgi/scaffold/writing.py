"""Files, written below a folder where none is in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import ScaffoldError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


def write_files(files: Mapping[str, bytes], folder: Path, *, force: bool = False) -> list[Path]:
    """Write files below a folder, which is made where it is missing.

    Args:
        files: Content by path; relative, with slashes.
        folder: Where to.
        force: Overwrite what is there.

    Returns:
        The files written, in order.

    Raises:
        ScaffoldError: A file is there already, or would be outside the folder; nothing was written.
        OSError: A file can't be written; those before it were.
    """
    home = folder.resolve()
    paths = {folder / name: content for name, content in sorted(files.items())}
    outside = [path for path in paths if not path.resolve().is_relative_to(home)]
    if outside:
        raise ScaffoldError(f"{outside[0]} leads out of {folder}, through a link")
    there = [path for path in paths if path.exists() or path.is_symlink()]
    if there and not force:
        raise ScaffoldError("\n".join([*(f"{path} exists" for path in there), "--force overwrites"]))
    for path, content in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return list(paths)


def remove_files(names: Iterable[str], folder: Path) -> list[Path]:
    """Remove files of a folder.

    Returns:
        The files removed, in order.

    Raises:
        OSError: A file can't be removed; those before it were.
    """
    paths = [folder / name for name in sorted(names)]
    for path in paths:
        path.unlink(missing_ok=True)
    return paths
