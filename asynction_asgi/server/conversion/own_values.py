"""Values that a type itself describes, to try it on where no value of the document fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import SpecError
from ...spec import load_spec
from ...spec.instances import Choices, Instances, UnsatisfiableError
from .converter import UnsupportedError
from .schemas import AnnotationSchemas

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEEDS = 4


def own_values(annotation: Any) -> Iterator[Any]:
    """Yield values of JSON but null that an annotation accepts by its schema; nothing if that can't be read."""
    schemas = AnnotationSchemas([(annotation, "validation")])
    try:
        payload = schemas.of(annotation, "validation")
        spec = load_spec(_document({"allOf": [payload]}, schemas.components))
    except (UnsupportedError, SpecError):
        return
    instances = Instances(spec, examples=False)
    arguments = spec.namespaces["/"].sends["answer"].arguments
    for seed in range(_SEEDS):
        try:
            value = instances.arguments(arguments, Choices.seeded(seed))[0]
        except UnsatisfiableError:
            return
        if value is not None:  # a handler answers null by returning nothing
            yield value


def _document(payload: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """Return a document with one event, whose only argument has the schema `payload`."""
    return {
        "asyncapi": "2.6.0",
        "info": {"title": "Values", "version": "1"},
        "channels": {"/": {"subscribe": {"message": {"name": "answer", "payload": payload}}}},
        "components": {"schemas": components},
    }
