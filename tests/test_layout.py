"""The package's shape: who may import whom, and what stands at the top."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PACKAGE = Path(__file__).parent.parent / "asynction_asgi"
ROOT = PACKAGE.parent
# A part imports only from parts before it; parts of one row don't import one another.
ROWS = (
    ("errors",),
    ("logs", "extras"),
    ("spec", "client"),
    ("datatypes",),
    ("typed_clients",),
    ("engine", "docs", "mock", "diff"),
    ("server",),
    ("mock/serve", "testing", "contract", "demo", "scaffold"),
    ("cli", "pytest_plugin"),
    ("__main__",),
)
LEVEL = {part: level for level, row in enumerate(ROWS) for part in row}
# Third-party modules, and the only parts that may import them.
SEAMS: dict[str, str | tuple[str, ...]] = {
    "ruamel": "spec/text/yaml",
    "_ruamel_yaml": "spec/text/yaml",
    "fastjsonschema": "spec/schemas",
    "jsonschema_rs": "spec/schemas",
    "socketio": ("engine", "client"),
    "engineio": ("engine", "client"),
    "faker": "mock/fake_texts",
    "aiohttp": "client/remote",
    "watchfiles": "cli/actions/reloader",
    "click": "cli",
    "uvicorn": ("engine/transport/uvicorn", "cli", "server/reloading"),
    "websockets": "engine/transport/uvicorn",
}
TOP = {
    *("asynction_asgi", "tests", "benchmarks", "pyproject.toml", "noxfile.py", "README.md"),
    *("LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
}


def imports(path: Path) -> list[str]:
    """Absolute names of all modules that a file imports, those for type checking included."""
    here = list(path.relative_to(ROOT).with_suffix("").parts)
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            stem = here[: len(here) - node.level] if node.level else []
            module = ".".join([*stem, *([node.module] if node.module else [])])
            found += [f"{module}.{alias.name}" for alias in node.names]
    return found


def part_of(path: Path) -> str:
    """The folder or module directly under the package that a file belongs to."""
    return part_named(path.relative_to(PACKAGE).with_suffix("").parts)


def part_named(parts: Sequence[str]) -> str:
    """The part that a module belongs to; one module may have a row apart from its folder's."""
    module = "/".join(parts[:2])
    return module if module in LEVEL else parts[0]


MODULES = sorted(PACKAGE.rglob("*.py"))


def test_a_part_imports_only_from_parts_above_it() -> None:
    """Spec ← engine and docs ← server ← the rest ← cli; the package's own ``__init__`` may import all."""
    problems = []
    for path in MODULES:
        part = part_of(path)
        if part == "__init__":
            continue
        if part not in LEVEL:
            problems.append(f"{part} has no place in the layout")
            continue
        for name in imports(path):
            package, _, rest = name.partition(".")
            other = part_named(rest.split("."))
            if package != PACKAGE.name or other in {part, "__version__"}:
                continue
            if path.name == "__init__.py" and other.startswith(f"{part}/"):
                continue
            if other not in LEVEL:
                problems.append(f"{path} imports the package's public names instead of a module")
            elif LEVEL[other] >= LEVEL[part]:
                problems.append(f"{path} imports {name}")
    assert problems == []


def test_a_third_party_seam_has_one_importer() -> None:
    """Each library that shapes data is imported by one part, so that one part changes with it."""
    problems = []
    for path in MODULES:
        place = path.relative_to(PACKAGE).as_posix()
        for name in imports(path):
            owner = SEAMS.get(name.partition(".")[0])
            if owner is not None and not place.startswith(owner):
                problems.append(f"{place} imports {name}, which only {owner} may")
    assert problems == []


def test_loggers_are_those_that_escape() -> None:
    """``logs.get_logger`` is the only way to a logger, so that no line can hold raw text."""
    problems = [
        f"{path} calls {node.func.attr}"
        for path in MODULES
        if path != PACKAGE / "logs.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("getLogger", "getChild")
    ]
    assert problems == []


def test_the_top_level_holds_what_the_card_names() -> None:
    """Whoever opens the project sees a page, not a heap."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split("\n")
    tops = {line.split("/")[0] for line in listed if line and not line.startswith(".")}
    assert tops <= TOP
