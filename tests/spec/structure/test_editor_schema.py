"""The grammar as a JSON Schema for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

from asynction_asgi.spec import check_document
from asynction_asgi.spec.structure import extensions, grammar, grammar_shared, grammar_v2, grammar_v3
from asynction_asgi.spec.structure.editor_schema import ASYNCAPI, editor_schema
from asynction_asgi.spec.text.document import load_document
from tests.cases import each_case

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted(path for folder in ("asynction_asgi", "tests") for path in (ROOT / folder).rglob("*.yaml"))
VALIDATOR = Draft7Validator(editor_schema(alone=True))


def faults(document: Any) -> list[tuple[str, str]]:
    """Return the pointer and keyword of each innermost violation."""
    found = []
    for error in VALIDATOR.iter_errors(document):
        inner = error
        while inner.context:
            inner = inner.context[0]
        found.append(("/".join(map(str, inner.absolute_path)), str(inner.validator)))
    return found


def v2(channel: Any, **more: Any) -> Any:
    return {"asyncapi": "2.6.0", "info": {"title": "T", "version": "1"}, "channels": {"/": channel}, **more}


def v3(**channel: Any) -> Any:
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "T", "version": "1"},
        "channels": {"root": {"address": "/", **channel}},
    }


def test_it_is_a_schema_of_draft_07() -> None:
    """YAML language servers read draft-07; AsyncAPI's own schema is only referenced."""
    schema = editor_schema()
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert {"$ref": ASYNCAPI} in schema["allOf"]
    assert {"$ref": ASYNCAPI} not in editor_schema(alone=True)["allOf"]


@each_case("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_accepted_documents_are_not_marked(path: Path) -> None:
    """The editor schema marks no fault in a document that `check` accepts."""
    outcome = check_document(path)
    if outcome.servable:
        assert faults(load_document(path).value) == []


def test_every_rule_has_a_schema() -> None:
    """A new kind of rule without an editor schema fails here."""
    modules = (extensions, grammar, grammar_shared, grammar_v2, grammar_v3)
    rules = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and hasattr(value, "check") and value.__module__ == module.__name__
    }
    assert len(rules) >= 12
    for rule in rules:
        assert callable(getattr(rule, "as_schema", None)), rule
    for table in (grammar_v2.TABLE, grammar_v3.TABLE):
        for row in table.values():
            assert set(row.as_schema(lambda _: True)["properties"]) == set(row.fields)  # type: ignore[index]


@each_case(
    ("document", "place"),
    [
        (v2({"publish": {"message": {"name": "a", "x-ordering": "sideways"}}}), "x-ordering"),
        (v2({"publish": {"message": {"name": "a", "x-handler": "no module"}}}), "x-handler"),
        (v2({"publish": {"message": {"name": "a", "x-ack": "yes"}}}), "x-ack"),
        (v2({"publish": {"message": {"name": "a", "x-trace": "/meta"}}}), "x-trace"),
        (v2({"x-handlers": {"conect": "a.b"}}), "x-handlers"),
        (v2({"x-scopes": ["a b"]}), "x-scopes/0"),
        (v2({"x-recovery": "yes"}), "x-recovery"),
        (v2({"x-recovery": {"seconds": 0}}), "x-recovery/seconds"),
        (v2({"x-recovery": {"events": 1.5}}), "x-recovery/events"),
        (v2({"x-rate": {"per": 5}}), "x-rate"),
        (v2({"x-rate": {"limit": 0}}), "x-rate/limit"),
        (v3(messages={"a": {"x-rate": {"limit": 1, "by": "ip"}}}), "x-rate/by"),
        (v2({"publish": {"mesage": {}}}), "publish"),
        (v2({"bindings": {"ws": {"query": {"properties": {}}}}}), "query"),
        (v2({}, servers={"a b": {"url": "x", "protocol": "ws"}}), "servers"),
        (v2({}, servers={"a": {"url": "x"}}), "servers/a"),
        (v3(messages={"a": {"x-reauth": "no"}}), "x-reauth"),
        (v3(servers=["main"]), "servers/0"),
        (
            {**v3(), "operations": {"a": {"action": "publish", "channel": {"$ref": "#/channels/root"}}}},
            "action",
        ),
        ({"asyncapi": "3.0.0"}, ""),
    ],
)
def test_a_mistake_is_marked_at_its_place(document: Any, place: str) -> None:
    """Fields and values that `check` refuses are marked."""
    assert not check_document(document).servable
    (first, *_) = faults(document)
    assert first[0].endswith(place)


@each_case(
    "document",
    [
        v2({"publish": {"message": {"name": "a", "x-ack": {"args": {"type": "string"}}, "x-mine": 1}}}),
        v2({"publish": {"message": {"$ref": "#/components/messages/a"}}}),
        v2({"publish": {"message": {"name": "a", "x-handler": "größe.läuft"}}}),
        v2({"x-handlers": {"connect": "handlers.connect", "*": "Handlers"}}),
        v2({"x-recovery": True}),
        v2({"x-recovery": {"seconds": 0.5, "events": 1, "bytes": 1, "offset": "event"}}),
        v3(messages={"a": {"payload": {"schemaFormat": "application/json", "schema": {}}}}),
        v3(messages={"a": {"payload": True}}, **{"x-auth": {"type": "object"}}),
        v2({"x-rate": {"limit": 0.5, "per": 60, "burst": 3, "by": "address"}}),
        v3(messages={"a": {"x-rate": {"$ref": "#/components/x-rates/a"}}}),
    ],
)
def test_correct_parts_are_not_marked(document: Any) -> None:
    """References, other extensions and letters of any language are accepted."""
    assert faults(document) == []
