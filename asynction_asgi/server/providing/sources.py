"""Providers, inspected once: what each of them needs, and what is wrong with it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

from ...callables import (
    is_async_generator_function,
    is_coroutine_function,
    is_generator_function,
    name_function,
)
from ..conversion.annotations import UNRESOLVED, resolve_annotation
from ..conversion.choosing import name_of as name_of_type
from ..injected import OF_CALL, OF_SOCKET
from ..raised import describe_raised
from ..signatures import UnbindableError, signature_of
from .provide import SCOPES, Provide, is_provider, provide_by

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from .provide import ScopeName


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """What makes one value.

    Attributes:
        function: The provider.
        scope: How long its value lasts.
        needs: The names of its parameters, each with the cell that fills it, or None if its name does.
        is_generator: Whether it closes what it yields.
    """

    function: Callable[..., Any]
    scope: ScopeName
    needs: Sequence[tuple[str, Cell | None]] = ()
    is_generator: bool = False


class Cell:
    """The place of a provider; tests put another one into it."""

    __slots__ = ("_source", "key")

    def __init__(self, key: Any) -> None:
        self.key = key
        self._source: Source | None = None

    @property
    def source(self) -> Source:
        """The provider in use."""
        assert self._source is not None  # noqa: S101  # it is filled before any handler is bound
        return self._source

    @source.setter
    def source(self, source: Source) -> None:
        self._source = source


class Providers:
    """The providers of an application, by type and by function.

    Args:
        provide: By the type of what they provide; each a function or a `Provide`.

    Attributes:
        made: What was made before the start, and lasts as long as the application.

    Raises:
        TypeError: `provide` is not a mapping, or has a value that is not a function.
    """

    def __init__(self, provide: Mapping[Any, Any]) -> None:
        if not isinstance(provide, Mapping):
            raise TypeError(f"provide takes functions by type, not {type(provide).__name__}")
        self._given = {key: provide_by(given) for key, given in provide.items()}
        self._cells: dict[Hashable, Cell] = {}
        self.made: dict[Source, Any] = {}

    def problems(self) -> Iterator[str]:
        """Yield what is wrong with the providers that are given by type."""
        for key in self._given:
            try:
                self._cell(key, ())
            except UnbindableError as error:
                yield f"provide: {error}"

    def needs(
        self, function: Callable[..., Any], parameters: Sequence[inspect.Parameter]
    ) -> tuple[tuple[str, Cell], ...]:
        """Return the keyword-only parameters of a handler that are provided, each with its cell.

        Raises:
            UnbindableError: A provider can't be filled, or a default is FastAPI's ``Depends``.
        """
        found: list[tuple[str, Cell]] = []
        for parameter in parameters:
            _refuse_depends(parameter)
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
                cell = self._asked(function, parameter, ())
                if cell is not None:
                    found.append((parameter.name, cell))
        return tuple(found)

    def misplaced(
        self, function: Callable[..., Any], parameters: Sequence[inspect.Parameter]
    ) -> inspect.Parameter | None:
        """Return the first of a handler's parameters for arguments that asks for what is provided, or None."""
        return next((asking for asking in parameters if self._asked(function, asking, ()) is not None), None)

    def construct(self, owner: type) -> Any:
        """Make the object of a class whose methods are handlers, from providers that need no event loop.

        Raises:
            UnbindableError: It can't be filled, it or a provider raised, or a provider is asynchronous or has
                a shorter lifetime.
        """
        return self._make_now(self.compile(Provide(owner, "app")))

    def _make_now(self, source: Source) -> Any:
        if source in self.made:
            return self.made[source]
        if source.is_generator or is_coroutine_function(source.function):
            raise UnbindableError(
                f"{name_of(source.function)} is asynchronous, and a class of handlers is made before the start;"
                " ask for it in the handlers instead"
            )
        named = {}
        for name, cell in source.needs:
            if cell is None:
                raise UnbindableError(
                    f"{name_of(source.function)} asks for {name!r}, and a class of handlers is made before the"
                    " start; ask for it in the handlers instead"
                )
            named[name] = self._make_now(cell.source)
        try:
            self.made[source] = source.function(**named)
        except Exception as error:
            raise UnbindableError(
                f"{name_of(source.function)}() failed before the start: {describe_raised(error)}"
            ) from error
        return self.made[source]

    @contextmanager
    def override(self, replacements: Mapping[Any, Any]) -> Iterator[None]:
        """Replace providers within a block.

        Args:
            replacements: By type or by a provider's function: another provider, or the value itself. A function
                lasts as long as what it replaces, a `Provide` as long as it says.

        Raises:
            ValueError: Nothing is provided by a key.
            TypeError: A provider can't be filled, or has a shorter lifetime than what it replaces.
        """
        cells: list[tuple[Cell, Source]] = []
        try:
            for key, replacement in replacements.items():
                cell = self._cells.get(key)
                if cell is None:
                    raise ValueError(
                        f"nothing provides {name_of(key)}, so that nothing can be put in its place"
                    )
                cells.append((cell, cell.source))
                cell.source = self._replacing(replacement, cell.source.scope)
            yield
        finally:
            for cell, source in reversed(cells):
                cell.source = source

    def _replacing(self, replacement: Any, scope: ScopeName) -> Source:
        if not is_provider(replacement):
            return Source(function=lambda: replacement, scope=scope)
        provide = provide_by(replacement, scope)
        if _is_narrower(provide.scope, scope):
            raise TypeError(
                f"{name_of(provide.function)} lasts as long as the {provide.scope}, and replaces what lasts as long"
                f" as the {scope}; pass the function alone, or Provide(…, {scope!r})"
            )
        try:
            return self.compile(provide)
        except UnbindableError as error:
            raise TypeError(str(error)) from None

    def compile(self, provide: Provide, chain: Sequence[Any] = ()) -> Source:
        """Return the source of a provider.

        Args:
            provide: The provider.
            chain: Who asks for it, from the outside.

        Raises:
            UnbindableError: It can't be filled.
        """
        function, name = provide.function, name_of(provide.function)
        if is_generator_function(function):
            raise UnbindableError(f"provider {name} is a generator; make it an async generator (async def)")
        try:
            parameters = list(signature_of(function).parameters.values())
        except (TypeError, ValueError):
            raise UnbindableError(f"provider {name} has no signature to inspect") from None
        needs: list[tuple[str, Cell | None]] = []
        for parameter in parameters:
            if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
                continue
            _refuse_depends(parameter)
            cell = self._asked(function, parameter, chain)
            if cell is not None:
                _refuse_narrow(provide, parameter.name, cell.source.scope, chain, cell.key)
                needs.append((parameter.name, cell))
            elif (scope := _scope_of_name(parameter.name)) is not None:
                _refuse_narrow(provide, parameter.name, scope, chain)
                needs.append((parameter.name, None))
            elif parameter.default is inspect.Parameter.empty:
                raise UnbindableError(
                    f"provider {name} asks for {parameter.name!r}, and nothing provides it"
                    f"{_chain_of(chain)}; provide its type, or give it a default"
                )
        return Source(
            function=function,
            scope=provide.scope,
            needs=tuple(needs),
            is_generator=is_async_generator_function(function),
        )

    def _asked(
        self, function: Callable[..., Any], parameter: inspect.Parameter, chain: Sequence[Any]
    ) -> Cell | None:
        """Return the cell that a parameter asks for by its annotation, or None."""
        if parameter.annotation is inspect.Parameter.empty:
            return None
        annotation = resolve_annotation(function, parameter.annotation)
        if annotation is UNRESOLVED:
            return None
        if get_origin(annotation) is Annotated:
            for extra in get_args(annotation)[1:]:
                if isinstance(extra, Provide):
                    return self._cell(extra.function, chain, extra)
                _refuse_fastapis(extra, parameter.name)
            annotation = get_args(annotation)[0]
        try:
            is_given = annotation in self._given
        except TypeError:  # it can't be hashed
            return None
        return self._cell(annotation, chain) if is_given else None

    def _cell(self, key: Any, chain: Sequence[Any], provide: Provide | None = None) -> Cell:
        provide = provide or self._given[key]
        chain = [*chain, key]
        if key in chain[:-1]:
            raise UnbindableError(f"providers ask for one another in a circle{_chain_of(chain)}")
        known = self._cells.get(key)
        if known is None:
            cell = Cell(key)
            cell.source = self.compile(provide, chain)
            known = self._cells[key] = cell
        elif known.source.scope != provide.scope and known.source.function is provide.function:
            raise UnbindableError(
                f"{name_of(key)} is provided with two scopes, {known.source.scope!r} and {provide.scope!r}"
            )
        return known


