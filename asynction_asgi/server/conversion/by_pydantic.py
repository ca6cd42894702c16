"""Conversion by pydantic, of version 2; the only module that imports it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pydantic
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import PydanticSerializationError, to_jsonable_python

from ...errors import Violation, shorten
from ...spec.text.pointer import Pointer
from .converter import DECIMAL_PATTERN, Converter, Refused, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .converter import Use

_MOST_VIOLATIONS = 10
_LONGEST_POINTER = 500  # the names of members may be a peer's
_RULES = ("value_error", "assertion_error")
# Beginnings of pydantic's error types, the longest first where one begins another.
_KEYWORDS = (
    ("missing", "required"),
    ("extra_forbidden", "additionalProperties"),
    ("literal_error", "enum"),
    ("enum", "enum"),
    ("greater_than_equal", "minimum"),
    ("greater_than", "exclusiveMinimum"),
    ("less_than_equal", "maximum"),
    ("less_than", "exclusiveMaximum"),
    ("multiple_of", "multipleOf"),
    ("string_too_short", "minLength"),
    ("string_too_long", "maxLength"),
    ("string_pattern", "pattern"),
    ("bytes_too_short", "minLength"),
    ("bytes_too_long", "maxLength"),
    ("too_short", "minItems"),
    ("too_long", "maxItems"),
    ("union_tag", "oneOf"),
    ("uuid", "format"),
    ("date", "format"),
    ("time", "format"),
    ("url", "format"),
    ("int_from_float", "type"),
)


def make_converter(name: str, annotation: Any) -> Converter:
    """Return the converter of an annotation.

    Raises:
        UnsupportedError: pydantic has no schema for it.
    """
    try:
        adapter = pydantic.TypeAdapter[Any](annotation)
        adapter.rebuild()
        writes_bytes = _holds_bytes(adapter.core_schema)
    except Exception as error:  # noqa: BLE001  # of any class, by the code of the types that it holds
        raise UnsupportedError(_reason(error)) from None
    # In its JSON mode pydantic makes texts of bytes, or raises.
    dump = _dump_beside_bytes if writes_bytes else _dump_json
    write = adapter.serializer.to_python
    return Converter(
        name=name,
        load=adapter.validator.validate_python,
        dumps=(
            functools.partial(dump, write),
            functools.partial(dump, write, exclude_none=True),
            functools.partial(dump, write, exclude_unset=True),
        ),
        errors=(pydantic.ValidationError,),
        dump_errors=(PydanticSerializationError,),
        explain=_explain,
    )


def _dump_json(write: Any, value: Any, **leaving_out: bool) -> Any:
    return write(value, mode="json", by_alias=True, warnings="error", **leaving_out)


def _dump_beside_bytes(write: Any, value: Any, **leaving_out: bool) -> Any:
    return _jsonable(write(value, mode="python", by_alias=True, warnings="error", **leaving_out))


def _jsonable(value: Any) -> Any:
    """Make JSON's values of everything but bytes."""
    if isinstance(value, dict):
        return {key: _jsonable(member) for key, member in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_jsonable(item) for item in value]
    if isinstance(value, bytes | bytearray | memoryview):
        return value
    return to_jsonable_python(value)


def _holds_bytes(schema: Any) -> bool:
    """Return whether a core schema has bytes in it anywhere."""
    waiting, seen = [schema], set[int]()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, dict):
            if part.get("type") == "bytes":
                return True
            waiting += part.values()
        elif isinstance(part, list | tuple):
            waiting += part
    return False


def _explain(error: pydantic.ValidationError, value: Any) -> Refused:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return Refused(
        violations=tuple(
            Violation(
                pointer=_pointer(entry["loc"], value, entry["type"]),
                keyword=_keyword(entry["type"]),
                message=shorten(entry["msg"], 200),
            )
            for entry in found[:_MOST_VIOLATIONS]
        ),
        by_rule=all(entry["type"] in _RULES for entry in found),
    )


def _pointer(loc: Sequence[str | int], value: Any, kind: str) -> str:
    """Return the place of an error; its location also names the branches of unions, which are left out."""
    pointer = "".join(f"/{Pointer.escape(str(token))}" for token in _tokens(loc, value, kind))
    return shorten(pointer, _LONGEST_POINTER)


def _tokens(loc: Sequence[str | int], value: Any, kind: str) -> Iterator[str | int]:
    last = len(loc) - 1
    for place, token in enumerate(loc):
        container: Any = value if isinstance(value, dict | list | tuple) else {}
        try:
            value = container[token]
        except (LookupError, TypeError):
            if kind == "missing" and place == last:
                yield token
            continue
        yield token


def _keyword(kind: str) -> str:
    for beginning, keyword in _KEYWORDS:
        if kind.startswith(beginning):
            return keyword
    return "type" if kind.endswith(("_type", "_parsing", "_instance", "_of")) else kind


def _reason(error: Exception) -> str:
    """Return why there is no schema: pydantic's words, or what the code of a type raised."""
    if isinstance(error, pydantic.PydanticUserError | NameError | TypeError | ImportError):
        first_line = str(error).partition("\n")[0]
        return f"pydantic: {shorten(first_line, 200)}"
    return f"pydantic: {type(error).__name__}: {shorten(' '.join(str(error).split()), 200)}"


class _Schemas(GenerateJsonSchema):
    """pydantic's schemas, which accept nothing that pydantic refuses, and without made-up titles."""

    def field_title_should_be_set(self, _schema: Any) -> bool:
        return False

    def emit_warning(self, kind: Any, detail: str) -> None:
        if kind == "skipped-choice":
            raise pydantic.errors.PydanticInvalidForJsonSchema(detail)

    def decimal_schema(self, schema: Any) -> dict[str, Any]:
        written = super().decimal_schema(schema)
        for branch in written.get("anyOf", [written]):
            # Without a pattern any text passes; one with a lookahead can't be checked in bounded time.
            if branch.get("type") == "string" and "(?" in branch.get("pattern", "(?"):
                branch["pattern"] = DECIMAL_PATTERN
        numbers = [branch for branch in written.get("anyOf", ()) if branch.get("type") == "number"]
        # A schema can limit numbers, and no text that stands for one.
        return numbers[0] if any(len(branch) > 1 for branch in numbers) else written


def write_schemas(
    asked: Sequence[tuple[Any, Use]],
) -> tuple[list[dict[str, Any] | UnsupportedError], Mapping[str, dict[str, Any]]]:
    """Return the schemas of annotations, and those that they refer to as ``#/components/schemas/NAME``.

    Args:
        asked: Annotations, and whether values are read or written by them.
    """
    written: list[dict[str, Any] | UnsupportedError] = []
    known: list[tuple[int, Use, pydantic.TypeAdapter[Any]]] = []
    for place, (annotation, use) in enumerate(asked):
        try:
            adapter = pydantic.TypeAdapter[Any](annotation)
            adapter.rebuild()
            written.append(adapter.json_schema(mode=use, schema_generator=_Schemas))
            known.append((place, use, adapter))
        except Exception as error:  # noqa: BLE001  # as above
            written.append(UnsupportedError(_reason(error)))
    # All at once, so that classes of one name get names of their own.
    schemas, rest = pydantic.TypeAdapter.json_schemas(
        known, ref_template="#/components/schemas/{model}", schema_generator=_Schemas
    )
    for (place, _), schema in schemas.items():
        written[place] = schema
    return written, rest.get("$defs", {})
