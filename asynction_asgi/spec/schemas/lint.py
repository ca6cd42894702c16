"""What is wrong with the schemas of a document, every finding at its place.

A schema that passes here can be compiled. Nothing is enforced in part: what can't be enforced is an
error, and what a dialect ignores by its own rules, or no value can meet, is a warning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..patterns import PatternError
from ..text.pointer import Pointer
from ..text.reference_faults import ReferenceFault
from .children import children
from .declared import find_undeclared
from .dialects import ASYNCAPI
from .discriminators import lacking
from .keywords import ASSERTIONS, KEYWORDS, advice
from .matchers import SLOW, compile_pattern
from .multi_format import is_multi_format
from .resources import Visit, resources_of
from .slips import hint_for, kind_of
from .suspicions import find_suspicions, without_slashes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...errors import Diagnostic
    from ..text.document import Document, Node
    from ..text.references import Resolver
    from .dialects import Dialect
    from .resources import Resources

    Place = tuple[Document, str]


def lint_schemas(roots: Iterable[Node], resolver: Resolver, *, strict: bool) -> list[Diagnostic]:
    """Check every schema that `roots` reach, through references too; each one once.

    Args:
        roots: Schemas; references are followed.
        resolver: Follows them.
        strict: Keywords that would be ignored, and schemas that nothing matches, are errors rather
            than warnings.
    """
    return _lint(roots, resolver, strict=strict).findings


def find_unfit(
    roots: Iterable[Node], resolver: Resolver, *, strict: bool
) -> tuple[list[Diagnostic], frozenset[Place]]:
    """Check schemas as `lint_schemas` does, and return the places of those that reach an error too."""
    linter = _lint(roots, resolver, strict=strict)
    return linter.findings, linter.unfit()


def _lint(roots: Iterable[Node], resolver: Resolver, *, strict: bool) -> _Linter:
    roots = tuple(roots)
    linter = _Linter(resources_of(roots, resolver), resolver, strict=strict)
    linter.walk(roots)
    linter.find_endless()
    linter.find_undeclared()
    return linter


class _Linter:
    def __init__(self, resources: Resources, resolver: Resolver, *, strict: bool) -> None:
        self.resources = resources
        self.resolver = resolver
        self.ignored: Literal["error", "warning"] = "error" if strict else "warning"
        self.found: list[Diagnostic] = []
        self.nodes: dict[Place, Node] = {}
        self.in_place: dict[Place, Sequence[Place]] = {}
        self.holders: dict[Place, list[Place]] = {}
        self.faulty: set[Place] = set()
        self.errors = 0

    @property
    def findings(self) -> list[Diagnostic]:
        return list(dict.fromkeys(self.found))

    def unfit(self) -> frozenset[Place]:
        """Return the places of schemas with an error, and of all that hold or refer to one."""
        unfit, waiting = set(self.faulty), list(self.faulty)
        while waiting:
            new = [place for place in self.holders.get(waiting.pop(), ()) if place not in unfit]
            unfit.update(new)
            waiting += new
        return frozenset(unfit)

    def walk(self, roots: Iterable[Node]) -> None:
        waiting = list(roots)[::-1]
        while waiting:
            node = waiting.pop()
            if node.identity not in self.nodes:
                self.nodes[node.identity] = node
                visit = self.visited(node)
                self.found += visit.found
                if visit.in_place is not None:
                    self.in_place[node.identity] = visit.in_place
                if visit.is_faulty:
                    self.faulty.add(node.identity)
                for held in visit.inner:
                    self.holders.setdefault(held.identity, []).append(node.identity)
                waiting += visit.inner[::-1]

    def visited(self, node: Node) -> Visit:
        """Return what is found of one schema, which is looked at once however many bundles have it."""
        visits = self.resources.visits
        key = node.identity, id(node.value), self.ignored
        visit = visits.get(key)
        if visit is None:
            outer, errors = self.found, self.errors
            self.found = []
            inner = self.visit(node)
            found, self.found = self.found, outer
            in_place = self.in_place.get(node.identity)
            visit = visits[key] = Visit(node, found, inner, in_place, self.errors > errors)
        return visit

    def visit(self, node: Node) -> list[Node]:
        """Check one schema; the schemas to look at next."""
        value = node.value
        dialect = self.resources.dialect(node)
        self.found += self.resources.found.get(node.identity, ())
        if isinstance(value, bool):
            self.boolean(node, dialect)
            return []
        if not isinstance(value, dict):
            hint = ""
            if node.pointer.endswith("/properties/$ref"):
                hint = "; within properties, '$ref' is the name of a property: move it beside properties, into an allOf"
            message = f"a schema is an object or a boolean, not {kind_of(value)}{hint}"
            self.report(node, message, code="SCHEMA_TYPE")
            return []
        if self.resolver.is_reference(node):
            return self.reference(node, dialect)
        misused = {key for key in value if not self.keyword(node, key, dialect)}
        self.combinations(node, dialect)
        for suspicion in find_suspicions(value, dialect):
            self.report(
                node.child(suspicion.keyword),
                suspicion.message,
                severity="warning" if suspicion.enforced else self.ignored,
                layer="service",
                key=suspicion.key,
            )
        held = [child for child in children(node, dialect.holders) if child.keyword not in misused]
        self.in_place[node.identity] = [child.schema.identity for child in held if child.kind == "same"]
        return [child.schema for child in held]

    def boolean(self, node: Node, dialect: Dialect) -> None:
        if dialect.boolean_under is None or Pointer.parse(node.pointer).last in dialect.boolean_under:
            return
        instead = "{}" if node.value else "{not: {}}"
        self.report(node, f"a schema is an object in {dialect.name}; write {instead}", code="SCHEMA_TYPE")

    def reference(self, node: Node, dialect: Dialect) -> list[Node]:
        ignored = [key for key in node.value if key in dialect.keywords]
        if ignored:
            self.report(
                node.child(ignored[0]),
                f"{ignored[0]} is ignored beside $ref; put both into an allOf",
                code="REF_TYPE",
                severity=self.ignored,
                layer="service",
                key=True,
            )
        try:
            target = self.resolver.follow(node)
        except ReferenceFault as fault:
            self.found += fault.diagnostics
            self.errors += 1
            return []
        if is_multi_format(target.value) and "schemaFormat" in target.value:
            message = f"this is a Multi Format Schema, not a schema: refer to '{node.value['$ref']}/schema'"
            self.report(node.child("$ref"), message, code="MULTIFORMAT", layer="service")
            return []
        self.in_place[node.identity] = [target.identity]
        return [target]

    def keyword(self, node: Node, key: str, dialect: Dialect) -> bool:
        """Report what is wrong with a keyword by itself; returns whether its value can be read on."""
        value = node.value[key]
        keyword = dialect.keywords.get(key)
        if keyword is None and key in ASSERTIONS:
            self.report(
                node.child(key),
                f"{key} is not part of {_called(dialect)} and is not enforced{advice(key, dialect.keywords)}",
                severity=self.ignored,
                layer="service",
                key=True,
            )
            return True
        keyword = keyword or KEYWORDS.get(key)
        if keyword is None:
            return True
        if not keyword.admits(value):
            hint = hint_for(key, value, dialect.keywords)
            self.report(node.child(key), f"{key} must be {keyword.expects}{hint}")
            return False
        if key == "nullable":
            self.nullable(node)
        elif key == "pattern":
            self.pattern(node.child(key), value)
        elif key == "patternProperties":
            for pattern in value:
                self.pattern(node.child(key).child(pattern), pattern, key=True)
        elif key == "dependencies":
            for name, names in value.items():
                if isinstance(names, list) and not KEYWORDS["required"].admits(names):
                    self.report(
                        node.child(key).child(name), "a dependency must be a schema or a list of names"
                    )
        return True

    def nullable(self, node: Node) -> None:
        """Report an ``enum`` that refuses the null which ``nullable`` admits."""
        values = node.value.get("enum")
        if node.value["nullable"] and isinstance(values, list) and None not in values:
            message = "nullable does not add null to the enum, so null is refused; list null there as well"
            self.report(node.child("enum"), message, severity="warning", layer="service", key=True)

    def pattern(self, node: Node, text: str, *, key: bool = False) -> None:
        try:
            matcher = compile_pattern(text)
        except PatternError as error:
            self.report(node, f"the pattern can't be used: {error}", layer="service", key=key)
            return
        plain = without_slashes(text)
        if plain is not None:
            message = (
                f"nothing matches {text!r}: a pattern has no slashes around it, and no flags; write {plain!r}"
            )
            self.report(node, message, severity=self.ignored, layer="service", key=key)
        if matcher.longest is not None:
            severity = self.ignored
            message = (
                f"the pattern could take very long, so text of more than {matcher.longest} characters is taken "
                "not to match; avoid repetitions within repetitions, backreferences and lookarounds"
            )
        elif matcher.cost > SLOW:
            severity = "warning"
            message = (
                "the pattern takes more than a microsecond for a character of some texts; use smaller counts in "
                "{}, or maxLength"
            )
        else:
            return
        self.report(node, message, code="SLOW", severity=severity, layer="service", key=key)

    def combinations(self, node: Node, dialect: Dialect) -> None:
        value = node.value
        if (
            "prefixItems" in dialect.keywords
            and isinstance(value.get("prefixItems"), list)
            and isinstance(value.get("items"), list)
        ):
            self.report(node.child("items"), "items must be one schema beside prefixItems")
        name = value.get("discriminator")
        if name is None or dialect.has_discriminator is None:
            return
        if dialect.has_discriminator == "object":
            if not isinstance(name, dict) or not isinstance(name.get("propertyName"), str):
                message = "discriminator must be an object with propertyName, the name of a property"
                self.report(node.child("discriminator"), message)
            return
        if isinstance(name, dict):  # OpenAPI's; a suspicion
            return
        if not isinstance(name, str):
            self.report(node.child("discriminator"), "discriminator must be the name of a property")
            return
        for keyword in lacking(value, name):
            message = f"the discriminator {name!r} must be among the schema's {keyword}"
            self.report(node.child("discriminator"), message)

    def find_endless(self) -> None:
        """Report schemas that refer to themselves without descending into the value."""
        done: set[Place] = set()
        for start in self.in_place:
            path: dict[Place, None] = {}
            stack: list[tuple[Place, int]] = [(start, 0)]
            while stack:
                place, index = stack.pop()
                following = self.in_place.get(place, [])
                if index == 0:
                    if place in done:
                        continue
                    path[place] = None
                if index < len(following):
                    stack.append((place, index + 1))
                    if following[index] in path:
                        self.endless(place, following[index])
                    else:
                        stack.append((following[index], 0))
                else:
                    path.pop(place, None)
                    done.add(place)

    def endless(self, place: Place, target: Place) -> None:
        node = self.nodes[place]
        self.faulty.add(place)
        self.report(
            node,
            f"the schema refers to itself without descending into the value, by way of #{target[1]}",
            code="REF_CYCLE",
        )

    def find_undeclared(self) -> None:
        """Report required properties that are declared nowhere."""
        for node, message in find_undeclared(self.nodes, self.in_place, self.resolver):
            self.report(node, message, severity="warning", layer="service")

    def report(
        self,
        node: Node,
        message: str,
        *,
        code: str = "SCHEMA",
        severity: Literal["error", "warning"] = "error",
        layer: Literal["document", "service"] = "document",
        key: bool = False,
    ) -> None:
        self.errors += severity == "error"
        self.found.append(node.diagnostic(severity, code, message, layer=layer, key=key))


def _called(dialect: Dialect) -> str:
    return "AsyncAPI's schemas" if dialect is ASYNCAPI else dialect.name
