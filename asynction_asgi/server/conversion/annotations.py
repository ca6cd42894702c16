"""Annotations of handlers, resolved one by one: an unresolvable name affects only the annotation that uses it."""

from __future__ import annotations

import sys
import types
import typing
from typing import Any

from ..signatures import python_function

UNRESOLVED: Any = object()


def resolve_annotation(function: Any, annotation: Any) -> Any:
    """Return the type that an annotation of a function stands for, or `UNRESOLVED`.

    Texts in it are looked up in the function's module and among the variables that it closes over.
    """
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    origin = python_function(function)
    names = getattr(origin, "__globals__", None)
    if names is None:  # of a class, say
        names = getattr(sys.modules.get(getattr(origin, "__module__", "")), "__dict__", {})
    try:
        return typing.get_type_hints(holder, names, _enclosed(origin), include_extras=True)["it"]
    except Exception:  # noqa: BLE001  # an annotation may be any expression
        return UNRESOLVED


def return_annotation(function: Any) -> Any:
    """Return the type that a handler is annotated to return, None without one, or `UNRESOLVED`."""
    annotations = getattr(python_function(function), "__annotations__", {})
    return resolve_annotation(function, annotations["return"]) if "return" in annotations else None


def _enclosed(function: Any) -> dict[str, Any]:
    code, cells = getattr(function, "__code__", None), getattr(function, "__closure__", None)
    found: dict[str, Any] = {}
    for name, cell in zip(getattr(code, "co_freevars", ()), cells or (), strict=False):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # it is not filled yet
            continue
    return found
