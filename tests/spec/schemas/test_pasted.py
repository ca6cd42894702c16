"""What pydantic, FastAPI and zod generate means in a document what it means to them."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from .pasting import VALID, accepts, by_component, components, contract, values

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydantic import BaseModel

    from asynction_asgi.spec import Spec


def agrees(spec: Spec, event: str, model: type[BaseModel]) -> None:
    """Compare the verdicts of an event with those of its model, over many values."""
    adapter, verdicts = TypeAdapter(model), set()
    for value in values(VALID[model], random.Random(f"pasted {event}")):
        try:
            adapter.validate_json(json.dumps(value), strict=True)
        except ValidationError:
            expected = False
        else:
            expected = True
        verdicts.add(expected)
        assert accepts(spec, event, value) is expected, value
    assert verdicts == {True, False}


@pytest.mark.parametrize("place", ["inline", "component", "with a format"])
def test_models_of_pydantic_mean_the_same(place: str) -> None:
    """A model's schema is pasted as it is, and accepts what the strict model accepts."""
    schemas = {model.__name__: model.model_json_schema() for model in VALID}
    if place == "inline":
        spec = contract(schemas)
    elif place == "component":
        spec = contract(by_component(), schemas)
    else:
        uri = "https://json-schema.org/draft/2020-12/schema"
        spec = contract({name: {"$schema": uri, **schema} for name, schema in schemas.items()})
    for model in VALID:
        agrees(spec, model.__name__, model)


def test_components_of_fastapi_mean_the_same() -> None:
    """The components of a FastAPI application become those of the document."""
    spec = contract(by_component(), components())
    for model in VALID:
        agrees(spec, model.__name__, model)


# Valid values of the schemas in tests/javascript/zod.cjs.
USER = {"id": "12345678-1234-4234-8234-123456789012", "name": "a", "tags": ["b"], "mail": "a@example.com"}
OF_ZOD: dict[str, Any] = {
    "User": USER,
    "Category": {"name": "a", "within": [{"name": "b", "within": []}]},
    "Owner": {"user": USER, "others": [USER]},
    "Shape": {"kind": "box", "side": 1.5},
    "Pair": ["a", 1, True],
    "Counts": {"a": 1, "b": 2},
    "Moment": {"at": "2026-02-28T12:00:00Z", "day": "2026-02-28"},
    "Both": {"a": "x", "b": None},
}


def test_schemas_of_zod_mean_the_same(tmp_path: Path, run_js: Callable[..., list[Any]]) -> None:
    """What zod writes can be pasted too, and accepts what zod accepts."""
    tried = {name: list(values(valid, random.Random(f"zod {name}"))) for name, valid in OF_ZOD.items()}
    (tmp_path / "values.json").write_text(json.dumps(tried))
    schemas, *verdicts = run_js("zod.cjs", str(tmp_path / "values.json"))
    spec = contract(schemas)
    for (name, tries), expected in zip(tried.items(), verdicts, strict=True):
        assert [accepts(spec, name, value) for value in tries] == expected
        assert set(expected) == {True, False}
