"""What a client presents as it connects: query, headers, auth, and the parameters of an address."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ..errors import HandshakeValidationError
from ..spec.model import Handshake
from ..spec.model.coercion import declared_types, text_of
from ..spec.model.handshake import compile_handshake
from ..spec.model.namespaces import Namespaces
from ..spec.model.templates import PARAMETER, fill, shape_of
from ..spec.schemas import Mismatch
from ..spec.schemas.definitions import AT
from .changes import Change, place_of
from .showing import as_json, listen, shown
from .texts import as_read_by, folded, members_as_read_by, respelled
from .values import Subject, Value, compare_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..spec.containment import Containment
    from ..spec.model import Namespace, Parameter, Spec
    from ..spec.schemas.definitions import Schema
    from ..spec.text.document import Node
    from .pairs import Pair
    from .values import Contracts

_PARTS = ("query", "headers", "auth")


def compare_handshakes(contracts: Contracts, pair: Pair) -> Iterator[Change]:
    """Yield how that changed which a client presents as it connects to a namespace."""
    for part in _PARTS:
        old, new = getattr(pair.old.handshake, part), getattr(pair.new.handshake, part)
        if old is None and new is None:
            continue
        definitions = contracts.old.bundle.definition, contracts.new.bundle.definition
        if old and new and contracts.forwards.is_same(definitions[0](old), definitions[1](new)):
            continue
        subject = Subject(
            name=f"the {part} of {pair.old.name!r}",
            part=part,
            direction="inbound",
            namespace=pair.old.name,
            show=shown,
            command=partial(_command, pair.example, part),
        )
        before = _value(contracts.old, pair.old, part, old, (new, contracts.new), contracts.forwards)
        after = _value(contracts.new, pair.new, part, new, None, contracts.backwards)
        change = compare_values(contracts, subject, before, after)
        if change is not None:
            yield change


def _command(namespace: str, part: str, value: Any) -> str:
    if part == "auth":
        return listen(namespace, *([] if value is None else ["--auth", as_json(value)]))
    options: list[str] = []
    for name, member in value.items():
        for text in member if isinstance(member, list) else [member]:
            given = text_of(text)
            options += ["--query", f"{name}={given}"] if part == "query" else ["-H", f"{name}: {given}"]
    return listen(namespace, *options)


def _value(
    spec: Spec,
    namespace: Namespace,
    part: str,
    node: Node | None,
    other: tuple[Node | None, Spec] | None,
    containment: Containment,
) -> Value:
    """Return what a contract says of one part; without a schema it admits everything.

    With `other`, as the other contract reads what this one admits; without, to the letter.
    """
    if node is None:
        return Value(
            spec=spec, schema=_domain(part, namespace.node), check=lambda _: None, node=namespace.node
        )
    alone = replace(namespace, handshake=Handshake(**{part: node}))
    check = compile_handshake(alone, replace(spec, bundle=spec.bundle.only([node])))
    schema: Schema = spec.bundle.definition(node)
    if part == "auth":
        schema = _auth(schema, node, containment)
    else:
        schema = members_as_read_by(schema, node, spec, other) if other is not None else schema
        if part == "headers":
            # Nothing is proved of what is read in two ways: any may be sent, and none is taken for granted.
            unread = dict.fromkeys(respelled(node, spec), other is not None)
            schema = folded(schema, spec.bundle.definitions, unread)
        schema = {AT: node, "allOf": [_domain(part, node), schema]}

    def check_part(value: Any) -> None:
        scope = {} if part == "auth" else scope_of(part, value)
        if part == "auth" and not (value is None or isinstance(value, dict)):
            raise Mismatch(())
        try:
            check("/", scope, value if part == "auth" else None)
        except HandshakeValidationError as error:
            raise Mismatch(error.details) from None

    return Value(spec=spec, schema=schema, check=check_part, node=node)


def _domain(part: str, node: Node) -> dict[str, Any]:
    """Return what may arrive at all: an auth is an object or missing."""
    return {AT: node, "type": ["object", "null"] if part == "auth" else ["object"]}


def _auth(schema: Schema, node: Node, containment: Containment) -> dict[str, Any]:
    """Return the schema of auth objects, where a missing and an empty one are taken for one another."""
    admitted: list[Schema] = [schema]
    if containment.accepts(schema, {}) or containment.accepts(schema, None):
        admitted += [{AT: node, "type": ["null"]}, {AT: node, "type": ["object"], "maxProperties": 0}]
    return {AT: node, "allOf": [_domain("auth", node), {AT: node, "anyOf": admitted}]}


def scope_of(part: str, value: Any) -> dict[str, Any]:
    """Return the ASGI scope of a request that presents a value.

    Raises:
        Mismatch: No request can.
    """
    if not isinstance(value, dict):
        raise Mismatch(())
    texts: list[tuple[str, str]] = []
    for name, member in value.items():
        for inner in member if isinstance(member, list) and part == "query" else [member]:
            text = text_of(inner)
            if text is None or not name:
                raise Mismatch(())
            texts.append((name, text))
    try:
        if part == "query":
            return {"query_string": urlencode(texts).encode()}
        return {
            "headers": [(name.lower().encode("ascii"), _header(text)) for name, text in texts],
        }
    except UnicodeEncodeError:
        raise Mismatch(()) from None


def _header(text: str) -> bytes:
    if not text.isprintable() or text != text.strip():
        raise Mismatch(())
    return text.encode("latin-1")


# --- parameters ----------------------------------------------------------------------------------


def example_of(namespace: Namespace, spec: Spec, containment: Containment) -> str:
    """Return a concrete name of a namespace: its parameters filled with plain values that it admits."""
    values = {}
    for parameter in namespace.parameters:
        sample = containment.sample(_parameter(parameter, spec, None, namespace.node))
        text = None if sample is None else text_of(sample[0])
        values[parameter.name] = text or "1"
    name = fill(namespace.name, values)
    return name if Namespaces(spec).resolve(name) is not None else fill(namespace.name, {})


def compare_parameters(contracts: Contracts, pair: Pair) -> Iterator[Change]:
    """Yield how the parameters changed of a template that both contracts have, one after the other."""
    if not pair.is_whole:  # a name that the new one refuses is left to the namespace that has the others
        return
    aligned = list(_aligned(pair.old.name, pair.new.name))
    before, after = [old for old, _ in aligned], [new for _, new in aligned]
    if before != after:
        yield Change(
            level="info",
            code="PARAMETER_RENAMED",
            message=f"the parameters of {pair.old.name!r} are called {', '.join(map(repr, after))} now",
            namespace=pair.old.name,
            part="parameters",
            old=place_of(pair.old.node),
            new=place_of(pair.new.node),
        )
    old_ones = {parameter.name: parameter for parameter in pair.old.parameters}
    new_ones = {parameter.name: parameter for parameter in pair.new.parameters}
    yield from _compare_parts(pair, new_ones)
    names = PARAMETER.findall(pair.old.name)
    for old_name, new_name in aligned:
        position = names.index(old_name)
        old, new = old_ones.get(old_name), new_ones.get(new_name)
        name_of = _namer(contracts, pair, position)
        subject = Subject(
            name=f"the parameter {old_name!r} of {pair.old.name!r}",
            part="parameters",
            direction="inbound",
            namespace=pair.old.name,
            show=shown,
            command=partial(_connect, name_of, pair.example),
        )
        change = compare_values(
            contracts,
            subject,
            _segment(contracts.old, pair.old, old, (new, contracts.new), name_of),
            _segment(contracts.new, pair.new, new, None, name_of),
        )
        if change is not None:
            yield change


def _aligned(name: str, wider: str) -> Iterator[tuple[str, str]]:
    """Yield the parameters of two templates that are the same part of a name."""
    for segment, other in zip(name.split("/"), wider.split("/"), strict=True):
        if shape_of(segment) == shape_of(other):
            yield from zip(PARAMETER.findall(segment), PARAMETER.findall(other), strict=True)


def _compare_parts(pair: Pair, parameters: Mapping[str, Parameter]) -> Iterator[Change]:
    """Yield a change for each parameter of today that is only part of a new one with limits."""
    for segment, other in zip(pair.old.name.split("/"), pair.new.name.split("/"), strict=True):
        names = PARAMETER.findall(segment)
        if not names or shape_of(segment) == shape_of(other):
            continue
        for name in PARAMETER.findall(other):
            parameter = parameters.get(name)
            if parameter is not None and (parameter.enum is not None or parameter.schema is not None):
                subject = f"the parameter {names[0]!r} of {pair.old.name!r}"
                yield Change(
                    level="unknown",
                    code="PARAMETERS_CHANGED",
                    message=f"{subject} is part of {name!r} of {pair.new.name!r} now, which may refuse it",
                    namespace=pair.old.name,
                    part="parameters",
                    old=place_of(pair.old.node),
                    new=place_of(parameter.schema or pair.new.node),
                )


def _connect(name_of: Callable[[Any], str | None], example: str, value: Any) -> str:
    return listen(name_of(value) or example)


def _namer(contracts: Contracts, pair: Pair, position: int) -> Callable[[Any], str | None]:
    """Return what makes a name of a value at one position, the others being those of the example."""
    resolved = Namespaces(contracts.old).resolve(pair.example)
    params = dict(resolved.params) if resolved is not None else {}
    names = PARAMETER.findall(pair.old.name)

    def name_of(value: Any) -> str | None:
        text = text_of(value)
        if not text or "/" in text:
            return None
        values = {name: text_of(params.get(name, "1")) or "1" for name in names}
        return fill(pair.old.name, {**values, names[position]: text})

    return name_of


def _segment(
    spec: Spec,
    namespace: Namespace,
    parameter: Parameter | None,
    other: tuple[Parameter | None, Spec] | None,
    name_of: Callable[[Any], str | None],
) -> Value:
    known = Namespaces(spec)

    def check(value: Any) -> None:
        name = name_of(value)
        resolved = None if name is None else known.resolve(name)
        if resolved is None or resolved.declared is not namespace:
            raise Mismatch(())

    node = parameter.schema if parameter is not None and parameter.schema is not None else namespace.node
    return Value(spec=spec, schema=_parameter(parameter, spec, other, namespace.node), check=check, node=node)


def _parameter(
    parameter: Parameter | None, spec: Spec, other: tuple[Parameter | None, Spec] | None, node: Node
) -> Schema:
    """Return the schema of the values that a segment is read as."""
    if parameter is not None and parameter.enum is not None:
        return {AT: node, "enum": list(parameter.enum)}
    text = {AT: node, "type": ["string"], "pattern": "^[^/]+$"}
    if parameter is None or parameter.schema is None:
        return text
    schema: Schema = spec.bundle.definition(parameter.schema)
    types = _types(parameter, spec)
    if not types or "string" in types:
        return {AT: node, "allOf": [text, schema]}
    return schema if other is None else as_read_by(schema, types, _types(*other), node)


def _types(parameter: Parameter | None, spec: Spec) -> frozenset[str]:
    if parameter is None or parameter.schema is None:
        return frozenset({"string"})
    return declared_types(parameter.schema, spec.resolver)
