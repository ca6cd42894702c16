"""Schema formats, and the detection of Multi Format Schema Objects."""

from __future__ import annotations

from typing import Any

import pytest

from asynction_asgi.spec.schemas.multi_format import is_multi_format, read_format
from tests.cases import each_case


@each_case(
    ("name", "dialect"),
    [
        (None, "asyncapi"),
        ("application/vnd.aai.asyncapi;version=2.6.0", "asyncapi"),
        ("application/vnd.aai.asyncapi+json;version=3.0.0", "asyncapi"),
        ("application/vnd.aai.asyncapi+yaml; version=2.0.0", "asyncapi"),
        ("application/vnd.aai.asyncapi", "asyncapi"),
        ("application/schema+json;version=draft-07", "draft-07"),
        ("application/schema+yaml; version=draft-7", "draft-07"),
        ("Application/Schema; version='07'", "draft-07"),
        ("application/schema+json;version=http://json-schema.org/draft-07/schema#", "draft-07"),
        ("application/schema+json;version=draft-04", "draft-04"),
        ("application/schema+json;version=draft-06", "draft-06"),
        ("application/schema;version=2019-09", "2019-09"),
        ("application/schema+json;version=draft-2020-12", "2020-12"),
        ('application/schema+json; schema="https://json-schema.org/draft/2020-12/schema"', "2020-12"),
        ("application/vnd.oai.openapi;version=3.0.0", "openapi-3.0"),
        ("application/vnd.oai.openapi", "openapi-3.0"),
        ("application/vnd.oai.openapi+json;version=3.1.0", "openapi-3.1"),
        ("application/vnd.oai.openapi;version=3.2.0", "openapi-3.1"),
        ("application/vnd.oai.openapi;version=2.0", None),
        ("application/schema+json;version=draft-03", None),
        ("application/raml+yaml;version=1.0", None),
        ("application/vnd.google.protobuf;version=3", None),
    ],
)
def test_a_schema_format_names_its_dialect(name: str | None, dialect: str | None) -> None:
    """Case, blanks, quotes and ``+json`` don't matter; formats that are not validated have no dialect."""
    read = read_format(name)
    assert (read.dialect.name if read.dialect else None) == dialect
    assert not read.warning
    assert not read.error


@pytest.mark.parametrize(
    ("name", "warning", "error"),
    [
        ("application/schema+json", "add ;version=draft-07", ""),
        ("application/schema+json;version=draft-08", "", "the known ones are draft-04, draft-06"),
    ],
)
def test_a_format_that_leaves_the_draft_open_is_reported(name: str, warning: str, error: str) -> None:
    """No version is read as AsyncAPI's own, with a warning; an unknown one is an error."""
    read = read_format(name)
    assert warning in read.warning
    assert error in read.error
    assert bool(read.warning) is bool(warning)


@each_case(
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
