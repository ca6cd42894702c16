"""The types against the compiled contract, value by value, by both compilers."""

from __future__ import annotations

import contextlib
import copy
import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.errors import HandshakeValidationError
from asynction_asgi.spec import load_spec
from asynction_asgi.spec.instances import Choices, Instances, UnsatisfiableError
from asynction_asgi.spec.model import Arguments
from asynction_asgi.spec.model.arguments import compile_arguments
from asynction_asgi.spec.model.handshake import compile_handshake
from asynction_asgi.spec.model.offered import served_spec
from asynction_asgi.spec.schemas import Mismatch
from asynction_asgi.typed_clients import write_typescript
from asynction_asgi.typed_clients.surfaces import prefixes_of
from asynction_asgi.typed_clients.ts_text import literal
from tests.cases import each_case

from .compiling import COMPILERS, errors, prepare

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asynction_asgi.errors import Violation
    from asynction_asgi.spec.model import Spec
    from asynction_asgi.spec.model.arguments import ArgumentsCheck

TESTS = Path(__file__).parent.parent
DOCUMENTS = [
    *sorted((TESTS / "scaffold").glob("*.yaml")),
    *sorted((TESTS / "docs").glob("*.yaml")),
    *sorted((TESTS / "spec" / "chat").glob("chat-*.yaml")),
    TESTS.parent / "asynction_asgi" / "demo" / "chat.yaml",
    Path(__file__).parent / "desk.yaml",
]
# What a type can say; a fraction for an integer, a format and a length it can't.
TYPED = {"type", "required", "enum", "const", "minItems", "maxItems"}
# What no type of TypeScript says: if and then; undeclared properties of another type than the declared ones.
UNSAYABLE = {"conditional", "flags"}
SAMPLES = 4


def _source(value: Any) -> str:
    """Return the type that has one value alone; bytes as a client sends them."""
    if isinstance(value, bytes):
        return "Uint8Array"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_source, value))}]"
    if isinstance(value, dict) and value:
        return f"{{ {'; '.join(f'{literal(key)}: {_source(item)}' for key, item in value.items())} }}"
    return literal(value)


def _mutants(value: list[Any], chance: random.Random) -> Iterator[list[Any]]:
    """Yield the list with one part replaced by a value of another kind, or left out."""
    for path in _paths(value):
        others: tuple[Any, ...] = (None, True, "other", 8, [], {})
        for other in others:
            if chance.random() < 0.5:
                yield _changed(value, path, [other])
        yield _changed(value, path, [])


def _changed(value: Any, path: tuple[Any, ...], replacement: list[Any]) -> Any:
    """Return a copy with the part at a path replaced, or left out if there is no replacement."""
    changed = copy.deepcopy(value)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    if replacement:
        holder[path[-1]] = replacement[0]
    else:
        del holder[path[-1]]
    return changed


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from _paths(item, (*path, key))


def _is_typed(check: ArgumentsCheck, value: list[Any]) -> bool | None:
    """Return True for an accepted value, False for one refused for what types can say, else None."""
    try:
        check(value)
    except Mismatch as mismatch:
        return False if all(_is_typable(violation) for violation in mismatch.violations) else None
    return True


def _is_typable(violation: Violation) -> bool:
    if violation.keyword in ("minItems", "maxItems"):
        return violation.pointer == ""  # the number of arguments; a list's length is not in its type
    return violation.keyword in TYPED


def _assignments(spec: Spec) -> Iterator[tuple[str, str, bool]]:
    """Yield a type, the type of one value alone, and whether the contract accepts it there."""
    instances, chance, prefixes = Instances(spec), random.Random(5), prefixes_of(spec)
    for namespace in served_spec(spec).namespaces.values():
        prefix = prefixes[namespace.name]
        for kind, events in (("ClientToServer", namespace.receives), ("ServerToClient", namespace.sends)):
            for event in events.values():
                place = f"<contract.{prefix}{kind}Events, {literal(event.name)}>"
                if event.name != "*":
                    yield from _typed(
                        f"Arguments{place}", event.arguments, event.name, instances, spec, chance
                    )
                if event.name != "*" and event.ack is not None:
                    yield from _typed(f"Answer{place}", event.ack, event.name, instances, spec, chance)
        for kind, schema in (("Auth", namespace.handshake.auth), ("Query", namespace.handshake.query)):
            if schema is not None and (kind == "Query" or not spec.security_of(namespace)):
                single = Arguments(kind="single", minimum=1, maximum=1, schema=schema)
                yield from _typed(f"[contract.{prefix}{kind}]", single, kind, instances, spec, chance)


