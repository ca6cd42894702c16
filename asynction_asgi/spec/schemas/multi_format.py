"""Formats of schemas, and the Multi Format Schema Object of AsyncAPI 3."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .dialects import ASYNCAPI, DIALECTS, Dialect, dialect_by_uri

_ASYNCAPI = re.compile(r"application/vnd\.aai\.asyncapi(?:\+(?:json|yaml))?(?:;.*)?")
_DRAFT = re.compile(r"application/schema(?:\+(?:json|yaml))?(?:;(?:version|schema)=(?P<version>.+))?")
_OPENAPI = re.compile(r"application/vnd\.oai\.openapi(?:\+(?:json|yaml))?(?:;version=(?P<version>.+))?")
_BY_VERSION = {
    **{f"{prefix}{number}": f"draft-0{number}" for number in "467" for prefix in ("0", "draft-0", "draft-")},
    **{f"{prefix}{name}": name for name in ("2019-09", "2020-12") for prefix in ("", "draft-", "draft/")},
}


@dataclass(frozen=True, slots=True)
class SchemaFormat:
    """What a ``schemaFormat`` says.

    Attributes:
        dialect: Of the schemas; None if they are not validated.
        is_declared: Whether the format names a dialect other than AsyncAPI's own.
        warning: What is left open, or ``""``.
        error: Why the format can't be meant, or ``""``.
    """

    dialect: Dialect | None
    is_declared: bool = False
    warning: str = ""
    error: str = ""

    @property
    def declared(self) -> Dialect | None:
        """The dialect, if the format is not just AsyncAPI's own."""
        return self.dialect if self.is_declared else None


def read_format(name: Any) -> SchemaFormat:
    """Return what a ``schemaFormat`` says; None is AsyncAPI's own."""
    text = re.sub(r"[\s\"']", "", str(name)).lower()
    if name is None or _ASYNCAPI.fullmatch(text):
        return SchemaFormat(ASYNCAPI)
    if match := _OPENAPI.fullmatch(text):
        version = match["version"]
        if version is None or re.fullmatch(r"3\.0(?:\..*)?", version):
            return SchemaFormat(DIALECTS["openapi-3.0"], is_declared=True)
        is_later = re.fullmatch(r"3\.[12](?:\..*)?", version) is not None
        return SchemaFormat(DIALECTS["openapi-3.1"] if is_later else None, is_declared=is_later)
    if not (match := _DRAFT.fullmatch(text)):
        return SchemaFormat(None)
    version = match["version"]
    if version is None:
        return SchemaFormat(
            ASYNCAPI,
            warning="this format has no version, so schemas without $schema are read as AsyncAPI's own; "
            "add ;version=draft-07, or another draft",
        )
    known = dialect_by_uri(version) or DIALECTS.get(_BY_VERSION.get(version, ""))
    if known is None and re.fullmatch(r"(?:draft-)?0?3|.*/draft-03/.*", version):
        return SchemaFormat(None)
    drafts = ", ".join(dict.fromkeys(_BY_VERSION.values()))
    return SchemaFormat(
        known or ASYNCAPI,
        is_declared=known is not None,
        error="" if known else f"this version of JSON Schema is not known; the known ones are {drafts}",
    )


def is_multi_format(value: Any) -> bool:
    """Return whether a value of 3.x is a Multi Format Schema Object rather than a schema.

    A schema can't have ``schemaFormat``; one with nothing but ``schema`` would say nothing.
    """
    if not isinstance(value, dict) or "schema" not in value:
        return False
    return "schemaFormat" in value or all(key == "schema" or key.startswith("x-") for key in value)