def name_of(key: Any) -> str:
    """Return a type or a function as an author would write it."""
    return name_of_type(key) if isinstance(key, type) or not callable(key) else name_function(key)


def _scope_of_name(name: str) -> ScopeName | None:
    if name == "app":
        return "app"
    return "connection" if name in OF_SOCKET else "event" if name in OF_CALL else None


def _is_narrower(scope: ScopeName, other: ScopeName) -> bool:
    return SCOPES.index(scope) < SCOPES.index(other)


def _refuse_narrow(
    provide: Provide, parameter: str, scope: ScopeName, chain: Sequence[Any], key: Any = None
) -> None:
    """Refuse a parameter that has a shorter lifetime than what is made of it.

    Args:
        provide: The provider that has the parameter.
        parameter: Its name.
        scope: How long it lasts.
        chain: Who asks for the provider, from the outside.
        key: What the parameter is provided by, or None if its name says what it is.

    Raises:
        UnbindableError: It does.
    """
    if not _is_narrower(scope, provide.scope):
        return
    what, whole = name_of(provide.function), _chain_of([*chain, parameter if key is None else key])
    cures = [f"provide {name_of(key)} with scope={provide.scope!r}"] if key is not None else []
    cures.append(f"{'' if cures else 'provide '}{what} with scope={scope!r}")
    raise UnbindableError(
        f"{what} lasts as long as the {provide.scope}, and its parameter {parameter!r}"
        f"{'' if key is None else f' ({name_of(key)})'} only as long as the {scope}{whole}; {', or '.join(cures)}"
    )


def _refuse_depends(parameter: inspect.Parameter) -> None:
    _refuse_fastapis(parameter.default, parameter.name)


def _refuse_fastapis(value: Any, name: str) -> None:
    kind = type(value)
    if kind.__name__ == "Depends" and kind.__module__.partition(".")[0] == "fastapi":
        raise UnbindableError(
            f"{name!r} asks for FastAPI's Depends, which works in its routes alone;"
            f" use a keyword-only parameter: (…, *, {name}: Annotated[…, Provide(function)])"
        )


def _chain_of(chain: Sequence[Any]) -> str:
    names = [key if isinstance(key, str) else name_of(key) for key in chain]
    return f" ({' → '.join(names)})" if len(names) > 1 else ""