def _typed(
    target: str, arguments: Arguments, name: str, instances: Instances, spec: Spec, chance: random.Random
) -> Iterator[tuple[str, str, bool]]:
    """Yield the type of a list, with values that the contract accepts and others that it refuses."""
    if arguments.kind in ("any", "opaque"):
        return
    check = compile_arguments(arguments, spec.bundle)
    for seed in range(SAMPLES):
        try:
            value = list(instances.arguments(arguments, Choices.seeded(f"{name}{seed}")))
        except UnsatisfiableError:
            return
        yield target, _source(value), True
        for mutant in _mutants(value, chance):
            if name not in UNSAYABLE and _is_typed(check, mutant) is False:
                yield target, _source(mutant), False


def _write(path: Path) -> tuple[str, str, dict[int, bool]]:
    """Return a document's module, a file that assigns values to its types, and the verdicts by line."""
    spec = load_spec(path)
    lines = [
        f'import type * as contract from "./{path.parent.name}-{path.stem}.js";',
        "type Sent<P> = P extends [...infer H, (...answer: any[]) => void] ? H : P;",
        "type Given<P> = P extends [...any[], (...answer: infer A extends any[]) => void] ? A : never;",
        "type Arguments<E, K extends keyof E> = E[K] extends (...args: infer P) => void ? Sent<P> : never;",
        "type Answer<E, K extends keyof E> = E[K] extends (...args: infer P) => void ? Given<P> : never;",
    ]
    verdicts = {}
    for target, source, accepted in dict.fromkeys(_assignments(spec)):
        lines.append(f"export const v{len(lines)}: {target} = null! as {source};")
        verdicts[len(lines)] = accepted
    return write_typescript(spec).text, "\n".join(lines), verdicts


@pytest.mark.parametrize("compiler", COMPILERS)
def test_types_admit_what_the_contract_accepts(compiler: str, tmp_path: Path, node_modules: Path) -> None:
    """Accepted values are assignable; values refused for a type, a member or a count are errors."""
    files: dict[str, str] = {}
    verdicts: dict[tuple[str, int], bool] = {}
    for path in DOCUMENTS:
        name = f"{path.parent.name}-{path.stem}"
        files[f"{name}.ts"], files[f"{name}-values.ts"], lines = _write(path)
        verdicts |= {(f"{name}-values.ts", line): accepted for line, accepted in lines.items()}
    prepare(tmp_path, files, node_modules)
    found = errors(tmp_path, compiler)
    assert not [key for key in found if key not in verdicts]
    rows = {key: files[key[0]].splitlines()[key[1] - 1] for key in verdicts}
    narrow = [(rows[key], error) for key, error in found.items() if verdicts[key]]
    wide = [rows[key] for key, accepted in verdicts.items() if not accepted and key not in found]
    assert narrow == []
    assert wide == []
    assert sum(verdicts.values()) > 500
    assert sum(not accepted for accepted in verdicts.values()) > 500


@each_case(
    ("auth", "is_needed"),
    [
        ({"type": "object", "properties": {"token": {"type": "string"}}}, False),
        ({"type": "object", "required": ["token"]}, True),
        ({"type": ["object", "null"], "required": ["token"]}, False),
    ],
)
def test_auth_may_be_left_out_where_the_contract_admits_none(auth: Any, is_needed: bool) -> None:
    """A connection without an auth object counts as one with an empty one, or with null."""
    channels = {"/": {"x-auth": auth, "publish": {"message": {"name": "say"}}}}
    info = {"title": "T", "version": "1.0.0"}
    spec = load_spec({"asyncapi": "2.6.0", "info": info, "channels": channels})
    assert f"  auth{'' if is_needed else '?'}: Auth |" in write_typescript(spec).text
    check = compile_handshake(spec.namespaces["/"], spec)
    with pytest.raises(HandshakeValidationError) if is_needed else contextlib.nullcontext():
        check("/", {}, None)


