"""The package's structure: which modules may import which, and what the top level holds."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from .layout import PACKAGE, ROOT, Arrow, circles, import_graph, imported_names, modules

if TYPE_CHECKING:
    from collections.abc import Iterator

# In each folder a room (a file or folder in it) may import only rooms of earlier rows. Files of the
# same room may import each other, but not in a circle.
ROWS = {
    "": (
        ("reasons", "callables"),
        ("errors", "codes"),
        ("logs", "extras", "collector", "negotiation"),
        ("json_log",),
        ("spec", "client"),
        ("datatypes", "metrics"),
        ("python_source",),
        ("typed_clients",),
        ("engine", "docs", "mock", "diff", "traffic", "drafts"),
        ("infer", "server"),
        ("mock/serve", "proxy", "testing", "demo", "scaffold", "export"),
        ("mock/__init__", "probe"),
        ("cli", "pytest_plugin"),
        ("__main__", "__init__"),
    ),
    "engine": (
        ("ids",),
        ("limits", "buckets", "logs", "room_names", "hop", "crashes", "environ", "causes", "carrier"),
        ("counts", "endpoint", "option_values", "options", "tasks"),
        ("wire", "watch"),
        ("reports",),
        ("ports",),
        ("peers/event_log",),
        ("peers/trails",),
        ("peers/members",),
        ("transport",),
        ("peers",),
        ("cluster",),
        ("server", "emitter", "protocol"),
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
# Third-party modules, and the modules or folders that may import them.
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
    "pydantic": ("server/conversion/by_pydantic",),
    "pydantic_core": ("server/conversion/by_pydantic",),
    "msgspec": ("server/conversion/by_msgspec",),
    "click": ("cli",),
    "opentelemetry": ("server/tracing", "metrics/otel", "metrics/metrics", "json_log"),
    "prometheus_client": ("metrics/prometheus",),
    "uvicorn": ("engine/transport/uvicorn", "cli", "server/reloading"),
    "websockets": ("engine/transport/uvicorn",),
    "aio_pika": ("engine/cluster/amqp",),
    "yarl": ("engine/cluster/amqp",),
    "msgpack": ("engine/wire/foreign_values",),
    "orjson": ("engine/wire/codec",),
    "anyio": ("mock/pools", "server/security/issuer_keys", "server/threads"),
    "starlette": ("docs/guard", "docs/http", "server/exposed", "demo"),
    "jwt": ("server/security",),
    "markdown_it": ("docs/markdown",),
    "hypothesis": ("testing/strategies",),
    "pytest": ("pytest_plugin",),
}
STDLIB = {*sys.stdlib_module_names, "annotationlib"}  # the latter from Python 3.14 on
# Modules that import others by a name that comes from a user, a URL or a table.
BY_NAME = {
    *("__init__", "cli/__init__", "cli/actions/importing"),
    *("engine/cluster/redis_client", "server/imports"),
}
TOP = {
    *("asynction_asgi", "tests", "benchmarks", "docs", "pyproject.toml", "noxfile.py", "README.md"),
    *("LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
}

WITH_REASON = re.compile(r"# (?:ruff: )?noqa: [A-Z]+[0-9]+(?:, [A-Z]+[0-9]+)*  # \S")


def room_of(place: str, folder: str) -> str | None:
    """Return the room of a folder to which a module belongs, or None if it is outside.

    A file that has a row separate from its folder's, such as ``mock/serve``, is its own room.
    """
    if folder and not place.startswith(f"{folder}/"):
        return None
    room = place.removeprefix(f"{folder}/")
    return room if any(room in row for row in ROWS[folder]) else room.partition("/")[0]


def rows_broken() -> Iterator[tuple[Arrow, str]]:
    """Yield every import that leads up or sideways, with the reason why it is wrong."""
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
    """Yield every import of a third-party module outside the places that may import it."""
    for place, path in modules().items():
        libraries = {name.partition(".")[0] for name in imported_names(ROOT, path)}
        for library in libraries - {PACKAGE, *STDLIB}:
            owners = SEAMS.get(library, ())
            if not any(f"{place}/".startswith(f"{owner}/") for owner in owners):
                yield (
                    (place, library),
                    f"only {' and '.join(owners)} may" if owners else "it has no row in SEAMS",
                )


def test_every_module_has_a_row() -> None:
    """A new folder or file must get a row before anything imports it."""
    problems = [
        f"{place} has no row in ROWS[{folder!r}]"
        for folder, rows in ROWS.items()
        for place in modules()
        if (room := room_of(place, folder)) is not None
        if not any(room in row for row in rows)
    ]
    assert not problems, "\n".join(problems)


def test_the_architecture_names_every_part() -> None:
    """CONTRIBUTING.md has a row for each folder and file, and ``cli`` names every command."""
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    table = text.partition("| Part | Does | Imports |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| `([a-z_]+)(?:/|\.py)` \|", table, re.MULTILINE)
    parts = {room.partition("/")[0] for row in ROWS[""] for room in row} - {"__main__", "__init__"}
    assert sorted(named) == sorted(parts)
    (commands,) = re.findall(r"^\| `cli/` \| (.*) \| all \|$", table, re.MULTILINE)
    modules = {path.stem for path in (ROOT / "asynction_asgi/cli/commands").glob("*.py")} - {"__init__"}
    assert {name.partition(" ")[0] for name in re.findall(r"`(.+?)`", commands)} == modules


def test_a_room_imports_only_from_earlier_rows() -> None:
    """The package can be read from bottom to top, and so can engine and spec."""
    problems = [f"{source} imports {target}: {why}" for (source, target), why in rows_broken()]
    assert not problems, "\n".join(problems)


def test_imports_can_be_seen() -> None:
    """Modules are imported by a statement, which the graph shows, unless their name comes from elsewhere."""
    importing = re.compile(r"from importlib import import_module|importlib\.import_module\(|__import__\(")
    named = {place for place, path in modules().items() if importing.search(path.read_text("utf-8"))}
    assert named == BY_NAME


def test_modules_do_not_import_in_circles() -> None:
    """Each module can be read and tested before the modules that build on it."""
    problems = [" - ".join(circle) for circle in circles(import_graph())]
    assert not problems, "\n".join(problems)


def test_third_party_modules_are_imported_at_their_seams() -> None:
    """Every library has its places, which change with it; all others see ours."""
    problems = [f"{place} imports {library}: {why}" for (place, library), why in seams_broken()]
    assert not problems, "\n".join(problems)


def test_only_packages_say_what_is_public() -> None:
    """``__all__`` stands in ``__init__`` files alone; a module is imported by those who know where a name is defined."""
    problems = [
        place
        for place, path in modules().items()
        if not place.endswith("__init__") and re.search("^__all__", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert not problems, "\n".join(problems)


def test_all_loggers_escape() -> None:
    """Loggers come only from ``logs.get_logger``, so that no line contains raw text."""
    problems = [
        f"{place} calls {node.func.attr}"
        for place, path in modules().items()
        if place != "logs" and re.search("getLogger|getChild", text := path.read_text("utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("getLogger", "getChild")
    ]
    assert not problems, "\n".join(problems)


def test_each_exception_of_the_linter_says_why() -> None:
    """A line that a rule doesn't hold for names the rule and the reason, as ``CODE  # reason``."""
    problems = [
        f"{name}:{number}: {found[0]}"
        for name in listed()
        if name.endswith(".py") and (ROOT / name).exists()
        for number, line in enumerate((ROOT / name).read_text("utf-8").split("\n"), 1)
        if (found := re.search(r"# *(?:ruff: *)?noqa\b.*", line)) and not WITH_REASON.match(found[0])
    ]
    assert not problems, "\n".join(problems)


def test_the_top_level_has_no_other_files() -> None:
    """The top level of the project fits on a page."""
    tops = {name.split("/")[0] for name in listed() if not name.startswith(".")}
    assert tops <= TOP


def listed() -> list[str]:
    """Return the path of every file of the project, from its root."""
    command = ["git", "ls-files", "-z", "--cached"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return output.split("\0")[:-1]
