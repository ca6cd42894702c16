"""The schemas of two contracts side by side, under names of their own, and what accepts their values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..schemas import Mismatch
from ..schemas.bundle import compile_checks
from ..schemas.children import OF_DEFINITIONS
from ..schemas.definitions import AT, MARKS, REF, reachable
from ..schemas.equality import Texts
from ..text.document import Document, Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..schemas import Check
    from ..schemas.definitions import Definitions, Schema

_TEXTS = Texts()  # equal where values are
_OUTER = "o"  # before the names of outer definitions
_NOWHERE = Node({}, Document({}, path=None, name=None, text=None), "")


class Universe:
    """Two sets of definitions; those of the outer schemas are taken in as they are asked for.

    Schemas are known by identity, so every one that is made here is kept as long as this object.

    Args:
        inner: Definitions of the schemas whose values are looked at.
        outer: Definitions of the schemas that should accept them.

    Attributes:
        definitions: All that have been taken in, by name.
    """

    def __init__(self, inner: Definitions, outer: Definitions) -> None:
        self.definitions: Definitions = dict(inner)
        self._source = outer
        self._adopted: dict[int, dict[str, Any]] = {}
        self._outer: set[int] = set()
        self._made: dict[Any, dict[str, Any]] = {}
        self._checks: dict[int, Check] = {}
        self._values: dict[int, frozenset[str]] = {}
        self._origins: dict[int, dict[str, Any]] = {}
        self._kept: list[Schema] = []

    def keep(self, schema: Schema) -> Schema:
        """Keep a schema as long as this object, since schemas are known by identity."""
        self._kept.append(schema)
        return schema

    def adopt(self, schema: Schema) -> Schema:
        """Take in a schema of the outer definitions, with all that it refers to."""
        waiting: list[str] = []
        adopted = self._copy(schema, waiting)
        while waiting:
            name = waiting.pop()
            if _OUTER + name not in self.definitions:
                self.definitions[_OUTER + name] = {}
                copied = self._copy(self._source[name], waiting)
                assert isinstance(copied, dict)  # noqa: S101  # definitions are
                self.definitions[_OUTER + name] = copied
        return adopted

    def _copy(self, schema: Schema, waiting: list[str]) -> Schema:
        if not isinstance(schema, dict):
            return schema
        known = self._adopted.get(id(schema))
        if known is not None:
            return known
        copied: dict[str, Any] = {}
        for key, value in schema.items():
            holder = OF_DEFINITIONS.get(key)
            if key == REF:
                waiting.append(value)
                copied[key] = _OUTER + value
            elif holder is None:
                copied[key] = value
            elif holder.named is not None:
                copied[key] = {name: self._copy(inner, waiting) for name, inner in value.items()}
            elif isinstance(value, list):
                copied[key] = [self._copy(inner, waiting) for inner in value]
            else:
                copied[key] = self._copy(value, waiting)
        self._kept.append(schema)
        self._adopted[id(schema)] = copied
        self._outer.add(id(copied))
        return copied

    def is_outer(self, schema: Schema) -> bool:
        """Return whether a schema is one of those that should accept the values."""
        return id(schema) in self._outer

    def made(self, key: Any, keywords: Mapping[str, Any]) -> dict[str, Any]:
        """Return a schema of these keywords, the same object for the same key."""
        known = self._made.get(key)
        if known is None:
            known = self._made[key] = {AT: _NOWHERE, **keywords}
        return known

    def fresh(self, keywords: Mapping[str, Any]) -> dict[str, Any]:
        """Return a new schema of these keywords."""
        schema = {AT: _NOWHERE, **keywords}
        self._kept.append(schema)
        return schema

    def without(self, schema: dict[str, Any], *keywords: str) -> dict[str, Any]:
        """Return a schema less some of its keywords, for values that are known to meet them."""
        kept = {key: value for key, value in schema.items() if key not in keywords}
        less = self.made(("without", id(schema), keywords), kept)
        self._origins[id(less)] = schema
        return less

    def origins(self, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield a schema, and those that it was made of by leaving out keywords, which hold as well."""
        yield schema
        while (origin := self._origins.get(id(schema))) is not None:
            yield origin
            schema = origin

    def resolve(self, schema: Schema) -> Schema:
        """Follow references to a schema that has keywords of its own."""
        while isinstance(schema, dict) and REF in schema:
            schema = self.definitions[schema[REF]]
        if isinstance(schema, dict) and schema.get("enum") == []:
            return False  # how the definition of a false schema is written
        return True if isinstance(schema, dict) and schema.keys() <= MARKS else schema

    def together(self, schemas: Iterable[Schema]) -> list[dict[str, Any]] | None:
        """Return all schemas that hold where these do, or None if one of them is false.

        References and ``allOf`` are followed, and of objects the dependencies of required members.
        """
        parts: dict[int, dict[str, Any]] = {}
        required: set[str] = set()
        waiting = list(schemas)[::-1]
        dependent: list[tuple[str, Schema]] = []
        while waiting:
            schema = self.resolve(waiting.pop())
            if schema is False or (
                isinstance(schema, dict) and self.resolve(schema.get("not", False)) is True
            ):
                return None
            if isinstance(schema, dict) and id(schema) not in parts:
                parts[id(schema)] = schema
                required.update(schema.get("required", ()))
                dependent += schema.get("dependencies", {}).items()
                waiting += schema.get("allOf", ())[::-1]
            if not waiting and any(part.get("type") == ["object"] for part in parts.values()):
                waiting = [inner for name, inner in dependent if name in required]
                dependent = [(name, inner) for name, inner in dependent if name not in required]
        return list(parts.values())

    def accepts(self, schema: Schema, value: Any) -> bool:
        """Return whether a schema of this universe accepts a value."""
        schema = self.resolve(schema)
        if isinstance(schema, bool):
            return schema
        if schema.keys() <= {"enum", AT}:
            values = self._values.get(id(schema))
            if values is None:
                values = self._values[id(schema)] = frozenset(map(_TEXTS.of, schema["enum"]))
                self._kept.append(schema)
            return _TEXTS.of(value) in values
        try:
            self.check(schema)(value)
        except Mismatch:
            return False
        return True

    def check(self, schema: dict[str, Any]) -> Check:
        """Return the compiled check of a schema of this universe."""
        check = self._checks.get(id(schema))
        if check is None:
            definitions = {"this": schema, **self.reachable([schema])}
            check = self._checks[id(schema)] = compile_checks(definitions, ["this"])["this"]
            self._kept.append(schema)
        return check

    def reachable(self, schemas: Iterable[Schema]) -> Definitions:
        """Return the definitions that schemas refer to, and those that these refer to."""
        return reachable(schemas, self.definitions)
