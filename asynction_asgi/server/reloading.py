"""Advice for uvicorn's reloader, which by default restarts for Python files only."""

from __future__ import annotations

import multiprocessing
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from uvicorn import Config

# The command line's own reloader follows documents by itself.
_OURS = "asynction_asgi.cli."


def reload_advice(files: Sequence[Path]) -> str | None:
    """Return what to do if uvicorn's reloader misses changes of some files, or None.

    Args:
        files: Of the document; absolute.
    """
    config = _reloading()
    if config is None:
        return None
    missed = [file for file in files if not _notices(config, file)]
    if not missed:
        return None
    patterns = sorted({f"*{file.suffix}" for file in missed if file.suffix})
    folders = sorted({str(file.parent) for file in missed if not _is_below(config, file)})
    flags = [f"--reload-include {pattern!r}" for pattern in patterns]
    flags += [f"--reload-dir {folder!r}" for folder in ([".", *folders] if folders else ())]
    needs = "" if _has_watchfiles() else ", after pip install watchfiles,"
    return (
        f"uvicorn --reload does not notice changes of {missed[0].name!r}: start it{needs} with {' '.join(flags)};"
        " 'asynction-asgi run MODULE:APP --reload' follows every file of a document by itself"
    )


def _reloading() -> Config | None:
    """Return the configuration of uvicorn if its reloader has started this process, or None.

    However uvicorn was started, its supervisor passes the configuration to the process that serves.
    """
    uvicorn = sys.modules.get("uvicorn")
    if uvicorn is None:
        return None
    config = getattr(multiprocessing.current_process(), "_kwargs", {}).get("config")
    if not isinstance(config, uvicorn.Config) or not config.should_reload:
        return None
    return None if str(config.app).startswith(_OURS) else config


def _notices(config: Config, file: Path) -> bool:
    if not _has_watchfiles():
        return False
    from uvicorn.supervisors.watchfilesreload import FileFilter  # noqa: PLC0415  # needs watchfiles

    return _is_below(config, file) and FileFilter(config)(file)


def _is_below(config: Config, file: Path) -> bool:
    """Return whether a file is in one of the folders that are watched."""
    return any(folder in file.resolve().parents or folder in file.parents for folder in config.reload_dirs)


def _has_watchfiles() -> bool:
    from uvicorn.supervisors import ChangeReload  # noqa: PLC0415  # only under a reloader

    return ChangeReload.__name__ == "WatchFilesReload"
