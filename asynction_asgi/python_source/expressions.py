"""Types as small trees, so that each module writes them in the names that it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from .source import literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .source import Module


@dataclass(frozen=True, slots=True)
class Named:
    """A name of a module."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class Of:
    """A generic type and what it is of: ``list[str]``."""

    base: Named
    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """One of some values; each with its type, since Python takes 1 for True."""

    values: tuple[tuple[type, Any], ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of several types."""

    options: tuple[Expression, ...]


Expression: TypeAlias = Named | Of | Literal | Either

ANY = Named("typing", "Any")
NEVER = Named("typing", "Never")
NONE = Named("builtins", "None")


def builtin(name: str, *parts: Expression) -> Expression:
    """Return a builtin type, with or without parameters."""
    base = Named("builtins", name)
    return Of(base, parts) if parts else base


def either(options: Iterable[Expression]) -> Expression:
    """Return a union: each option once, literals together, None last; with anything in it, anything."""
    found: list[Expression] = []
    values: dict[tuple[type, Any], None] = {}
    for option in options:
        for part in option.options if isinstance(option, Either) else (option,):
            if part == ANY:
                return ANY
            if isinstance(part, Literal):
                if not values:
                    found.append(part)
                values.update(dict.fromkeys(part.values))
            elif part not in found and part != NEVER:
                found.append(part)
    merged = [Literal(tuple(values)) if isinstance(option, Literal) else option for option in found]
    merged.sort(key=lambda option: option == NONE)
    if not merged:
        return NEVER
    return merged[0] if len(merged) == 1 else Either(tuple(merged))


def names_in(expression: Expression) -> Iterator[Named]:
    """Yield every name that occurs in an expression."""
    if isinstance(expression, Named):
        yield expression
    elif isinstance(expression, Of):
        yield expression.base
        for part in expression.parts:
            yield from names_in(part)
    elif isinstance(expression, Either):
        for option in expression.options:
            yield from names_in(option)


def write(expression: Expression, module: Module) -> str:
    """Write the expression in the names that a module has, which imports what it lacks."""
    if isinstance(expression, Named):
        return "None" if expression == NONE else module.use(expression.module, expression.name)
    if isinstance(expression, Literal):
        values = ", ".join(literal(value) for _, value in expression.values)
        return f"{module.use('typing', 'Literal')}[{values}]"
    if isinstance(expression, Of):
        parts = ", ".join(write(part, module) for part in expression.parts)
        return f"{module.use(expression.base.module, expression.base.name)}[{parts}]"
    return " | ".join(write(option, module) for option in expression.options)
