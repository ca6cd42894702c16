"""Types made from schemas: the expected ones, and valid for every value that the schema accepts."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from asynction_asgi.python_source.expressions import ANY
from asynction_asgi.python_source.payloads import Payloads
from asynction_asgi.python_source.signatures import Signatures, function_head
from asynction_asgi.python_source.source import Module, literal
from asynction_asgi.spec import load_spec
from asynction_asgi.spec.instances import Choices, Instances
from tests.cases import each_case

from .generating import DOCUMENTS, written

if TYPE_CHECKING:
    from pathlib import Path

    from asynction_asgi.spec.model import Spec

    from .generating import Tools


def spec_of(payload: object, schemas: object = None) -> Spec:
    """Return a document with one event and one payload."""
    return load_spec(
        {
            "asyncapi": "2.6.0",
            "info": {"title": "T", "version": "1"},
            "channels": {"/": {"publish": {"message": {"name": "event", "payload": payload}}}},
            "components": {"schemas": schemas or {}},
        }
    )


def typed(payload: object, schemas: object = None) -> tuple[str, str]:
    """Return the parameters of the event's handler, and the module of their types."""
    spec = spec_of(payload, schemas)
    payloads = Payloads(spec, "payloads")
    arguments = spec.namespaces["/"].receives["event"].arguments
    parameters = Signatures(spec, payloads).parameters(arguments, "Event", ["socket"])
    module = Module("handlers", "Doc")
    text = ast.unparse(ast.parse("\n".join([*function_head("f", parameters, ANY, module), "    pass"])))
    head = text.partition("(")[2].partition(") ->")[0]
    return head, payloads.source("T").text()


REF = {"$ref": "#/components/schemas/Thing"}


@each_case(
    ("payload", "parameters"),
    [
        ({"allOf": [True]}, "value: Any"),
        ({"allOf": [False]}, "value: Any"),
        ({"type": "string"}, "text: str"),
        ({"type": "string", "title": "the words"}, "the_words: str"),
        ({"type": ["integer", "null"]}, "number: int | None"),
        ({"type": "string", "format": "binary"}, "content: bytes"),
        ({"type": "object"}, "value: dict[str, Any]"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "value: dict[str, float]"),
        ({"type": "array", "items": {"type": "string"}}, "items: list[str]"),
        ({"type": "array", "maxItems": 0}, ""),
        ({"const": 1}, "choice: Literal[1]"),
        ({"enum": [1, True, "a", None]}, "choice: Literal[1, True, 'a'] | None"),
        ({"enum": [1, "a"], "type": "string"}, "choice: Literal['a']"),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, "value: str | int"),
        (
            {"type": ["object", "null"], "oneOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]},
            "value: Event1 | Event2 | None",
        ),
        ({"type": "string", "oneOf": [{"enum": ["a"]}, {"oneOf": [{"const": "b"}]}]}, "choice: Literal['a', 'b']"),
        ({"allOf": [{"type": ["string", "integer"]}, {"type": ["integer", "null"]}]}, "number: int"),
        ({"type": "number", "allOf": [{"type": "integer"}]}, "number: int"),
        ({}, "value: Any"),
        (False, "value: Never"),
        ({"pattern": "a"}, "value: Any"),
        ({"type": "array", "items": [{"type": "string"}], "minItems": 1}, "text: str, *others: Any"),
        ({"type": "array", "items": [{"type": "string"}], "maxItems": 1}, "text: str | None=None"),
        (
            {"type": "array", "prefixItems": [{"title": "class"}, {"title": "class"}], "items": {"type": "integer"}, "minItems": 2},
            "class_: Any, class_2: Any, *others: int",
        ),
        ({"oneOf": [{"type": "array", "items": [{}], "minItems": 1}, {"type": "array", "maxItems": 0}]}, "*arguments: Any"),
    ],
    ids=str,
)  # fmt: skip
def test_a_payload_is_parameters(payload: object, parameters: str) -> None:
    """Parameters are named by title or by type, and optional ones have a default."""
    assert typed(payload)[0] == parameters


@each_case(
    ("schema", "parameters", "definitions"),
    [
        (
            {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}, "b": REF}},
            "thing: Thing",
            "class Thing(TypedDict):\n    a: int\n    b: NotRequired[Thing]\n",
        ),
        ({"type": "array", "items": REF}, "thing: Thing", 'Thing: TypeAlias = "list[Thing]"\n'),
        ({"enum": ["a", "b"]}, "thing: Thing", 'Thing: TypeAlias = Literal["a", "b"]\n'),
        ({"type": "integer"}, "thing: int", ""),
        (
            {"type": "object", "properties": {"from": {}, "x y": REF}},
            "thing: Thing",
            (
                'Thing = TypedDict(\n    "Thing",\n    {\n        "from": NotRequired[Any],\n'
                '        "x y": "NotRequired[Thing]",\n    },\n)\n'
            ),
        ),
        ({"type": "object", "required": ["a"]}, "thing: Thing", "class Thing(TypedDict):\n    a: Any\n"),
    ],
    ids=["itself", "list of itself", "enumeration", "scalar", "keys", "required alone"],
)
def test_a_component_has_its_name(schema: object, parameters: str, definitions: str) -> None:
    """A component's type has its name, may be recursive, and may have keys that are not identifiers."""
    head, text = typed(REF, {"Thing": schema})
    assert head == parameters
    assert text.endswith(definitions)


