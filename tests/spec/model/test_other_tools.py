"""Other tools read the document that a server publishes as this package reads the one that was written."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from asynction_asgi.spec import load_spec
from asynction_asgi.spec.model.export import bundled_document
from tests.spec.schemas.pasting import VALID, accepts, by_component, components, contract, values

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from asynction_asgi.spec import Spec

DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"
POINT = {"type": "object", "required": ["x"], "properties": {"x": {"type": "integer"}}}
# Each refers in another way, to a schema that has its own name or place.
REFERRING: dict[str, Any] = {
    "Anchor": {"properties": {"a": {"$ref": "#here"}}, "$defs": {"h": {"$anchor": "here", **POINT}}},
    "Identifier": {"$id": "urn:example:i", "properties": {"a": {"$ref": "urn:example:i#/$defs/p"}}, "$defs": {"p": POINT}},
    "Itself": {"properties": {"a": {"$ref": "#"}, "b": {"type": "null"}}, "additionalProperties": False},
    "Dynamic": {"$schema": DRAFT_2020, "$dynamicAnchor": "n", "properties": {"a": {"$dynamicRef": "#n"}, "x": {"type": "null"}}},
    "File": {"properties": {"a": {"$ref": "point.json"}}},
}  # fmt: skip


def contracts(folder: Path) -> list[tuple[Spec, dict[str, Any]]]:
    """Return two contracts, each with a valid value for each event."""
    of_models = {model.__name__: valid for model, valid in VALID.items()}
    inline = {model.__name__: model.model_json_schema() for model in VALID}
    (folder / "point.json").write_text(json.dumps(POINT))
    return [
        (
            contract(inline | REFERRING, folder=folder),
            of_models | {name: {"a": {"x": 1}} for name in REFERRING},
        ),
        (contract(by_component(), components()), of_models),
    ]


def test_the_parser_of_asyncapi_reads_what_is_published(
    tmp_path: Path, run_js: Callable[..., list[Any]]
) -> None:
    """It finds no error, and what it makes of references has the verdicts of the document as written."""
    written = contracts(tmp_path)
    published = [bundled_document(spec) for spec, _ in written]
    (tmp_path / "documents.json").write_text(json.dumps([json.dumps(document) for document in published]))
    answers = run_js("parse.cjs", str(tmp_path / "documents.json"))
    for (spec, valid), document, (errors, payloads) in zip(written, published, answers, strict=True):
        assert errors == []
        assert payloads.keys() == valid.keys()
        again, compared = load_spec(document), 0
        for name, payload in payloads.items():
            tries = list(values(valid[name], random.Random(f"published {name}")))
            verdicts = [accepts(spec, name, value) for value in tries]
            assert [accepts(again, name, value) for value in tries] == verdicts
            if payload is not None and "Ref'" not in str(payload) and "'$ref'" not in str(payload):
                oracle = jsonschema_rs.Draft202012Validator(payload, validate_formats=True)
                assert [oracle.is_valid(value) for value in tries] == verdicts, name
                compared += 1
        assert compared >= len(valid) / 2
