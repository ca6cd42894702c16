"""One bundle of compiled checks for all schemas of a document."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ...errors import Violation
from ...extras import is_installed
from ..text.pointer import Pointer
from .contradictions import find_contradictions
from .definitions import reachable
from .depths import find_depths
from .discriminators import find_unpinned
from .dispatch import tag_values
from .finite import find_finite
from .generate import Generator
from .lint import find_unfit
from .native import compile_native
from .normalise import Normaliser
from .recursion import find_recursion
from .runtime import Item, Miss
from .slow import find_slow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ...errors import Diagnostic
    from ..text.document import Document, Node
    from ..text.references import Resolver
    from .definitions import Definitions
    from .recursion import Recursion

Check: TypeAlias = "Callable[[Any], None]"
"""Takes a value; returns None or raises `Mismatch`. Never mutates the value."""

Backend = Literal["auto", "fastjsonschema", "jsonschema-rs"]

_LONGEST_POINTER = 512


class Mismatch(Exception):  # noqa: N818  # never reaches users: part and direction are added above
    """A value does not match its schema.

    Attributes:
        violations: At least one; pointers are relative to the value.
        rule: The keyword of the document that was missed, as ``file#pointer``; None for a fault
            that no keyword expresses. For logs, not for peers.
    """

    def __init__(self, violations: Iterable[Violation], *, rule: str | None = None) -> None:
        self.violations = tuple(violations)
        self.rule = rule
        super().__init__(self.violations)

    def below(self, pointer: str) -> Mismatch:
        """Return the same failure as seen from a value that holds this one at `pointer`."""
        moved = (
            Violation(
                pointer=pointer + violation.pointer, keyword=violation.keyword, message=violation.message
            )
            for violation in self.violations
        )
        return Mismatch(moved, rule=self.rule)


class Bundle:
    """The checks of one document's schemas.

    All are compiled together when the first one is asked for, which a server does as it starts;
    reading and checking a document needs none, unless an ``x-mock`` has an answer.
    """

    def __init__(
        self,
        names: Mapping[tuple[Document, str], str],
        definitions: Definitions,
        backend: Backend,
        unfit: frozenset[tuple[Document, str]] = frozenset(),
    ) -> None:
        self._names = names
        self._unfit = unfit
        self._definitions = definitions
        self._backend = backend

    @cached_property
    def _checks(self) -> Mapping[str, Check]:
        entries = sorted(set(self._names.values()))
        return compile_checks(self._definitions, entries, self._backend, self.recursion)

    def check(self, node: Node) -> Check:
        """Return the check of a root, which accepts everything if the schema has an error.

        Raises:
            KeyError: The schema was not among the roots.
        """
        if node.identity in self._unfit:
            return _accept
        name = self._names[node.identity]
        return self._checks[name]

    def is_unfit(self, node: Node) -> bool:
        """Return whether a schema that was among the roots has an error, or reaches one."""
        return node.identity in self._unfit

    @cached_property
    def _finite(self) -> frozenset[str]:
        return find_finite(self._definitions)

    def is_finite(self, node: Node) -> bool:
        """Return whether a value that the check of a root accepts holds no NaN and no Infinity anywhere.

        Raises:
            KeyError: The schema was not among the roots.
        """
        return node.identity not in self._unfit and self._names[node.identity] in self._finite

    @cached_property
    def _depths(self) -> Mapping[str, int]:
        return find_depths(self._definitions)

    def depth(self, node: Node) -> int | None:
        """Return how many levels a value that the check of a root accepts nests at most, or None if it is not bounded.

        Raises:
            KeyError: The schema was not among the roots.
        """
        return None if node.identity in self._unfit else self._depths.get(self._names[node.identity])

    @cached_property
    def recursion(self) -> Recursion:
        """Which definitions are recursive."""
        return find_recursion(self._definitions)

    @property
    def definitions(self) -> Definitions:
        """Every schema in its uniform shape, by name."""
        return self._definitions

    def definition(self, node: Node) -> dict[str, Any]:
        """Return the uniform shape of a schema that was among the roots.

        Raises:
            KeyError: The schema was not among the roots.
        """
        return {} if node.identity in self._unfit else self._definitions[self._names[node.identity]]

    def only(self, nodes: Iterable[Node]) -> Bundle:
        """Return a bundle of some of the roots, which compiles nothing else.

        Raises:
            KeyError: it was not among the roots.
        """
        names = {node.identity: self._names[node.identity] for node in nodes if not self.is_unfit(node)}
        definitions = {name: self._definitions[name] for name in names.values()}
        definitions |= reachable(definitions.values(), self._definitions)
        return Bundle(names, definitions, "fastjsonschema", self._unfit)

    def tags(self, nodes: Sequence[Node]) -> tuple[str, tuple[tuple[str, ...], ...]] | None:
        """Return a property that each schema requires of an object, each with other values, or None.

        Returns:
            The property and, schema by schema, its values, or None if there is no such property.
        """
        schemas = [self.definition(node) for node in nodes]
        return tag_values(schemas, self._definitions) if schemas else None


def compile_bundle(
    roots: Iterable[Node],
    resolver: Resolver,
    *,
    strict: bool = False,
    backend: Backend = "auto",
    written: bool = False,
) -> tuple[Bundle, list[Diagnostic]]:
    """Check and normalise every schema of a document, for one compilation of them all.

    Args:
        roots: The schemas that values are checked against; references are followed.
        resolver: Follows them.
        strict: Keywords that draft-07 ignores are errors.
        backend: What says yes: the generated code alone (``fastjsonschema``), ``jsonschema-rs``
            before it where the schema allows, or by ``auto`` the faster of what is installed.
        written: Whether the values are those that a document holds, in which text may stand for bytes.

    Raises:
        ImportError: `backend` is ``jsonschema-rs``, and it is not installed.

    Returns:
        The bundle, and what there is to say about the schemas in the order of the arguments. Schemas with
        an error accept everything, so that what depends on the others can be checked too.
    """
    if backend == "jsonschema-rs" and not is_installed("jsonschema_rs"):
        raise ImportError("jsonschema-rs is not installed; the extra asynction-asgi[fast] holds it")
    roots = tuple(roots)
    found, unfit = find_unfit(roots, resolver, strict=strict)
    normaliser = Normaliser(resolver, written=written)
    names = normaliser.run(root for root in roots if root.identity not in unfit)
    found += (node.diagnostic("error", "REF_CYCLE", message) for node, message in normaliser.faults)
    bundle = Bundle(names, normaliser.definitions, backend, unfit)
    if not written:  # the same schemas are compiled for what travels
        found += (
            node.diagnostic("warning", "SLOW", message, layer="service", key=True)
            for node, message in find_slow(normaliser.definitions, lambda: bundle.recursion.risky)
        )
        found += (
            node.diagnostic("warning", "SCHEMA", message, layer="service", key=True)
            for node, message in find_unpinned(normaliser.definitions)
        )
    if written:
        return bundle, found
    severity: Literal["error", "warning"] = "error" if strict else "warning"
    impossible = [
        node.diagnostic(severity, "SCHEMA", message, layer="service")
        for node, message in find_contradictions(normaliser.definitions)
    ]
    return bundle, [*found, *dict.fromkeys(impossible)]


def _accept(_: Any) -> None:
    """Accept any value."""


def compile_checks(
    definitions: Definitions,
    entries: Sequence[str],
    backend: Backend = "fastjsonschema",
    recursion: Recursion | None = None,
) -> dict[str, Check]:
    """Compile the checks of some definitions, by name.

    Args:
        definitions: These and all that they refer to.
        entries: Their names.
        backend: What says yes (see `compile_bundle`).
        recursion: Which definitions are recursive, if it is known.
    """
    recursion = recursion or find_recursion(definitions)
    generator = Generator(definitions, entries, recursion.risky)
    source = generator.func_code
    scope = generator.scope
    exec(compile(source, "<checks generated from schemas>", "exec"), scope)  # noqa: S102  # our own text
    checks = {name: _check(scope[name], memo=name in recursion.risky) for name in entries}
    if backend == "jsonschema-rs" or (backend == "auto" and is_installed("jsonschema_rs")):
        natively = compile_native(definitions, entries, without=recursion.recursive | recursion.risky)
        checks |= {name: _guarded(is_valid, name, checks[name]) for name, is_valid in natively.items()}
    return checks


def _guarded(is_valid: Callable[[Any], bool], name: str, check: Check) -> Check:
    def check_natively(value: Any) -> None:
        try:
            if is_valid({name: value}):
                return
        except ValueError:  # a value that JSON doesn't have
            pass
        check(value)

    return check_natively


def _check(function: Callable[..., None], *, memo: bool) -> Check:
    def check(value: Any) -> None:
        try:
            if memo:
                function(value, {})
            else:
                function(value)
        except Miss as miss:
            raise _mismatch(miss) from None
        except RecursionError:
            raise _unfit("is nested too deep") from None
        except (ArithmeticError, AttributeError, TypeError, ValueError):
            raise _unfit("is not a JSON value") from None

    return check


def _unfit(message: str) -> Mismatch:
    return Mismatch([Violation(pointer="", keyword="type", message=message)])


def _mismatch(miss: Miss) -> Mismatch:
    rule = miss.rule
    place = f"{rule.node.document.name or ''}#{rule.node.pointer}/{rule.keyword}"
    violation = Violation(pointer=_pointer(miss.trail), keyword=rule.keyword, message=rule.message)
    return Mismatch([violation], rule=place)


def _pointer(trail: Iterable[Any]) -> str:
    """Write a pointer (RFC 6901); of a very long one, the nearest ancestor that fits."""
    pointer = ""
    for place in trail:
        token = place.index() if isinstance(place, Item) else place
        step = f"/{Pointer.escape(token if isinstance(token, int) else str(token))}"
        if len(pointer) + len(step) > _LONGEST_POINTER:
            break
        pointer += step
    return pointer
