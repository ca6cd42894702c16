"""Examples of messages, and examples and defaults of schemas, checked against what they are of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..model.arguments import compile_arguments
from ..schemas import Mismatch, compile_bundle
from ..schemas.definitions import AT, places
from ..text.document import Node
from ..text.pointer import Pointer
from .examples import read_example, with_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...errors import Diagnostic
    from ..model import Arguments
    from ..schemas import Bundle
    from ..text.references import Resolver
    from .reading import Reader

    Case = tuple[Node, Arguments, Arguments]


def check_examples(messages: Iterable[Node], reader: Reader) -> list[Diagnostic]:
    """Report each example whose payload or headers miss the message's, traits applied.

    Only what examples need is compiled. Schemas with an error of their own accept everything here.

    Source: AsyncAPI 2.6 and 3.0, Message Example Object: both MUST validate.
    """
    quiet = replace(reader, found=[])  # what is wrong with the messages themselves is reported elsewhere
    cases = [case for message in messages if (case := _read(message, quiet)) is not None]
    if not cases:
        return []
    roots = [
        schema for _, payload, headers in cases for part in (payload, headers) for schema in part.schemas()
    ]
    bundle, _ = compile_bundle(roots, reader.resolver, backend="fastjsonschema", written=True)
    return [
        finding
        for examples, payload, headers in cases
        for finding in _check(examples, payload, headers, bundle)
    ]


def _read(message: Node, reader: Reader) -> Case | None:
    """Return the list of a message's examples with its payload and headers, or None if it has no examples."""
    fields = reader.traited(message)
    examples = fields.get("examples")
    if examples is None or not isinstance(examples.value, list):
        return None
    return examples, reader.arguments(fields), reader.headers(fields)


def _check(examples: Node, payload: Arguments, headers: Arguments, bundle: Bundle) -> Iterator[Diagnostic]:
    for name, declared in (("payload", payload), ("headers", headers)):
        accept = compile_arguments(declared, bundle)
        for example in examples.elements():
            node = example.get(name)
            if node is None:
                continue
            try:
                read_example(node.value, declared, accept)
            except Mismatch as mismatch:
                yield _missed(node, name, mismatch, single=declared.kind != "positional")


def check_written_values(bundle: Bundle, resolver: Resolver) -> Iterator[Diagnostic]:
    """Warn of each ``default`` and each of the ``examples`` of a schema that the schema itself refuses."""
    written = {
        node.identity: node
        for schema in places(bundle.definitions.values())
        if isinstance(node := schema.get(AT), Node) and any(True for _ in _written_values(node))
    }
    if not written:
        return
    checks, _ = compile_bundle(written.values(), resolver, backend="fastjsonschema", written=True)
    for schema in written.values():
        check = checks.check(schema)
        for what, node in _written_values(schema):
            try:
                check(with_bytes(node.value))
            except Mismatch as mismatch:
                violation = mismatch.violations[0]
                place = _within(node, Pointer.parse(violation.pointer).tokens)
                message = f"this {what} misses its schema: {violation.message}"
                yield place.diagnostic("warning", "SCHEMA", message, layer="service")


def _written_values(schema: Node) -> Iterator[tuple[str, Node]]:
    value = schema.value
    if not isinstance(value, dict):
        return
    if "default" in value and not (value["default"] is None and value.get("nullable") is True):
        yield "default", schema.child("default")
    if isinstance(value.get("examples"), list):
        yield from (("example", node) for node in schema.child("examples").elements())


def _missed(node: Node, name: str, mismatch: Mismatch, *, single: bool) -> Diagnostic:
    """Report an example at the part of it that misses the schema, as far as that is there."""
    violation = mismatch.violations[0]
    tokens = Pointer.parse(violation.pointer).tokens
    message = f"this example misses the {name} that its message declares: {violation.message}"
    return _within(node, tokens[1:] if single else tokens).diagnostic("error", "EXAMPLE", message)


def _within(node: Node, tokens: Iterable[str]) -> Node:
    """Return the part of a value that the tokens of a pointer lead to, as far as it is there."""
    for key in tokens:
        if isinstance(node.value, dict) and key in node.value:
            node = node.child(key)
        elif isinstance(node.value, list) and key.isdecimal() and int(key) < len(node.value):
            node = node.child(int(key))
        else:
            break
    return node