def test_members_of_a_schema_file_have_names(tmp_path: Path) -> None:
    """A member of a file of schemas has a name; a nested part of a schema or message has none."""
    (tmp_path / "shapes.yaml").write_text(
        "Money: {type: object, properties: {amount: {$ref: '#/Amount'}}}\n"
        "Amount: {enum: [1, 2]}\n"
        "Bid: {type: object, properties: {money: {$ref: '#/Money'}}}\n"
    )
    (tmp_path / "whole.yaml").write_text(
        "type: array\nitems: {type: object, properties: {a: {type: string}}}\n"
    )
    (tmp_path / "loud.yaml").write_text(
        "name: loud\npayload: {type: object, properties: {b: {type: string}}}\n"
    )
    (tmp_path / "api.yaml").write_text(
        "asyncapi: 2.6.0\n"
        "info: {title: T, version: '1'}\n"
        "channels: {/: {publish: {message: {oneOf: [\n"
        "  {name: bid, payload: {$ref: 'shapes.yaml#/Bid'}},\n"
        "  {name: many, payload: {$ref: whole.yaml}}, {$ref: loud.yaml}]}}}}\n"
    )
    text = (written(tmp_path / "api.yaml", tmp_path / "app") / "payloads.py").read_text()
    names = re.findall(r"^class (\w+)\(|^(\w+): TypeAlias", text, re.MULTILINE)
    assert sorted(first or second for first, second in names) == ["Amount", "Bid", "Loud", "Money", "Whole"]


def test_long_choices_get_names(tools: Tools, folder: Path) -> None:
    """A choice too long for a line becomes an alias, laid out as by the formatter."""
    values = [f"value number {index}" for index in range(9)]
    many = [
        {"type": "object", "title": f"variant of a thing {index}", "properties": {"a": {}}}
        for index in range(9)
    ]
    payload = {
        "type": "object",
        "properties": {"choice": {"enum": values}, "one": {"enum": ["v" * 90]}, "variant": {"oneOf": many}},
    }
    _, text = typed(payload)
    folder.mkdir()
    (folder / "payloads.py").write_text(text, "utf-8")
    tools.lint(folder)
    tools.check_types(folder)
    assert "choice: NotRequired[EventChoice]" in text
    assert "variant: NotRequired[EventVariant]" in text


def test_deep_and_long_schemas_are_typed() -> None:
    """Deep nesting, long chains of references and shared branches are typed."""
    deep: dict[str, object] = {"type": "string"}
    for _ in range(55):
        deep = {"type": "array", "items": deep}
    chain = {
        f"C{index}": {"type": "array", "items": {"$ref": f"#/components/schemas/C{index + 1}"}}
        for index in range(800)
    }
    shared: dict[str, object] = {
        f"S{index}": {"allOf": [{"$ref": f"#/components/schemas/S{index + 1}"}] * 2} for index in range(40)
    }
    shared["S40"] = {"type": "object", "required": ["a"], "oneOf": [{"title": "b"}, {"title": "c"}]}
    assert "list" in typed(deep)[1]
    assert typed({"$ref": "#/components/schemas/S0"}, shared)[0] == "s0: S0"
    assert "C" in typed({"$ref": "#/components/schemas/C0"}, {**chain, "C800": {"type": "string"}})[0]


def test_types_are_true_of_what_the_schemas_accept(folder: Path, tools: Tools) -> None:
    """Values generated from schemas of every construct are values of their types."""
    spec = load_spec(DOCUMENTS["every"])
    written(DOCUMENTS["every"], folder)
    instances = Instances(spec)
    lines = ["import emits", "", "", "async def check(emit: emits.Emit) -> None:"]
    functions = [
        node.name
        for node in ast.parse((folder / "emits.py").read_text("utf-8")).body
        if isinstance(node, ast.AsyncFunctionDef)
    ]
    events = list(spec.namespaces["/"].sends.values())
    assert len(functions) == len(events)
    for function, event in zip(functions, events, strict=True):
        for seed in range(12):
            values = instances.event(event, Choices.seeded(f"{event.name} {seed}"))
            lines.append(f"    await emits.{function}(emit, {', '.join(map(literal, values))})")
    (folder / "values.py").write_text("\n".join(lines), "utf-8")
    tools.check_types(folder)
