"""The package's shape: who may import whom, and what stands at the top."""

from __future__ import annotations

import ast
import subprocess
from typing import TYPE_CHECKING

from .layout import ROOT, Arrow, circles, import_graph, imported_names, modules

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
        ("server", "protocol"),
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


def room_of(place: str, folder: str) -> str | None:
    """Return the room of a folder in which a module stands, or None outside of it.

    A file that has a row apart from its folder's, such as ``mock/serve``, is a room of its own.
    """
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
    problems = [f"{source} imports {target}: {why}" for (source, target), why in rows_broken()]
    assert not problems, "\n".join(problems)


def test_no_modules_import_one_another_in_a_circle() -> None:
    """Each module can be read, and tested, before those that build on it."""
    problems = [" - ".join(circle) for circle in circles(import_graph())]
    assert not problems, "\n".join(problems)


def test_a_third_party_seam_has_one_importer() -> None:
    """Each library that shapes data is imported by one part, so that one part changes with it."""
    problems = [f"{place} imports {library}: {why}" for (place, library), why in seams_broken()]
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
