"""The versions of AsyncAPI: which a document is of, and its check against that one's table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import grammar_v2, grammar_v3
from .extensions import FOREIGN, GUARDS, PLACES, RESPELT
from .walk import Walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...errors import Diagnostic
    from ..text.document import Node
    from ..text.references import Resolver
    from .grammar import Object

_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})\.([0-9]+)(?:-.+)?")


@dataclass(frozen=True, slots=True)
class _Major:
    """A major version: the table of its objects, and its minor versions."""

    table: Mapping[str, Object]
    minors: range


_VERSIONS = {2: _Major(grammar_v2.TABLE, range(7)), 3: _Major(grammar_v3.TABLE, range(2))}
TABLES: Mapping[int, Mapping[str, Object]] = {number: major.table for number, major in _VERSIONS.items()}
_SUPPORTED = ", ".join(
    f"{number}.{major.minors[0]} to {number}.{major.minors[-1]}" for number, major in _VERSIONS.items()
)


def read_version(root: Node, found: list[Diagnostic]) -> tuple[int, int] | None:
    """Return the major and minor version, or None with a diagnostic if the version is not supported."""

    def refuse(node: Node, code: str, message: str) -> None:
        found.append(node.diagnostic("error", code, message))

    if not isinstance(root.value, dict):
        is_empty = root.value is None
        what = "the document is empty; begin it with 'asyncapi: 3.0.0'"
        refuse(root, "NOT_OBJECT", what if is_empty else "an AsyncAPI document is an object")
        return None
    node = root.get("asyncapi")
    if node is None:
        other = next((name for name in ("openapi", "swagger") if name in root.value), None)
        hint = f"; this is a document of {other}" if other else ""
        refuse(root, "REQUIRED", f"an AsyncAPI document needs 'asyncapi', its version{hint}")
        return None
    value = node.value
    if not isinstance(value, str):
        hint = f": write '{value}.0'" if isinstance(value, float) else ""
        refuse(node, "VERSION", f"the version must be a string, in quotes{hint}")
        return None
    match = _VERSION.fullmatch(value)
    if match is None:
        hint = f"; did you mean '{value}.0'?" if re.fullmatch(r"\d+\.\d+", value) else ""
        refuse(node, "VERSION", f"{value!r} is not a version such as 2.6.0{hint}")
        return None
    major, minor = int(match[1]), int(match[2])
    known = _VERSIONS.get(major)
    if known is None or minor not in known.minors:
        refuse(node, "VERSION", f"AsyncAPI {value} is not supported; {_SUPPORTED} are")
        return None
    return major, minor


def walk_structure(root: Node, resolver: Resolver, version: tuple[int, int], *, strict: bool = False) -> Walk:
    """Check a document against the table of its version; all that was met is in the result."""
    major, minor = version
    walk = Walk(
        table=_VERSIONS[major].table,
        major=major,
        minor=minor,
        resolver=resolver,
        places=PLACES,
        respelt=RESPELT,
        foreign=FOREIGN,
        guards=GUARDS,
        strict=strict,
    )
    walk.check("root", root)
    return walk
