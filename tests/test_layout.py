"""The package's shape: who may import whom, and what stands at the top."""

from __future__ import annotations

import ast
import subprocess
from typing import TYPE_CHECKING

from .layout import PACKAGE, ROOT, Arrow, circles, import_graph, imported_names, modules

if TYPE_CHECKING:
    from collections.abc import Iterator

# In each of these folders a room (a folder or file of it) imports only rooms of the rows before its
# own. Files of one room may import one another, but nowhere in a circle.
ROWS = {
    "": (
        ("errors",),
        ("logs", "extras"),
        ("spec", "client"),
        ("datatypes",),
        ("typed_clients",),
        ("engine", "docs", "mock", "diff"),
        ("server",),
        ("mock/serve", "testing", "demo", "scaffold"),
        ("mock/__init__",),
        ("cli", "pytest_plugin"),
        ("__main__", "__init__"),
    ),
    "engine": (
        ("limits", "logs", "room_names", "hop", "crashes", "environ"),
        ("endpoint", "options"),
        ("wire",),
        ("ports",),
        ("peers",),
        ("cluster", "transport"),
        ("server",),
        ("__init__",),
    ),
    "spec": (
        ("text", "patterns"),
        ("schemas",),
        ("structure",),
        ("model",),
        ("readers",),
        ("instances",),
        ("containment", "load"),
        ("__init__",),
    ),
}
# Where files of the engine belong that have not been moved yet: the rules hold as if they stood there.
PLANNED = {
    "engine/peers": "addressing",
    "engine/transport": "protocol",
}
ROOMS = {f"engine/{file}": room for room, files in PLANNED.items() for file in files.split()}
# Third-party modules and the places that may import them: a module, or all of a folder.
SEAMS = {
    "ruamel": ("spec/text/yaml", "spec/text/yaml_events"),
    "_ruamel_yaml": ("spec/text/yaml",),
    "fastjsonschema": ("spec/schemas",),
    "jsonschema_rs": ("spec/schemas",),
    "socketio": ("engine", "client"),
    "engineio": ("engine", "client"),
    "faker": ("mock/fake_texts",),
    "aiohttp": ("client/remote_http",),
    "watchfiles": ("cli/actions/reloader",),
    "click": ("cli",),
    "uvicorn": ("engine/transport/uvicorn", "cli", "server/reloading"),
    "websockets": ("engine/transport/uvicorn",),
}
TOP = {
    *("asynction_asgi", "tests", "benchmarks", "docs", "pyproject.toml", "noxfile.py", "README.md"),
    *("LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
}
# Imports that break these rules today. Each is deleted with its cause; none is to be added.
EXCEPTIONS = """
asynction_asgi.engine.options -> asynction_asgi.engine.cluster.seals
asynction_asgi.server.binding -> asynction_asgi.server.unled
asynction_asgi.server.security.__init__ -> asynction_asgi.server.security.rules
asynction_asgi.server.security.guard -> asynction_asgi.server.security.rules
asynction_asgi.server.socket -> asynction_asgi.server.sending
asynction_asgi.spec.containment.prove -> asynction_asgi.spec.containment.cases
asynction_asgi.spec.containment.prove -> asynction_asgi.spec.containment.combining
asynction_asgi.spec.containment.prove -> asynction_asgi.spec.containment.elements
asynction_asgi.spec.containment.prove -> asynction_asgi.spec.containment.members
"""


def exceptions() -> set[Arrow]:
    """Return the exceptions, from the place of a module to a place or to a third-party module."""
    return {
        (
            source.removeprefix(f"{PACKAGE}.").replace(".", "/"),
            target.removeprefix(f"{PACKAGE}.").replace(".", "/"),
        )
        for line in EXCEPTIONS.split("\n")
        if line
        for source, _, target in [line.partition(" -> ")]
    }


def room_of(place: str, folder: str) -> str | None:
    """Return the room of a folder in which a module stands or will stand, or None outside of it.

    A file that has a row apart from its folder's, such as ``mock/serve``, is a room of its own.
    """
    place = f"{ROOMS[place]}/{place}" if place in ROOMS else place
    if folder and not place.startswith(f"{folder}/"):
        return None
    room = place.removeprefix(f"{folder}/")
    return room if any(room in row for row in ROWS[folder]) else room.partition("/")[0]


def rows_broken() -> Iterator[tuple[Arrow, str]]:
    """Yield every import that leads up or sideways, with what is wrong."""
    for folder, rows in ROWS.items():
        level = {room: height for height, row in enumerate(rows) for room in row}
        for source, targets in import_graph().items():
            importer = room_of(source, folder)
            for target in targets if importer is not None else ():
                imported = room_of(target, folder)
                if imported in {None, importer}:
                    continue
                if importer not in level or imported not in level:
                    yield (source, target), f"one of them has no row in ROWS[{folder!r}]"
                elif level[imported] >= level[importer]:
                    yield (source, target), f"{importer} is not above {imported}"


def seams_broken() -> Iterator[tuple[Arrow, str]]:
    """Yield every import of a third-party module in a place that may not know it."""
    for place, path in modules().items():
        for library in {name.partition(".")[0] for name in imported_names(ROOT, path)} & SEAMS.keys():
            if not any(f"{place}/".startswith(f"{owner}/") for owner in SEAMS[library]):
                yield (place, library), f"only {' and '.join(SEAMS[library])} may"


def circles_without(excepted: set[Arrow]) -> list[list[str]]:
    """Return the circles that are left when the excepted imports are not counted."""
    return circles(
        {
            source: {target for target in targets if (source, target) not in excepted}
            for source, targets in import_graph().items()
        }
    )


def test_every_module_stands_in_a_row() -> None:
    """A new folder or file gets its row before anything imports it."""
    problems = [
        f"{place} has no row in ROWS[{folder!r}]"
        for folder, rows in ROWS.items()
        for place in modules()
        if (room := room_of(place, folder)) is not None
        if not any(room in row for row in rows)
    ]
    assert not problems, "\n".join(problems)


def test_a_room_imports_only_from_rows_before_its_own() -> None:
    """The package reads from the ground up, and so do the engine and spec within it."""
    problems = [
        f"{source} imports {target}: {why}"
        for (source, target), why in rows_broken()
        if (source, target) not in exceptions()
    ]
    assert not problems, "\n".join(problems)


def test_no_modules_import_one_another_in_a_circle() -> None:
    """Each module can be read, and tested, before those that build on it."""
    problems = [" - ".join(circle) for circle in circles_without(exceptions())]
    assert not problems, "\n".join(problems)


def test_a_third_party_seam_has_one_importer() -> None:
    """Each library that shapes data is imported by one part, so that one part changes with it."""
    problems = [
        f"{source} imports {library}: {why}"
        for (source, library), why in seams_broken()
        if (source, library) not in exceptions()
    ]
    assert not problems, "\n".join(problems)


def test_every_exception_is_still_needed() -> None:
    """What has been mended or moved is deleted from the lists, and can't come back."""
    broken = {arrow for arrow, _ in (*rows_broken(), *seams_broken())}
    closing = {
        arrow
        for arrow in exceptions() - broken
        if any(set(arrow) <= set(circle) for circle in circles_without(exceptions() - {arrow}))
    }
    needless = exceptions() - broken - closing
    problems = [f"delete from EXCEPTIONS: {source} -> {target}" for source, target in sorted(needless)]
    problems += [f"delete from PLANNED: {place}" for place in sorted(ROOMS.keys() - modules().keys())]
    assert not problems, "\n".join(problems)


def test_loggers_are_those_that_escape() -> None:
    """``logs.get_logger`` is the only way to a logger, so that no line can hold raw text."""
    problems = [
        f"{place} calls {node.func.attr}"
        for place, path in modules().items()
        if place != "logs"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("getLogger", "getChild")
    ]
    assert not problems, "\n".join(problems)


def test_the_top_level_holds_what_the_card_names() -> None:
    """Whoever opens the project sees a page, not a heap."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\n")
    tops = {line.split("/")[0] for line in listed if line and not line.startswith(".")}
    assert tops <= TOP
