"""An application brought up to date with its document, without a change to a line of its author's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .additions import Present
from .errors import ScaffoldError
from .owned import MANIFEST, edited_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .application import Application
    from .places import Place
    from .stubs import Stub

__all__ = ["Update", "make_update", "outdated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What is to be written.

    Attributes:
        files: The content of each file by its path, all others stay as they are.
        notes: What is left to the author, a sentence each.
    """

    files: dict[str, bytes]
    notes: tuple[str, ...]


def outdated(application: Application, folder: Path) -> list[str]:
    """Return the files of ours that are missing or not up to date."""
    return [
        name
        for name in sorted(application.owned)
        if not (folder / name).exists() or (folder / name).read_bytes() != application.files[name]
    ]


def make_update(application: Application, folder: Path, *, force: bool = False) -> Update:
    """Make what brings an application up to date; nothing is written.

    Files of ours are written again, missing modules are added, and stubs of handlers are added to modules.

    Args:
        application: As it would be written now.
        folder: Where it is.
        force: Write files of ours again even if they were edited.

    Raises:
        ScaffoldError: Files of ours were edited, or a module can't be read.
        OSError: A file can't be read.
    """
    owned = {name: application.files[name] for name in application.owned}
    edited = [] if force else edited_files(folder, owned)
    if edited:
        raise ScaffoldError(
            "\n".join([*(f"{folder / name} was edited" for name in edited), "--force overwrites"])
        )
    files = {name: owned[name] for name in outdated(application, folder)}
    notes: list[str] = []
    files |= {
        name: content
        for name, content in application.files.items()
        if name not in owned and name != MANIFEST and not (folder / name).exists()
    }
    for module, stubs in application.stubs.items():
        name = application.paths[module]
        if (folder / name).exists():
            present = Present(module, _read(folder / name))
            missing = {place: stub for place, stub in stubs.items() if present.lacks(place)}
            if missing:
                files[name] = present.with_stubs(missing).encode()
            notes += _to_attach(application, missing) if "app.py" not in files else ()
            notes += [
                f"{name}: {function} is not named by the document any more"
                for function in present.unnamed(stubs)
            ]
    if files:
        files[MANIFEST] = application.files[MANIFEST]
    return Update(files=files, notes=tuple(notes))


def _to_attach(application: Application, added: Mapping[Place, Stub]) -> list[str]:
    """Return what to write into the module of the application, which is its author's."""
    return [
        f"app.py: attach {place.module}.{place.name} to the event {event!r} of {namespace!r}, in handlers="
        for namespace, events in application.attached.items()
        for event, place in events.items()
        if place in added
    ]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise ScaffoldError(f"{path} is not UTF-8") from None
