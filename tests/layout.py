"""The graph of the package's imports, and figures about its structure.

``python -m tests.layout [CHECKOUT]`` prints the figures of every part that has its own folders or
files. Imports for type checking count like all others, as readers follow them, too.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ROOT = Path(__file__).parent.parent
PACKAGE = "asynction_asgi"

Graph = dict[str, set[str]]
Arrow = tuple[str, str]


@cache
def modules(root: Path = ROOT) -> Mapping[str, Path]:
    """Return the file of every module by its place, such as ``engine/limits`` or ``engine/__init__``."""
    package = root / PACKAGE
    return {
        path.relative_to(package).with_suffix("").as_posix(): path for path in sorted(package.rglob("*.py"))
    }


@cache
def imported_names(root: Path, path: Path) -> frozenset[str]:
    """Return the absolute name of everything that a file imports, such as ``asynction_asgi.errors.SpecError``."""
    names: set[str] = set()
    here = path.relative_to(root).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            stem = here[: len(here) - node.level] if node.level else ()
            module = ".".join([*stem, *([node.module] if node.module else [])])
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def module_of(name: str, places: Iterable[str]) -> str | None:
    """Return the place of the package's module that a name is or belongs to, or None."""
    package, *parts = name.split(".")
    if package != PACKAGE or parts == ["__version__"]:
        return None
    for end in range(len(parts), -1, -1):
        place = "/".join(parts[:end])
        for candidate in (place, f"{place}/__init__".removeprefix("/")):
            if candidate in places:
                return candidate
    return None


@cache
def import_graph(root: Path = ROOT) -> Mapping[str, frozenset[str]]:
    """Return the modules of the package that each module imports, by place."""
    places = modules(root)
    graph = {}
    for place, path in places.items():
        targets = {module_of(name, places) for name in imported_names(root, path)} - {place}
        graph[place] = frozenset(target for target in targets if target is not None)
    return graph


def circles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return the groups of nodes that lead to each other (Tarjan's algorithm), the largest first."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in graph.get(node, ()):
            if target not in index:
                visit(target)
            if target in stack:
                low[node] = min(low[node], low[target])
        if low[node] == index[node]:
            cut = stack.index(node)
            groups.append(sorted(stack[cut:]))
            del stack[cut:]

    for node in graph:
        if node not in index:
            visit(node)
    return sorted((group for group in groups if len(group) > 1), key=len, reverse=True)


def running_back_up(graph: Mapping[str, Iterable[str]]) -> set[Arrow]:
    """Return a small set of arrows without which there is no circle, found by reordering the nodes."""
    arrows = {(source, target) for source, targets in graph.items() for target in targets}
    back: set[Arrow] = set()
    for group in circles(graph):
        within = {(source, target) for source, target in arrows if {source, target} <= set(group)}
        back |= _fewest_back(group, within)
    return back


def _fewest_back(nodes: list[str], arrows: set[Arrow]) -> set[Arrow]:
    """Order the nodes from bottom to top, and return the arrows that lead upwards in the best order."""

    def against(order: list[str]) -> set[Arrow]:
        height = {node: place for place, node in enumerate(order)}
        return {(source, target) for source, target in arrows if height[source] < height[target]}

    imports = {node: sum(source == node for source, _ in arrows) for node in nodes}
    order = sorted(nodes, key=lambda node: (imports[node], node))
    best = against(order)
    improved = True
    while improved:
        improved = False
        for node in nodes:
            rest = [other for other in order if other != node]
            for place in range(len(nodes)):
                moved = [*rest[:place], node, *rest[place:]]
                if len(back := against(moved)) < len(best):
                    order, best, improved = moved, back, True
    return best


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of the rooms of a folder, which are its files and folders."""

    rooms: int
    floors: int
    arrows: int
    back: int
    circles: tuple[int, ...]

    def __str__(self) -> str:
        """Format the figures as a row, with circles by their number of files."""
        circle = " + ".join(f"{files} files" for files in self.circles) or "none"
        return f"{self.rooms:5} {self.floors:6} {self.arrows:6} {self.back:7}  {circle}"


def figures(folder: str, root: Path = ROOT) -> Figures:
    """Measure a folder, or ``""`` for the package; circles may include files anywhere in it."""
    inside = PurePosixPath(folder)
    files = {place for place in modules(root) if PurePosixPath(place).is_relative_to(inside)}
    graph = {place: import_graph(root)[place] & files for place in files}
    rooms: Graph = defaultdict(set)
    for place in sorted(files):
        room = PurePosixPath(place).relative_to(inside).parts[0]
        rooms[room] |= {PurePosixPath(target).relative_to(inside).parts[0] for target in graph[place]} - {
            room
        }
    back = running_back_up(rooms)
    down = {
        room: {target for target in targets if (room, target) not in back} for room, targets in rooms.items()
    }
    return Figures(
        rooms=len(rooms),
        floors=max(map(_floors(down), down), default=0),
        arrows=sum(map(len, rooms.values())),
        back=len(back),
        circles=tuple(map(len, circles(graph))),
    )


def _floors(down: Mapping[str, set[str]]) -> Callable[[str], int]:
    """Return a function that counts the rooms on the longest way down."""

    @cache
    def floor(room: str) -> int:
        return 1 + max(map(floor, down[room]), default=0)

    return floor


def main(root: Path = ROOT) -> None:
    """Print a row of figures for the package and for each of its folders."""
    folders = sorted({parent for place in modules(root) for parent in PurePosixPath(place).parents})
    print(f"{'':24} rooms floors arrows back up  circles")  # noqa: T201  # it is a command
    for folder in map(str, folders):
        print(f"{folder.replace('.', PACKAGE):24}{figures(folder, root)}")  # noqa: T201  # it is a command


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
