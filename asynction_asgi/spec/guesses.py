"""A value that a schema probably accepts, guessed from its keywords without search."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .document import Node
from .patterns import PatternError, parse_pattern
from .patterns.tree import Alternation, Group, Item, Reference, Repeat, Sequence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .patterns.tree import Pattern
    from .references import Resolver

__all__ = ["guess_value"]

_DEEPEST = 12
_LONGEST = 4096
_FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "email": "ada@example.com",
    "idn-email": "ada@example.com",
    "hostname": "example.com",
    "idn-hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uri-reference": "/path",
    "iri": "https://example.com/",
    "iri-reference": "/path",
    "uri-template": "/users/{id}",
    "uuid": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "json-pointer": "/path",
    "relative-json-pointer": "0",
    "regex": "^a+$",
    "byte": "aGVsbG8=",
}
_TYPES = {
    "object": ("properties", "required", "additionalProperties", "minProperties", "patternProperties"),
    "array": ("items", "prefixItems", "minItems", "uniqueItems", "contains"),
    "string": ("pattern", "format", "minLength", "maxLength"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


def guess_value(schema: Node, resolver: Resolver, attempt: int = 0) -> Any:
    """A value for `schema`; higher attempts take other alternatives and leave more out.

    Raises:
        ReferenceFault: a reference in it leads nowhere.
    """
    return _Guess(resolver, attempt).value(schema, (), "")


class _Guess:
    def __init__(self, resolver: Resolver, attempt: int) -> None:
        self._resolver = resolver
        self._attempt = attempt
        self._sparse = attempt >= 4
        self._authored = attempt % 2 == 0

    def value(self, node: Node, above: tuple[Any, ...], name: str) -> Any:
        node = self._resolver.follow(node)
        if not isinstance(node.value, dict):
            return "anything"
        above = (*above, node.identity)
        schema = self._merged(node, above)
        if self._authored:
            examples = schema.get("examples")
            if isinstance(examples, list) and examples:
                return examples[0]
            if "default" in schema:
                return schema["default"]
        if "const" in schema:
            return schema["const"]
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            return schema["enum"][self._attempt % len(schema["enum"])]
        kind = self._type(schema)
        if kind == "object":
            return self._object(schema, above)
        if kind == "array":
            return self._array(schema, above, name)
        if kind == "string":
            return self._string(schema, name)
        if kind in ("number", "integer"):
            return _number(schema, whole=kind == "integer")
        return {"boolean": True, "null": None}.get(kind, "anything")

    def _merged(self, node: Node, above: tuple[Any, ...]) -> dict[str, Any]:
        """Keywords of the schema and of what it combines; values that are schemas stay `Node`s."""
        merged: dict[str, Any] = {}
        parts = [node]
        for keyword in ("anyOf", "oneOf", "allOf"):
            held = node.get(keyword)
            if held is None or not isinstance(held.value, list) or not held.value:
                continue
            options = list(held.elements())
            parts += options if keyword == "allOf" else [options[self._attempt % len(options)]]
        if node.get("if") is not None:
            parts += [part for key in ("if", "then") if (part := node.get(key)) is not None]
        for part in parts:
            target = self._resolver.follow(part)
            if not isinstance(target.value, dict):
                continue
            if target.identity == node.identity:
                _add(merged, target)
            elif target.identity not in above and len(above) < _DEEPEST:
                for key, one in self._merged(target, (*above, target.identity)).items():
                    _combine(merged, key, one)
        return merged

    def _type(self, schema: Mapping[str, Any]) -> str:
        declared = schema.get("type")
        if isinstance(declared, list):
            solid = [one for one in declared if one != "null"] or declared
            return str(solid[self._attempt % len(solid)])
        if isinstance(declared, str):
            return declared
        return next((kind for kind, keys in _TYPES.items() if any(key in schema for key in keys)), "")

    def _object(self, schema: Mapping[str, Any], above: tuple[Any, ...]) -> dict[str, Any]:
        properties: Mapping[str, Node] = schema.get("properties", {})
        required = schema.get("required", [])
        result = {}
        for key, node in properties.items():
            if key in required or not (self._sparse or self._is_recursive(node, above)):
                result[key] = self.value(node, above, key)
        rest = schema.get("additionalProperties")
        for key in required:
            if key not in result:
                result[key] = self.value(rest, above, key) if isinstance(rest, Node) else "anything"
        for index in range(schema.get("minProperties", 0) - len(result)):
            key = f"key{index + 1}"
            result[key] = self.value(rest, above, key) if isinstance(rest, Node) else "anything"
        return result

    def _is_recursive(self, node: Node, above: tuple[Any, ...]) -> bool:
        """Whether an optional value would hold itself again, at once or as an element."""
        for _ in range(3):
            node = self._resolver.follow(node)
            if node.identity in above or node.value is False or len(above) > _DEEPEST:
                return True
            inner = node.get("items")
            if inner is None or isinstance(inner.value, list):
                return False
            node = inner
        return False

    def _array(self, schema: Mapping[str, Any], above: tuple[Any, ...], name: str) -> list[Any]:
        prefix: list[Node] = schema.get("$prefix", [])
        rest = schema.get("$rest")
        least = int(schema.get("minItems", 0))
        most = schema.get("maxItems", _LONGEST)
        wanted = prefix[: max(least, 0)] if self._sparse else prefix
        result = [self.value(one, above, name) for one in wanted[: int(most)]]
        if isinstance(rest, Node) and not result and not self._sparse and not prefix:
            least = max(least, 0 if self._is_recursive(rest, above) else 1)
        if "contains" in schema:
            result.append(self.value(schema["contains"], above, name))
        for index in range(min(least, int(most), _LONGEST) - len(result)):
            value = self.value(rest, above, name) if isinstance(rest, Node) else "anything"
            result.append(_different(value, index) if schema.get("uniqueItems") else value)
        return result

    def _string(self, schema: Mapping[str, Any], name: str) -> Any:
        least, most = int(schema.get("minLength", 0)), schema.get("maxLength", _LONGEST)
        if schema.get("format") == "binary":
            return b"\x00" * min(max(least, 4), int(most), _LONGEST)
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        if "pattern" in schema:
            try:
                return _match(parse_pattern(schema["pattern"]), max(0, self._attempt - 1), {})
            except PatternError:
                return ""
        text = name or "text"
        while len(text) < min(least, _LONGEST):
            text += f" {name or 'text'}"
        return text[: max(least, min(len(text), int(most)))]


def _add(merged: dict[str, Any], node: Node) -> None:
    for key, value in node.value.items():
        if key == "properties" and isinstance(value, dict):
            merged[key] = dict(node.child(key).items())
        elif key in ("additionalProperties", "contains"):
            merged[key] = node.child(key)
    prefix, items, rest = (node.get(key) for key in ("prefixItems", "items", "additionalItems"))
    if prefix is None and items is not None and isinstance(items.value, list):
        prefix, items = items, rest
    if prefix is not None and isinstance(prefix.value, list):
        merged["$prefix"] = list(prefix.elements())
    if items is not None:
        merged["$rest"] = items
    for key, value in node.value.items():
        merged.setdefault(key, value)


def _combine(merged: dict[str, Any], key: str, value: Any) -> None:
    """One keyword of two schemas that hold together."""
    known = merged.get(key)
    if known is None:
        merged[key] = value
    elif key == "properties":
        merged[key] = {**value, **known}
    elif key == "required":
        merged[key] = [*known, *(one for one in value if one not in known)]
    elif key.startswith("min") or key == "exclusiveMinimum":
        merged[key] = max(known, value)
    elif key.startswith("max") or key == "exclusiveMaximum":
        merged[key] = min(known, value)
    elif key in ("const", "enum"):
        merged[key] = value


def _number(schema: Mapping[str, Any], *, whole: bool) -> float:
    step = schema.get("multipleOf", 1 if whole else None)
    low = max(schema.get("minimum", -math.inf), schema.get("exclusiveMinimum", -math.inf))
    high = min(schema.get("maximum", math.inf), schema.get("exclusiveMaximum", math.inf))
    value: float
    if low < 1 < high and (not step or 1 % step == 0):
        return 1
    if low == -math.inf:
        value = min(high, 1) if high < 1 or not step else step if step <= high else 0
    else:
        value = low
    if not step and value in (schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")):
        value = (low + high) / 2 if math.isfinite(low + high) else value + (1 if value == low else -1)
    if step:
        steps = math.ceil(max(value, low) / step) if value >= low else 0
        if steps * step == schema.get("exclusiveMinimum"):
            steps += 1
        if steps * step > high or steps * step == schema.get("exclusiveMaximum"):
            steps -= 1
        value = steps * step
    return int(value) if value == int(value) else value


def _different(value: Any, index: int) -> Any:
    if isinstance(value, str) and index:
        return f"{value}{index + 1}"
    return value + index if isinstance(value, int | float) and not isinstance(value, bool) else value


def _match(pattern: Pattern, more: int, groups: dict[int, str]) -> str:
    """A text that matches, by the first option and few repetitions."""
    if isinstance(pattern, Item):
        return _pick(pattern.ranges)
    if isinstance(pattern, Sequence):
        return "".join(_match(one, more, groups) for one in pattern.parts)
    if isinstance(pattern, Alternation):
        return _match(pattern.options[more % len(pattern.options)], more, groups)
    if isinstance(pattern, Group):
        groups[pattern.number] = text = _match(pattern.body, more, groups)
        return text
    if isinstance(pattern, Reference):
        return groups.get(pattern.target, "")
    if isinstance(pattern, Repeat):
        wanted = max(pattern.least, 1 + more * 3)
        count = wanted if pattern.most is None else min(wanted, pattern.most)
        return "".join(_match(pattern.body, more, groups) for _ in range(min(count, _LONGEST)))[:_LONGEST]
    return ""  # a look or an assertion: what surrounds it may satisfy it


def _pick(ranges: tuple[tuple[int, int], ...]) -> str:
    """The character of a set that reads best."""
    for wanted in "aA1-_ ":
        if any(low <= ord(wanted) <= high for low, high in ranges):
            return wanted
    printable = (max(low, 0x21) for low, high in ranges if high >= 0x21)
    return chr(next(printable, ranges[0][0] if ranges else 0x61))
