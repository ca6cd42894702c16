"""Lists of arguments, as they travel, against what the document declares of them.

The schema decides how a list is read, never the number of arguments that happened to arrive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from ...errors import Violation
from ..schemas import Mismatch
from ..schemas.messages import listed, quoted
from ..text.pointer import Pointer
from . import count_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..schemas import Bundle, Check
    from . import Arguments

ArgumentsCheck: TypeAlias = "Callable[[Sequence[Any]], Sequence[Any]]"
"""Takes the wire's arguments; returns those for the handler, or raises `Mismatch`.

Pointers are relative to the list, such as ``/0/text``.
"""


def compile_arguments(arguments: Arguments, bundle: Bundle) -> ArgumentsCheck:
    """Return the check of an event's or an ack's arguments.

    No arguments where a single one is declared are one ``null``, if that is valid.
    """
    if arguments.kind == "union":
        return _union(arguments, bundle)
    if arguments.kind in ("any", "opaque") or arguments.schema is None:
        return _accept
    check = bundle.check(arguments.schema)
    return _single(check) if arguments.kind == "single" else _positional(arguments, check)


def are_finite(arguments: Arguments, bundle: Bundle) -> bool:
    """Return whether a list that the check of `arguments` accepts holds no NaN and no Infinity anywhere."""
    if arguments.kind == "union":
        return all(are_finite(alternative, bundle) for alternative in arguments.of)
    if arguments.kind in ("any", "opaque") or arguments.schema is None:
        return arguments.maximum == 0
    return bundle.is_finite(arguments.schema)


def deepest(arguments: Arguments, bundle: Bundle) -> int | None:
    """Return how many levels a list that the check of `arguments` accepts nests at most, or None if it is not bounded."""
    if arguments.kind == "union":
        depths = [deepest(alternative, bundle) for alternative in arguments.of]
        bounds = [depth for depth in depths if depth is not None]
        return max(bounds, default=0) if len(bounds) == len(depths) else None
    if arguments.kind in ("any", "opaque") or arguments.schema is None:
        return None
    depth = bundle.depth(arguments.schema)
    return depth + 1 if depth is not None and arguments.kind == "single" else depth


def is_opaque(arguments: Arguments) -> bool:
    """Return whether arguments, or an alternative of them, are of a schema format that nothing validates."""
    return arguments.kind == "opaque" or any(map(is_opaque, arguments.of))


def _accept(values: Sequence[Any]) -> Sequence[Any]:
    return values


def _single(check: Check) -> ArgumentsCheck:
    try:
        check(None)
    except Mismatch:
        null_is_valid = False
    else:
        null_is_valid = True

    def check_single(values: Sequence[Any]) -> Sequence[Any]:
        if len(values) != 1:
            if not values and null_is_valid:
                return [None]
            raise Mismatch([miscounted(1, 1, len(values))])
        try:
            check(values[0])
        except Mismatch as mismatch:
            raise mismatch.below("/0") from None
        return values

    return check_single


def _positional(arguments: Arguments, check: Check) -> ArgumentsCheck:
    least, most = arguments.minimum, arguments.maximum

    def check_positional(values: Sequence[Any]) -> Sequence[Any]:
        if len(values) < least or (most is not None and len(values) > most):
            raise Mismatch([miscounted(least, most, len(values))])
        check(values)
        return values

    return check_positional


def _union(arguments: Arguments, bundle: Bundle) -> ArgumentsCheck:
    """Return a check by the first alternative that accepts, or by a discriminating property."""
    checks = [compile_arguments(alternative, bundle) for alternative in arguments.of]
    by_tag = _tagged(arguments, bundle, checks)

    def check_union(values: Sequence[Any]) -> Sequence[Any]:
        if by_tag is not None and len(values) == 1 and isinstance(values[0], dict):
            return by_tag(values)
        best: Mismatch | None = None
        for check in checks:
            try:
                return check(values)
            except Mismatch as mismatch:
                if best is None or _relevance(mismatch) > _relevance(best):
                    best = mismatch
        raise best or Mismatch([Violation(pointer="", keyword="oneOf", message="no value is accepted here")])

    return check_union


def _tagged(arguments: Arguments, bundle: Bundle, checks: Sequence[ArgumentsCheck]) -> ArgumentsCheck | None:
    nodes = [
        alternative.schema
        for alternative in arguments.of
        if alternative.kind == "single" and alternative.schema is not None
    ]
    found = bundle.tags(nodes) if len(nodes) == len(checks) > 1 else None
    if found is None:
        return None
    tag, values_of = found
    table = {value: check for values, check in zip(values_of, checks, strict=True) for value in values}
    wanted = listed(list(table))

    def check_tagged(values: Sequence[Any]) -> Sequence[Any]:
        if tag not in values[0]:
            raise Mismatch([Violation(pointer="/0", keyword="required", message=f"{quoted(tag)} is missing")])
        value = values[0][tag]
        check = table.get(value) if isinstance(value, str) else None
        if check is None:
            pointer = f"/0/{Pointer.escape(tag)}"
            raise Mismatch([Violation(pointer=pointer, keyword="oneOf", message=f"must be one of {wanted}")])
        return check(values)

    return check_tagged


def _relevance(mismatch: Mismatch) -> tuple[bool, int]:
    """Rank a failure: the deeper it is, the likelier the value was meant for this alternative."""
    first = mismatch.violations[0]
    return first.keyword not in ("minItems", "maxItems", "type"), first.pointer.count("/")


def miscounted(least: int, most: int | None, count: int) -> Violation:
    """Return the violation of a list of `count` arguments where `least` to `most` are expected."""
    expected = "no" if most == 0 else count_words(least, most)
    noun = "argument" if most == 1 and least == 1 else "arguments"
    keyword = "minItems" if count < least else "maxItems"
    return Violation(pointer="", keyword=keyword, message=f"expects {expected} {noun}, got {count}")
