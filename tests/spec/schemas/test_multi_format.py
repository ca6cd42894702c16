"""Schema formats, and the detection of Multi Format Schema Objects."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.spec.schemas.multi_format import is_multi_format, is_supported_format


@pytest.mark.parametrize(
    ("name", "supported"),
    [
        (None, True),
        ("application/vnd.aai.asyncapi;version=2.6.0", True),
        ("application/vnd.aai.asyncapi+json;version=3.0.0", True),
        ("application/vnd.aai.asyncapi+yaml; version=2.0.0", True),
        ("application/vnd.aai.asyncapi", True),
        ("application/schema+json;version=draft-07", True),
        ("application/schema+yaml; version=draft-07", True),
        ("application/schema;version=draft-07", True),
        ("application/schema+json;version=draft-04", False),
        ("application/vnd.oai.openapi;version=3.0.0", False),
        ("application/raml+yaml;version=1.0", False),
        ("application/vnd.google.protobuf;version=3", False),
    ],
)
def test_supported_schema_formats(name: str | None, supported: bool) -> None:
    """AsyncAPI's own format and JSON Schema draft-07 are supported in every spelling."""
    assert is_supported_format(name) is supported


@pytest.mark.parametrize(
    ("value", "multi"),
    [
        ({"schemaFormat": "x", "schema": {}}, True),
        ({"schema": {}}, True),
        ({"schema": {}, "x-a": 1}, True),
        ({"schema": {}, "type": "object"}, False),
        ({"schemaFormat": "x"}, False),
        (True, False),
    ],
)
def test_multi_format_schemas_are_told_from_schemas(value: Any, multi: bool) -> None:
    """The field ``schema``, with or without ``schemaFormat``, marks a multi-format schema."""
    assert is_multi_format(value) is multi
