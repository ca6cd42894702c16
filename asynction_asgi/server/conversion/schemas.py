"""JSON Schemas of annotations, in AsyncAPI's own dialect, from the libraries that convert them."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from ...extras import is_installed
from .choosing import name_of
from .converter import DECIMAL_PATTERN, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

    from .converter import Use

    Schema = dict[str, Any]

SCHEMAS = "#/components/schemas/"
_BY_NAME = ("properties", "patternProperties")
_VALUES = ("enum", "const", "default", "examples")
# msgspec's schemas of bytes, which travel as bytes here, and of Decimals.
_BASE64 = {"contentEncoding": "base64"}
_DECIMAL = {"type": "string", "format": "decimal"}
# pydantic's own formats; the version is the first digit of the third group.
_UUID_OF_VERSION = re.compile(r"uuid(\d)")


class AnnotationSchemas:
    """The schemas of annotations.

    pydantic writes those that it knows, if it is installed, and msgspec the rest.

    Args:
        asked: Annotations, and whether a value is read from JSON by them or written.

    Attributes:
        components: Schemas that others refer to, by name, below `SCHEMAS`.
    """

    def __init__(self, asked: Sequence[tuple[Any, Use]]) -> None:
        self.components: dict[str, Schema] = {}
        self._schemas: dict[tuple[int, Use], Schema] = {}
        self._reasons: dict[tuple[int, Use], str] = {}
        self._kept = list(asked)  # so that ids stay those of these annotations
        for write in _writers():
            left = [pair for pair in asked if _key(*pair) not in self._schemas]
            schemas, components = write(left)
            names: dict[str, str] = {}
            for name in components:
                names[name] = _free(name, {*self.components, *names.values()})
            adapt = partial(_adapt, names=names)
            self.components |= {names[name]: adapt(schema) for name, schema in components.items()}
            for pair, schema in zip(left, schemas, strict=True):
                if isinstance(schema, UnsupportedError):
                    self._reasons.setdefault(_key(*pair), str(schema))
                else:
                    self._schemas[_key(*pair)] = adapt(schema)

    def of(self, annotation: Any, use: Use) -> Schema:
        """Return the schema of an annotation that was asked for.

        Raises:
            UnsupportedError: No library that is installed can write it.
        """
        key = _key(annotation, use)
        if key in self._schemas:
            return self._schemas[key]
        why = self._reasons.get(
            key,
            "schemas are written by pydantic or msgspec, and neither is installed;"
            " use: pip install 'asynction-asgi[typed]'",
        )
        raise UnsupportedError(f"{name_of(annotation)} has no schema: {why}")


def _key(annotation: Any, use: Use) -> tuple[int, Use]:
    return id(annotation), use


def _writers() -> list[Callable[..., tuple[Sequence[Schema | UnsupportedError], Mapping[str, Schema]]]]:
    """Return the functions of the installed libraries that write schemas."""
    found: list[Any] = []
    if is_installed("pydantic"):
        from .by_pydantic import write_schemas  # noqa: PLC0415  # only where schemas are written

        found.append(write_schemas)
    if is_installed("msgspec"):
        from . import by_msgspec  # noqa: PLC0415  # of the optional extra "typed"

        found.append(by_msgspec.write_schemas)
    return found


def _free(name: str, taken: Container[str]) -> str:
    """Return the name, with underscores after it until it is free."""
    while name in taken:
        name += "_"
    return name


def _adapt(schema: Any, *, names: Mapping[str, str]) -> Any:
    """Return a schema without what AsyncAPI's dialect ignores or reads otherwise."""
    if isinstance(schema, list):
        return [_adapt(member, names=names) for member in schema]
    if not isinstance(schema, dict):
        return schema
    adapted = {
        keyword: (
            {name: _adapt(member, names=names) for name, member in value.items()}
            if keyword in _BY_NAME
            else value
            if keyword in _VALUES
            else _adapt(value, names=names)
        )
        for keyword, value in schema.items()
        if keyword != "discriminator"  # an object, as OpenAPI has it; the branches hold what it names
    }
    if _DECIMAL.items() <= adapted.items():
        adapted = {**adapted, "pattern": DECIMAL_PATTERN}
        del adapted["format"]
    if version := _UUID_OF_VERSION.fullmatch(str(adapted.get("format"))):
        adapted = {**adapted, "format": "uuid", "pattern": f"^[^-]+-[^-]+-{version[1]}"}
    if _BASE64.items() <= adapted.items():
        adapted = {**adapted, "format": "binary"}
        del adapted["contentEncoding"]
    reference: Any = adapted.pop("$ref", None)
    if not isinstance(reference, str):
        return adapted
    name = reference.removeprefix(SCHEMAS)
    renamed = {"$ref": SCHEMAS + names.get(name, name)}
    return {"allOf": [renamed], **adapted} if adapted else renamed
