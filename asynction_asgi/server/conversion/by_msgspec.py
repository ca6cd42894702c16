"""Conversion by msgspec; the only module that imports it."""

from __future__ import annotations

import re
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.inspect import type_info

from ...errors import Violation, shorten
from ...spec.text.pointer import Pointer
from .converter import Converter, Refused, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .converter import Use

_BYTES = (bytes, bytearray, memoryview)
_EXACT = 2.0**53  # above it, not every integer is a float
_PLACE = re.compile(r" - at `\$(?P<path>.*)`$", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<index>\d+)\]")
_MISSING = re.compile(r"Object missing required field `(?P<name>.*)`$", re.DOTALL)
# What a message says, and the keyword of it. Some messages quote the value, and are replaced.
_MESSAGES = (
    (re.compile("Object missing required field"), "required", None),
    (re.compile("Object contains unknown field"), "additionalProperties", "an undeclared member"),
    (re.compile("Invalid enum value"), "enum", "not one of the values"),
    (re.compile("Invalid value"), "oneOf", "not one of the values"),
    (re.compile("Invalid"), "format", None),
    (re.compile("Expected `str` matching regex"), "pattern", None),
    (re.compile("Expected `(str|bytes)` of length >="), "minLength", None),
    (re.compile("Expected `(str|bytes)` of length <="), "maxLength", None),
    (re.compile("Expected `(array|object)` of (at least )?length >="), "minItems", None),
    (re.compile("Expected `(array|object)` of (at most )?length"), "maxItems", None),
    (re.compile("Expected `(int|float|decimal)` >="), "minimum", None),
    (re.compile("Expected `(int|float|decimal)` >"), "exclusiveMinimum", None),
    (re.compile("Expected `(int|float|decimal)` <="), "maximum", None),
    (re.compile("Expected `(int|float|decimal)` <"), "exclusiveMaximum", None),
    (re.compile("Expected `(int|float|decimal)` that's a multiple"), "multipleOf", None),
)


def make_converter(name: str, annotation: Any) -> Converter:
    """Return the converter of an annotation.

    Raises:
        UnsupportedError: msgspec does not know a type in it.
    """
    try:
        msgspec.json.Decoder(annotation)  # looks at all of the type
    except Exception as error:  # noqa: BLE001  # of any class, by the types of others that it holds
        raise UnsupportedError(f"msgspec: {shorten(str(error), 200)}") from None
    return Converter(
        name=name,
        load=partial(_load, annotation),
        dumps=(_dump, _dump_without_defaults, _dump_without_none),
        errors=(msgspec.ValidationError,),
        dump_errors=(TypeError, ValueError),  # ValueError: it refers to itself
        explain=_explain,
    )


def _load(annotation: Any, value: Any) -> Any:
    try:
        return msgspec.convert(value, annotation, builtin_types=_BYTES)
    except msgspec.ValidationError:
        # The contract accepts 1.0 as an integer. In a second try no other branch of a union can match.
        return msgspec.convert(_whole(value), annotation, builtin_types=_BYTES, strict=False)


def _whole(value: Any) -> Any:
    """Return a value with integers for its floats without a fraction; msgspec takes no float for an IntEnum."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    if isinstance(value, dict):
        return {name: _whole(member) for name, member in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list) else value


def _dump(value: Any) -> Any:
    return msgspec.to_builtins(value, builtin_types=_BYTES, str_keys=True)


def _dump_without_defaults(value: Any) -> Any:
    written = _dump(value)
    _leave_out(value, written)
    return written


def _leave_out(value: Any, written: Any) -> None:
    """Remove the members that are None by default, and are None, from what was written of a value."""
    if isinstance(value, dict) and isinstance(written, dict):
        for member, inner in zip(value.values(), list(written.values()), strict=False):
            _leave_out(member, inner)
    elif isinstance(value, list | tuple) and isinstance(written, list | tuple):
        for item, inner in zip(value, written, strict=False):
            _leave_out(item, inner)
    elif isinstance(written, dict):
        kind: Any = type(value)
        for field in _fields(kind):
            member = getattr(value, field.name, None)
            if member is None and field.default is None:
                written.pop(field.encode_name, None)
            elif field.encode_name in written:
                _leave_out(member, written[field.encode_name])


@lru_cache(maxsize=1024)
def _fields(owner: Any) -> tuple[Any, ...]:
    """Return the fields of a class with members; empty for others."""
    described = type_info(owner)
    return tuple(getattr(described, "fields", ()))


def _dump_without_none(value: Any) -> Any:
    return _without_none(_dump(value))


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_none(member) for name, member in value.items() if member is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value


def _explain(error: Exception, _: Any) -> Refused:
    text = str(error)
    match = _PLACE.search(text)
    pointer = _pointer(match["path"]) if match else ""
    said = text[: match.start()] if match else text
    missing = _MISSING.match(said)
    if missing:
        pointer += f"/{Pointer.escape(missing['name'])}"
    by_rule = error.__cause__ is not None
    keyword, message = ("value_error", None) if by_rule else _classify(said)
    violation = Violation(pointer=pointer, keyword=keyword, message=shorten(message or said, 200))
    return Refused(violations=(violation,), by_rule=by_rule)


def _classify(said: str) -> tuple[str, str | None]:
    for pattern, keyword, message in _MESSAGES:
        if pattern.match(said):
            return keyword, message
    return "type", None


def _pointer(path: str) -> str:
    """Return the pointer of a path as far as it names places: the members of a dict have no names in it."""
    pointer, position = "", 0
    while step := _STEP.match(path, position):
        pointer += f"/{Pointer.escape(step['name'] or step['index'])}"
        position = step.end()
    return pointer


def write_schemas(
    asked: Sequence[tuple[Any, Use]],
) -> tuple[list[dict[str, Any] | UnsupportedError], Mapping[str, dict[str, Any]]]:
    """Return the schemas of annotations, and those that they refer to as ``#/components/schemas/NAME``.

    Args:
        asked: Annotations, and whether values are read or written by them, which makes no difference here.
    """
    written: list[dict[str, Any] | UnsupportedError] = []
    known = {}
    for place, (annotation, _) in enumerate(asked):
        try:
            msgspec.json.Decoder(annotation)
            written.append(msgspec.json.schema(annotation))
            known[place] = annotation
        except Exception as error:  # noqa: BLE001  # of any class, by the types of others that it holds
            written.append(UnsupportedError(f"msgspec: {shorten(str(error), 200)}"))
    schemas, components = msgspec.json.schema_components(
        known.values(), ref_template="#/components/schemas/{name}"
    )
    for place, schema in zip(known, schemas, strict=True):
        written[place] = schema
    return written, components
