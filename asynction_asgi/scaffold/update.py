"""An application brought up to date with its document, without a change to a line of its author's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .additions import Present
from .deployments import DEPLOYMENTS
from .errors import ScaffoldError
from .owned import MANIFEST, edited_files, left_over

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .application import Application
    from .places import Place
    from .stubs import Stub

_PACKAGE = "/__init__.py"
_TESTS = "test_app.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What is to be written.

    Attributes:
        files: The content of each file by its path, all others stay as they are.
        removed: Files of ours that nothing needs any more.
        notes: What is left to the author, a sentence each.
    """

    files: dict[str, bytes]
    removed: tuple[str, ...]
    notes: tuple[str, ...]


def outdated(application: Application, folder: Path) -> list[str]:
    """Return the files of ours that are missing, not up to date, or not needed any more."""
    deployments = [
        name for name in application.files if name.startswith(DEPLOYMENTS) and not (folder / name).exists()
    ]
    return sorted([*_changed(application, folder), *_unneeded(_left_over(application, folder)), *deployments])


def make_update(application: Application, folder: Path, *, force: bool = False) -> Update:
    """Make what brings an application up to date; nothing is written.

    Files of ours are written again or removed, missing modules are added, stubs of handlers are added to
    modules, and tests of their events to the module of tests.

    Args:
        application: As it would be written now.
        folder: Where it is.
        force: Write files of ours again even if they were edited.

    Raises:
        ScaffoldError: Files of ours were edited, a module can't be read, or one would have to be a package.
        OSError: A file can't be read.
    """
    owned = {name: application.files[name] for name in application.owned}
    left = _left_over(application, folder)
    hidden = _hidden(application, folder)
    edited = [*edited_files(folder, owned), *(name for name in hidden if not left.get(name, True))]
    if edited and not force:
        raise ScaffoldError(
            "\n".join([*(f"{folder / name} was edited" for name in edited), "--force overwrites"])
        )
    foreign = [name for name in hidden if name not in left]
    if foreign:
        raise ScaffoldError("\n".join(_must_move(folder / name) for name in foreign))
    removed = {*_unneeded(left), *hidden}
    files = {name: owned[name] for name in _changed(application, folder)}
    files |= {
        name: content
        for name, content in application.files.items()
        if name not in owned and name not in (MANIFEST, _TESTS) and not (folder / name).exists()
    }
    notes = [
        _of_left_over(name, is_hidden=name in hidden)
        for name in left
        if name in hidden or name not in removed
    ]
    added: list[Place] = []
    for module, stubs in application.stubs.items():
        name = application.paths[module]
        missing = stubs
        if (folder / name).exists():
            present = Present(module, _read(folder / name))
            missing = {place: stub for place, stub in stubs.items() if present.lacks(place)}
            if missing:
                files[name] = present.with_stubs(missing).encode()
            notes += [
                f"{name}: {function} is not named by the document any more"
                for function in present.unnamed(stubs)
            ]
        notes += _to_attach(application, missing) if "app.py" not in files else ()
        added += missing
    notes += _lacking_options(application, folder) if "app.py" not in files else ()
    events = [event for place in added for event in application.events.get(place, ())]
    if not (folder / _TESTS).exists():  # its author has tests elsewhere
        notes += [f"there is no {_TESTS}: write a test of {event!r} of {name!r}" for name, event in events]
    elif events:
        files |= _with_tests(application, folder / _TESTS, events)
    if files or left:
        files[MANIFEST] = application.files[MANIFEST]
    return Update(files=files, removed=tuple(sorted(removed)), notes=tuple(notes))


def _changed(application: Application, folder: Path) -> list[str]:
    return [
        name
        for name in sorted(application.owned)
        if not (folder / name).exists() or (folder / name).read_bytes() != application.files[name]
    ]


def _left_over(application: Application, folder: Path) -> dict[str, bool]:
    return left_over(folder, application.owned | application.in_place)


def _unneeded(left: Mapping[str, bool]) -> list[str]:
    """Return what may be removed: modules as they were written. A document may still be served by app.py."""
    return [name for name, is_unedited in left.items() if is_unedited and name.endswith(".py")]


def _hidden(application: Application, folder: Path) -> list[str]:
    """Return modules that are there and that a new package of the same name would hide."""
    modules = [
        name.removesuffix(_PACKAGE) + ".py"
        for name in sorted(application.files)
        if name.endswith(_PACKAGE) and not (folder / name).exists()
    ]
    return [name for name in modules if (folder / name).exists()]


def _must_move(path: Path) -> str:
    package = path.with_suffix("")
    return (
        f"{path}: the document names modules within it; move it to {package / '__init__.py'}, and run again"
    )


def _of_left_over(name: str, *, is_hidden: bool) -> str:
    if is_hidden:
        return f"{name} became a package: import what it held from the modules in {name.removesuffix('.py')}/"
    if name.endswith(".py"):
        return f"{name} is not written any more and was edited; remove it if you don't need it"
    return f"{name} is not a file of the document any more; remove it once app.py doesn't serve it"


def _with_tests(application: Application, path: Path, events: Sequence[tuple[str, str]]) -> dict[str, bytes]:
    """Return the module of tests with those of new events, if it lacks any."""
    text = _read(path)
    changed = Present(path.stem, text).with_tests(application.tests, events)
    return {} if changed == text else {path.name: changed.encode()}


def _to_attach(application: Application, added: Mapping[Place, Stub]) -> list[str]:
    """Return what to write into the module of the application, which is its author's."""
    return [
        *(
            f"app.py: attach {place.module}.{place.name} to the event {event!r} of {namespace!r}, in handlers="
            for namespace, events in application.attached.items()
            for event, place in events.items()
            if place in added
        ),
        *(
            f"app.py: attach {place.module}.{place.name} to the security scheme {scheme!r}, in security_handlers="
            for scheme, place in application.security.items()
            if place in added
        ),
    ]


def _lacking_options(application: Application, folder: Path) -> list[str]:
    """Return what the server in the module of the application must be made with, and isn't."""
    text = _read(folder / "app.py")
    lacking = [
        f"{name}={value}" for name, value in application.server_options.items() if f"{name}=" not in text
    ]
    return [f"app.py: several processes need from_spec(…, {', '.join(lacking)})"] if lacking else []


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise ScaffoldError(f"{path} is not UTF-8") from None
