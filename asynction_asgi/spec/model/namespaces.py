"""Which declared namespace a concrete name belongs to, and the values of its parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..schemas import Mismatch
from ..text.hints import say_known
from .coercion import coerce_text, declared_types
from .templates import PARAMETER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from . import Namespace, Parameter, Spec

_REMEMBERED = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A concrete namespace: what the document declares, and the parameters' values."""

    declared: Namespace
    params: Mapping[str, Any] = field(default_factory=dict)


class Namespaces:
    """Looks up concrete namespaces: exact names first, then templates, the most literal first.

    Source: AsyncAPI 2.6 and 3.0, channel address expressions; one ``{parameter}`` is one
    non-empty segment without a slash.
    """

    def __init__(self, spec: Spec) -> None:
        self._declared = spec.namespaces
        self._exact = {
            name: Resolved(declared=namespace)
            for name, namespace in spec.namespaces.items()
            if not PARAMETER.search(name)
        }
        templates = [namespace for name, namespace in spec.namespaces.items() if name not in self._exact]
        templates.sort(key=lambda namespace: -len(PARAMETER.sub("", namespace.name)))
        self._templates = [_Template(namespace, spec) for namespace in templates]
        self._remembered: dict[str, Resolved] = {}

    def resolve(self, name: str) -> Resolved | None:
        """Return the declared namespace for a concrete name, or None if the document has none."""
        found = self._exact.get(name) or self._remembered.get(name)
        if found is None and self._templates:
            found = next((match for template in self._templates if (match := template.match(name))), None)
            if found is not None and len(self._remembered) < _REMEMBERED:
                self._remembered[name] = found
        return found

    def undeclared(self, name: str) -> str:
        """Say that no namespace of this name is declared."""
        return no_namespace(name, self._declared)

    def say_known(self, name: str) -> str:
        """Return which namespaces may be meant by a name that is not declared, or are there instead."""
        return say_known(name, self._declared)


def no_namespace(name: str, declared: Iterable[str]) -> str:
    """Say that a document declares no namespace of this name, and which are meant or there instead."""
    return f"the document declares no namespace {name!r}{say_known(name, declared)}"


class _Template:
    def __init__(self, declared: Namespace, spec: Spec) -> None:
        self._declared = declared
        pieces = PARAMETER.split(declared.name)
        self._pattern = re.compile(
            "".join("([^/]+)" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
        )
        by_name = {parameter.name: parameter for parameter in declared.parameters}
        self._readers = [(name, _reader(by_name.get(name), spec)) for name in pieces[1::2]]

    def match(self, name: str) -> Resolved | None:
        found = self._pattern.fullmatch(name)
        if found is None:
            return None
        try:
            params = {
                parameter: read(text)
                for (parameter, read), text in zip(self._readers, found.groups(), strict=True)
            }
        except Mismatch:
            return None
        return Resolved(declared=self._declared, params=params)


def _reader(parameter: Parameter | None, spec: Spec) -> Callable[[str], Any]:
    """Return what turns a segment into the parameter's value, or raises `Mismatch` if it can't."""
    if parameter is not None and parameter.enum is not None:
        admitted = frozenset(parameter.enum)

        def one_of(text: str) -> str:
            if text not in admitted:
                raise Mismatch(())
            return text

        return one_of
    if parameter is None or parameter.schema is None:
        return str
    types, check = declared_types(parameter.schema, spec.resolver), spec.bundle.check(parameter.schema)

    def checked(text: str) -> Any:
        value = coerce_text(text, types)
        check(value)
        return value

    return checked
