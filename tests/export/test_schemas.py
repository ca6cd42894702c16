"""JSON Schemas of annotations: from which library, by which names, and in AsyncAPI's dialect."""

from __future__ import annotations

import datetime as dt
import decimal
import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
import pydantic
import pytest

from asynction_asgi.server.conversion import schemas
from asynction_asgi.server.conversion.converter import DECIMAL_PATTERN, UnsupportedError
from asynction_asgi.server.conversion.schemas import AnnotationSchemas
from tests.cases import each_case

MODELS: dict[str, Any] = {
    "first": pydantic.create_model("Thing", value=(int, ...)),
    "second": pydantic.create_model("Thing", __module__="elsewhere", value=(str, ...)),
    "struct": msgspec.defstruct("Thing", [("value", float)]),
}


@each_case(
    ("annotation", "schema"),
    [
        pytest.param(int, {"type": "integer"}, id="int"),
        pytest.param(Any, {}, id="any"),
        pytest.param(Literal["a", 1], {"enum": ["a", 1]}, id="literal"),
        pytest.param(bytes, {"type": "string", "format": "binary"}, id="bytes"),
        pytest.param(
            dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}, id="dict"
        ),
        pytest.param(dt.datetime, {"type": "string", "format": "date-time"}, id="datetime"),
        pytest.param(
            Annotated[str, pydantic.Field(min_length=1)], {"type": "string", "minLength": 1}, id="limited"
        ),
        pytest.param(
            decimal.Decimal,
            {"anyOf": [{"type": "number"}, {"type": "string", "pattern": DECIMAL_PATTERN}]},
            id="decimal",
        ),
        pytest.param(
            Annotated[decimal.Decimal, pydantic.Field(gt=0)],
            {"type": "number", "exclusiveMinimum": 0},
            id="limited decimal",
        ),
        pytest.param(
            pydantic.UUID4,
            {"type": "string", "format": "uuid", "pattern": "^[^-]+-[^-]+-4"},
            id="version of a uuid",
        ),
    ],
)
def test_types_have_schemas(annotation: Any, schema: dict[str, Any]) -> None:
    """A type's schema accepts JSON's form of its values, and has no title of its own."""
    assert AnnotationSchemas([(annotation, "validation")]).of(annotation, "validation") == schema


def test_classes_of_one_name_are_kept_apart() -> None:
    """Each class has a component, whichever library writes it."""
    written = AnnotationSchemas([(model, "validation") for model in MODELS.values()])
    references = [written.of(model, "validation")["$ref"] for model in MODELS.values()]
    types = [
        written.components[reference.removeprefix(schemas.SCHEMAS)]["properties"]["value"]["type"]
        for reference in references
    ]
    assert types == ["integer", "string", "number"]


def test_what_stands_beside_a_reference_is_kept() -> None:
    """AsyncAPI ignores fields beside ``$ref``, so the reference moves into ``allOf``."""
    inner = pydantic.create_model("Inner", value=(int, ...))
    outer = pydantic.create_model("Outer", inner=(inner, pydantic.Field(description="It")))
    written = AnnotationSchemas([(outer, "validation")])
    assert written.components["Outer"]["properties"]["inner"] == {
        "allOf": [{"$ref": "#/components/schemas/Inner"}],
        "description": "It",
    }


@pytest.mark.parametrize(
    ("installed", "text"),
    [
        pytest.param(True, "collections.abc.Callable[[], None] has no schema: pydantic: ", id="both"),
        pytest.param(False, "use: pip install 'asynction-asgi[typed]'", id="none"),
    ],
)
def test_a_type_without_a_schema_is_named(
    installed: bool, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says why: the type, or what to install."""
    monkeypatch.setattr(schemas, "is_installed", lambda _: installed)
    annotation = Callable[[], None]
    written = AnnotationSchemas([(annotation, "validation")])
    with pytest.raises(UnsupportedError, match=re.escape(text)):
        written.of(annotation, "validation")
