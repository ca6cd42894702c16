"""Models made of the schemas of whole documents hold what the documents accept, and give it back."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import keyword
import operator
from itertools import count
from pathlib import Path
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import pydantic
import pytest

from asynction_asgi import AsynctionSocketIO, load_spec
from asynction_asgi.server.conversion.choosing import converter_of
from asynction_asgi.server.conversion.outgoing import dump_by
from asynction_asgi.spec.instances import Choices, Instances, UnsatisfiableError
from asynction_asgi.spec.model.arguments import compile_arguments
from asynction_asgi.spec.model.offered import without_handlers
from asynction_asgi.spec.schemas import Mismatch
from benchmarks.contract import document as benchmark

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from asynction_asgi import Spec
    from asynction_asgi.spec.model import Arguments

TESTS = Path(__file__).parents[2]
DOCUMENTS: dict[str, Any] = {
    "chat 2.6": TESTS / "spec/chat/chat-2.6.yaml",
    "chat 3.0": TESTS / "spec/chat/chat-3.0.yaml",
    **{name: TESTS / f"scaffold/{name}.yaml" for name in ("crowded", "every", "nasty", "unnamed")},
    "benchmark": benchmark(),
}
PLAIN = {"string": str, "integer": int, "number": float, "boolean": bool, "null": None, "binary": bytes}
NUMBERS = count()
VALUES = 12  # of each list of arguments


def by_pydantic(name: str, required: dict[str, Any], optional: dict[str, Any]) -> Any:
    fields: dict[str, Any] = {key: (kind, ...) for key, kind in required.items()}
    fields |= {key: (kind | None, None) for key, kind in optional.items()}
    config = pydantic.ConfigDict(protected_namespaces=(), extra="allow")
    return pydantic.create_model(name, __config__=config, **fields)


def by_struct(name: str, required: dict[str, Any], optional: dict[str, Any]) -> Any:
    return msgspec.defstruct(
        name, [*required.items(), *((key, kind | None, None) for key, kind in optional.items())]
    )


def by_dataclass(name: str, required: dict[str, Any], optional: dict[str, Any]) -> Any:
    return dataclasses.make_dataclass(
        name, [*required.items(), *((key, kind | None, None) for key, kind in optional.items())]
    )


class Maker:
    """Makes the annotation of a schema; what it does not know is Any."""

    def __init__(self, spec: Spec, make: Callable[[str, dict[str, Any], dict[str, Any]], Any]) -> None:
        self.models = 0
        self._bundle = spec.bundle
        self._make = make

    def arguments(self, arguments: Arguments) -> list[Any]:
        if arguments.kind not in ("single", "positional") or arguments.schema is None:
            return []
        schema = self._bundle.definition(arguments.schema)
        if arguments.kind == "single":
            return [self.annotation(schema)]
        items = schema.get("items")
        listed = items if isinstance(items, list) and arguments.maximum is not None else []
        return [self.annotation(item) for item in listed[: arguments.maximum]]

    def annotation(self, schema: Any, depth: int = 0) -> Any:
        while isinstance(schema, dict) and "$ref" in schema:
            schema = self._bundle.definitions[schema["$ref"]]
        known = {"$at", "type", "properties", "required", "items", "enum", "format", "additionalProperties"}
        limits = (
            {word for word in schema if word.startswith(("min", "max", "exclusive", "pattern"))}
            if (isinstance(schema, dict))
            else set()
        )
        if depth > 6 or not isinstance(schema, dict) or not schema.keys() <= known | limits:
            return Any
        values = schema.get("enum")
        if values is not None:
            plain = all(type(value) in (str, int) for value in values)
            return Literal[tuple(values)] if plain and values else Any
        kinds = [self._kind(name, schema, depth) for name in schema.get("type", ())]
        return functools.reduce(operator.or_, kinds) if kinds and Any not in kinds else Any

    def _kind(self, name: str, schema: Any, depth: int) -> Any:
        if name == "array":
            items = schema.get("items", True)
            return list[Any] if isinstance(items, list) else list[self.annotation(items, depth + 1)]  # type: ignore[misc]  # made here
        if name != "object":
            return PLAIN[name]
        properties = schema.get("properties", {})
        required = schema.get("required", ())
        fits = all(
            key.isidentifier() and not keyword.iskeyword(key) and not key.startswith(("_", "model_"))
            for key in (*properties, *required)
        )
        if not properties or not fits or "patternProperties" in schema:
            return Any
        kinds = {key: self.annotation(inner, depth + 1) for key, inner in properties.items()}
        self.models += 1
        return self._make(
            f"Model{next(NUMBERS)}",
            {key: kinds.get(key, Any) for key in required},
            {key: kind for key, kind in kinds.items() if key not in required},
        )


def handler_of(taken: list[Any], answer: Any) -> Any:
    async def handler(*arguments: Any) -> Any:
        return arguments

    async def first(a: Any = None) -> Any: ...
    async def second(a: Any = None, b: Any = None) -> Any: ...
    async def third(a: Any = None, b: Any = None, c: Any = None) -> Any: ...

    function: Any = {1: first, 2: second, 3: third}.get(len(taken), handler)
    function.__annotations__.update(zip("abc", taken, strict=False))
    function.__annotations__["return"] = answer
    return function


@pytest.mark.parametrize("make", [by_pydantic, by_struct, by_dataclass])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_made_models_agree_with_their_documents(name: str, make: Any) -> None:
    """Values at the edges included: there is no false alarm."""
    spec = load_spec(DOCUMENTS[name])
    maker = Maker(spec, make)
    handlers: Any = {}
    for namespace in spec.namespaces.values():
        for event in namespace.receives.values():
            taken = maker.arguments(event.arguments)
            answers = [] if event.ack is None or event.ack.kind != "single" else maker.arguments(event.ack)
            if event.name != "*" and (taken or answers):
                handler = handler_of(taken if len(taken) <= 3 else [], answers[0] if answers else Any)
                handlers.setdefault(namespace.name, {})[event.name] = handler
    AsynctionSocketIO.from_spec(without_handlers(spec, security=False), handlers=handlers, mock="missing")
    assert maker.models


def pairs(spec: Spec, make: Any) -> Iterator[tuple[Any, Any]]:
    """Yield values that the contract accepts, each with what comes back of its model."""
    maker, instances = Maker(spec, make), Instances(spec, examples=False)
    for namespace in spec.namespaces.values():
        for event in (*namespace.receives.values(), *namespace.sends.values()):
            for arguments in filter(None, (event.arguments, event.ack)):
                annotations = maker.arguments(arguments)
                converter = converter_of(GenericAlias(tuple, tuple(annotations))) if annotations else None
                if converter is None:
                    continue
                check = compile_arguments(arguments, spec.bundle)
                for values in drawn(instances, arguments):
                    if len(values) == len(annotations):  # a tuple has no optional items
                        written = (
                            dump_by(dump, converter.dump_errors, converter.load(values))
                            for dump in converter.dumps
                        )
                        yield values, next((back for back in written if passes(check, back)), None)


def drawn(instances: Instances, arguments: Arguments) -> Iterator[list[Any]]:
    with contextlib.suppress(UnsatisfiableError):
        for seed in range(VALUES):
            yield list(instances.arguments(arguments, Choices.seeded(seed)))


def passes(check: Callable[[Any], object], values: Any) -> bool:
    try:
        check(list(values))
    except Mismatch:
        return False
    return True


def is_same(given: Any, back: Any, *, whole: bool) -> bool:
    """Return whether a value came back, apart from null for no value; `whole`: with what no model declares."""
    if isinstance(given, dict) and isinstance(back, dict):
        names = given.keys() | back.keys() if whole else back.keys()
        return all(is_same(given.get(name), back.get(name), whole=whole) for name in names)
    if isinstance(given, list | tuple) and isinstance(back, list | tuple):
        pairs_of_items = zip(given, back, strict=True)
        return len(given) == len(back) and all(is_same(*pair, whole=whole) for pair in pairs_of_items)
    return bool(given == back) and isinstance(given, bool) == isinstance(back, bool)


@pytest.mark.parametrize("make", [by_pydantic, by_struct, by_dataclass])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_values_come_back_as_they_were(name: str, make: Any) -> None:
    """Pydantic models that allow it keep undeclared members, too."""
    found = list(pairs(load_spec(DOCUMENTS[name]), make))
    assert found
    lost = [pair for pair in found if not is_same(*pair, whole=make is by_pydantic)]
    assert not lost, lost[0]
