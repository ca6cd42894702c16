"""What a document names and does not contain: handlers, and variables of the environment."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from ..text.reference_faults import ReferenceFault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from . import Spec


def handler_paths(spec: Spec) -> Iterator[str]:
    """Yield the dotted path of each handler, class of handlers and security function that is called."""
    for namespace in spec.namespaces.values():
        yield from (handler.path for handler in namespace.handlers.values())
        if namespace.handler_class is not None:
            yield namespace.handler_class.path
        yield from (event.handler.path for event in namespace.receives.values() if event.handler is not None)
    for scheme in spec.schemes.values():
        for key, value in scheme.fields.items():
            if key.endswith("Func") and isinstance(value, str):
                yield value


def jwt_options(spec: Spec, schemes: Iterable[str]) -> list[Mapping[str, object]]:
    """Return the ``x-jwt`` of each of these schemes that has one; one in a file that is not there is left out."""
    found: list[Mapping[str, object]] = []
    for name in schemes:
        node = spec.schemes[name].node.get("x-jwt")
        with contextlib.suppress(ReferenceFault):
            if node is not None and isinstance(option := spec.resolver.follow(node).value, dict):
                found.append(option)
    return found


def secret_variables(spec: Spec, schemes: Iterable[str]) -> list[str]:
    """Return the names of the environment variables that hold secrets of these schemes."""
    names = (option.get("secretEnv") for option in jwt_options(spec, schemes))
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))