def test_a_type_beside_alternatives_about_another_stays() -> None:
    """Null is a value where alternatives speak of objects alone, as they accept all else without a word."""
    alternatives = [{"required": [name], "properties": {name: {"type": "integer"}}} for name in "ab"]
    payload = {"type": ["object", "null"], "anyOf": alternatives}
    channels = {"/": {"subscribe": {"message": {"name": "said", "payload": payload}}}}
    info = {"title": "T", "version": "1.0.0"}
    spec = load_spec({"asyncapi": "2.6.0", "info": info, "channels": channels})
    compile_arguments(spec.namespaces["/"].sends["said"].arguments, spec.bundle)([None])
    assert "{ a: number } | { b: number } | null" in write_typescript(spec).text


@each_case("nothing", [False, {"not": {}}, {"not": True}])
def test_no_other_property_is_no_index_of_never(nothing: Any) -> None:
    """An index signature of never admits no declared property, so there is none beside any."""
    closed: Any = {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "additionalProperties": {"$ref": "#/components/schemas/Nothing"},
    }
    empty = {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Nothing"}}
    payload = {"type": "array", "items": [closed, empty]}
    document = {
        "asyncapi": "2.6.0",
        "info": {"title": "T", "version": "1.0.0"},
        "channels": {"/": {"subscribe": {"message": {"name": "said", "payload": payload}}}},
        "components": {"schemas": {"Nothing": nothing}},
    }
    text = write_typescript(load_spec(document)).text
    assert "{ a?: string }" in text
    assert "{ [key: string]: never }" in text


A = {"required": ["a"], "properties": {"a": {"type": "string"}}}
B = {"required": ["b"], "properties": {"b": {"type": "string"}}}
REF_A, REF_B, REF_E = ({"$ref": f"#/components/schemas/{name}"} for name in ("A", "B", "E"))


@each_case(
    ("payload", "a", "written"),
    [
        ({"type": "object", "oneOf": [REF_A, REF_B]}, {"oneOf": [{"type": "object", **A}, {"type": "object", **B}]}, "A | B"),
        ({"type": "object", "oneOf": [REF_A, REF_B]}, {"anyOf": [A, {"oneOf": [B, A]}]}, "A | B"),
        ({"type": "object", "oneOf": [{"allOf": [REF_A]}, REF_B]}, {"oneOf": [A]}, "{ a: string } | B"),
        ({"type": "string", "oneOf": [{"enum": ["a", "b"]}, REF_E]}, {}, '"a" | "b" | E'),
        ({"type": ["object", "null"], "oneOf": [REF_A, REF_B]}, {"oneOf": [A, B]}, "A | B | null"),
        ({"type": ["object", "null"], "oneOf": [REF_A]}, {"oneOf": [A, B], "anyOf": [{"type": "object"}]}, "A"),
        ({"type": ["object", "null"], "oneOf": [{**A, "type": "object"}, False]}, {}, "{ a: string }"),
        ({"type": ["object", "null"], "oneOf": [A, {**B, "not": {"type": "null"}}]}, {}, "{ a: string } | { b: string } | null"),
    ],
)  # fmt: skip
def test_alternatives_within_alternatives_keep_their_types(
    payload: dict[str, Any], a: dict[str, Any], written: str
) -> None:
    """A type is beside alternatives only if one admits it without a word, and one of each choice within that."""
    channels = {"/": {"publish": {"message": {"name": "hi", "payload": payload}}}}
    schemas = {"A": a, "B": {"type": "object", **B}, "E": {"oneOf": [{"const": "q"}, {"const": "r"}]}}
    info = {"title": "T", "version": "1.0.0"}
    components = {"schemas": schemas}
    document = {"asyncapi": "2.6.0", "info": info, "channels": channels, "components": components}
    assert re.findall(
        r"hi: \((?:.*\[)?\w+: (.*?)\]?\) => void;", write_typescript(load_spec(document)).text
    ) == [written]
