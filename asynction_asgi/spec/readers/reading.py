"""What the readers of both versions share: following, traits, and words for what is wrong.

The structure was checked before a reader runs, so a value of the wrong type or a reference that
leads nowhere has been reported: readers pass over it in silence, and read all the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ..model import ANY, Arguments, HandlerName
from ..structure.extensions import RESPELT, is_ack_object
from ..text.reference_faults import ReferenceFault
from ..text.references import ELSEWHERE, Resolver
from .payloads import read_arguments
from .trait_merge import merge_patch, patched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ...errors import Diagnostic, Layer
    from ..model import Parameter, Security, SecurityScheme
    from ..text.document import Node

Action = Literal["receives", "sends"]
# Messages with these names, which a client would emit, stand for what happens to its connection.
LIFECYCLE = ("connect", "disconnect")
_SPELLINGS = {
    right: (right, *(wrong for wrong, of in RESPELT.items() if of == right)) for right in RESPELT.values()
}


def _fill(target: Any, more: Any) -> Any:
    """Add what `target` lacks from `more`; existing values win, null included."""
    if not isinstance(target, dict) or not isinstance(more, dict):
        return target
    return {
        **{key: value for key, value in more.items() if key not in target},
        **{key: _fill(value, more[key]) if key in more else value for key, value in target.items()},
    }


@dataclass(frozen=True, slots=True)
class Traited:
    """An object with its traits applied.

    Attributes:
        node: The object itself, references followed.
        value: All of its fields, merged; shares whatever is not merged.
        sources: The object and its traits, the one that decides first.
    """

    node: Node
    value: Mapping[str, Any]
    sources: tuple[Node, ...]

    def get(self, name: str) -> Node | None:
        """Return a field of the object or of the trait that decides, or None."""
        for spelling in _SPELLINGS.get(name, (name,)):
            if self.value.get(spelling) is not None:
                return next(
                    source.child(spelling)
                    for source in self.sources
                    if source.value.get(spelling) is not None
                )
        return None

    def text(self, name: str) -> str | None:
        """Return a string field, or None if it is missing or not a string."""
        found = self.get(name)
        return found.value if found is not None and isinstance(found.value, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDraft:
    """A channel as either version has it.

    Attributes:
        node: The Channel Object.
        place: What names it in diagnostics: the 2.x key, the 3.x address.
        address: As written, or None if it is missing.
        address_node: Where it stands: the 2.x channel, the 3.x address.
        namespace: With its leading slash; ``*`` for any declared one, None where it is not known.
        kept: Whether the chosen server offers it.
    """

    node: Node
    place: Node
    address: str | None
    address_node: Node | None
    namespace: str | None
    parameters: tuple[Parameter, ...] = ()
    kept: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDraft:
    """A message of an operation; `fallback` names it where it has no ``name``."""

    fields: Traited
    place: Node
    fallback: str | None

    @property
    def name(self) -> str:
        """The event's name, or ``""`` without one."""
        return self.fields.text("name") or self.fallback or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationDraft:
    """One operation: which events go which way over a channel, and what they are answered with.

    Attributes:
        replies: 3.x: the messages of its ``reply``.
        reply: What these make of the acknowledgement.
    """

    channel: ChannelDraft
    action: Action
    fields: Traited
    messages: tuple[MessageDraft, ...]
    replies: tuple[MessageDraft, ...] = ()
    security: Security | None = None
    reply: Arguments | None = None


@dataclass(slots=True, kw_only=True)
class Reader:
    """One reading of one document.

    Attributes:
        root: The document.
        resolver: Follows its references.
        minor: Of the document's version.
        traits_win: 2.x: a trait is patched over its target; 3.x: the target wins.
        schemes: The security schemes met so far, by name.
        strict: Whether what is declared and would not be enforced is an error.
        aside: Arguments of messages that no event can carry; their schemas are checked like all others.
        uncalled: Handlers that nothing will call, as another finding says.
        found: The diagnostics so far.
    """

    root: Node
    resolver: Resolver
    minor: int
    traits_win: bool
    strict: bool = False
    schemes: dict[str, SecurityScheme] = field(default_factory=dict)
    aside: list[Arguments] = field(default_factory=list)
    uncalled: list[HandlerName] = field(default_factory=list)
    found: list[Diagnostic] = field(default_factory=list)

    def error(
        self,
        node: Node,
        code: str,
        message: str,
        *,
        layer: Layer = "service",
        key: bool = False,
    ) -> None:
        """Report what can't be served; with `layer`, what is no AsyncAPI."""
        self.found.append(node.diagnostic("error", code, message, layer=layer, key=key))

    def warn(self, node: Node, code: str, message: str, *, key: bool = False) -> None:
        """Report what is served, and probably not as meant."""
        self.found.append(node.diagnostic("warning", code, message, layer="service", key=key))

    def ignored(self, node: Node, code: str, message: str, *, key: bool = False) -> None:
        """Report what is declared and not enforced: a warning, or an error where the reading is strict."""
        (self.error if self.strict else self.warn)(node, code, message, key=key)

    def follow(self, node: Node | None) -> Node | None:
        """Return where `node` leads, or None if it is unresolvable, which is reported."""
        if node is None:
            return None
        try:
            return self.resolver.follow(node)
        except ReferenceFault as fault:
            self.needed(fault)
            return None

    def needed(self, fault: ReferenceFault) -> None:
        """Report what was no error so far: a part that is elsewhere, or that wraps itself, and is needed."""
        self.found += [
            diagnostic
            for diagnostic in fault.diagnostics
            if diagnostic.code in ELSEWHERE or diagnostic.code == "REF_CYCLE"
        ]

    def member(self, node: Node | None, key: str) -> Node | None:
        """Return a member of an object with references followed, or None."""
        return self.follow(node.get(key)) if node is not None else None

    def entries(self, node: Node | None, key: str | None = None) -> Iterator[tuple[str, Node]]:
        """Yield the entries of a map as written, or nothing if it is not a map."""
        found = self.member(node, key) if key is not None else node
        if found is not None and isinstance(found.value, dict):
            yield from found.items()

    def elements(self, node: Node | None, key: str) -> Iterator[Node]:
        """Yield the elements of a list as written, or nothing if it is not a list."""
        found = node.get(key) if node is not None else None
        if found is not None and isinstance(found.value, list):
            yield from found.elements()

    def traited(self, node: Node) -> Traited:
        """Return an object with its traits, by the precedence of the document's version."""
        traits = []
        for trait in self.elements(node, "traits"):
            target = self.follow(trait)
            if target is not None and isinstance(target.value, dict):
                traits.append(target)
        if not traits:
            return Traited(node, node.value, (node,))
        if self.traits_win:
            value = node.value
            for trait in traits:
                value = merge_patch(value, trait.value)
            return Traited(node, value, (*reversed(traits), node))
        value = {}
        for trait in traits:
            value = merge_patch(value, trait.value)
        return Traited(node, _fill(node.value, value), (node, *reversed(traits)))

    def handler(self, node: Node | None) -> HandlerName | None:
        """Return the handler that a string in the document names."""
        return (
            HandlerName(path=node.value, node=node)
            if node is not None and isinstance(node.value, str)
            else None
        )

    def set_aside(self, message: Traited) -> None:
        """Keep a message that no event carries in the search for what is wrong with its schemas and handler."""
        ack = self.ack(self.merged(message, "x-ack"))
        self.aside += [self.arguments(message), *([ack] if ack else [])]
        handler = self.handler(message.get("x-handler"))
        if handler is not None:
            self.uncalled.append(handler)

    def arguments(self, message: Traited) -> Arguments:
        """Return the arguments that a message's payload stands for."""
        return self._arguments(
            message.get("payload") or message.node.get("payload"),
            schema_format=message.text("schemaFormat") if self.traits_win else None,
            positional=message.get("x-positional"),
        )

    def headers(self, message: Traited) -> Arguments:
        """Return what a message's headers must be, as a single argument."""
        return self._arguments(self.merged(message, "headers"))

    def _arguments(
        self, payload: Node | None, *, schema_format: str | None = None, positional: Node | None = None
    ) -> Arguments:
        forced = positional.value if positional is not None and isinstance(positional.value, bool) else None
        try:
            arguments = read_arguments(payload, self.resolver, schema_format=schema_format, positional=forced)
        except ReferenceFault as fault:
            self.needed(fault)
            return ANY
        if arguments.kind == "opaque" and payload is not None:
            self.ignored(payload, "MULTIFORMAT", "payloads of this schema format are not validated", key=True)
        return arguments

    def merged(self, fields: Traited, name: str) -> Node | None:
        """Return a field of an object and its traits, merged if it is an object in several of them."""
        if len(fields.sources) == 1 or fields.get(name) is None:
            return fields.get(name)
        layers = []
        for source in reversed(fields.sources):
            spelling = next(
                (spelling for spelling in _SPELLINGS.get(name, (name,)) if spelling in source.value), None
            )
            if spelling is not None:
                keeps_null = source is fields.node and not self.traits_win
                layers.append((source.child(spelling), keeps_null))
        return patched(fields.node, name, layers, self.follow)

    def ack(self, node: Node | None) -> Arguments | Literal[False] | None:
        """Return the arguments of ``x-ack``; False if it declares no ack, None if it is absent."""
        target = self.follow(node)
        if target is None:
            return None
        value = target.value
        if isinstance(value, bool):
            return ANY if value else False
        if not isinstance(value, dict):
            return None
        if is_ack_object(value):
            return self._arguments(target.child("args"), positional=target.get("x-positional"))
        if "payload" in value:
            return self.arguments(self.traited(target))
        return self._arguments(target)


def union(alternatives: Iterable[Arguments]) -> Arguments:
    """Return the union of several alternatives, without duplicates; a single one is returned as it is."""
    distinct: dict[object, Arguments] = {}
    for alternative in alternatives:
        for part in alternative.of if alternative.kind == "union" else (alternative,):
            distinct.setdefault(part if part.schema is None else (part.kind, part.schema.identity), part)
    flat = tuple(distinct.values())
    if len(flat) == 1:
        return flat[0]
    most = [part.maximum for part in flat]
    return Arguments(
        kind="union",
        minimum=min(part.minimum for part in flat),
        maximum=None if None in most else max(high for high in most if high is not None),
        of=flat,
    )
