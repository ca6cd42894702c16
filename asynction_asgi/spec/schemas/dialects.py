"""The dialects of JSON Schema as data: what each keyword means where, in one table.

The scan of resources, the linter and the normaliser read it; nothing outside it asks for a draft by name.

Source: JSON Schema drafts 04 to 2020-12 (core, validation and their meta-schemas); OpenAPI 3.0.3 and 3.1,
Schema Object; AsyncAPI 2.6 and 3.1, Schema Object.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from .children import CHILDREN, Holder
from .keywords import ASSERTIONS, BOOLEAN_LIMIT, ONE_SCHEMA, Keyword

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ONLY_ADDITIONAL = frozenset({"additionalProperties", "additionalItems"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What one kind of schema means by its keywords.

    Attributes:
        name: As authors know it.
        uri: Its meta-schema, without a fragment; None if it has none.
        identifier: The keyword that gives a schema a URI, or None.
        names_in_identifier: Whether an identifier ``#name`` is an anchor.
        anchors: Keywords that name a place.
        applies_beside_ref: Whether keywords beside a ``$ref`` count.
        dynamic: The keyword of references that depend on the way to them, or None.
        boolean_under: Keywords under which a schema may be true or false; None is everywhere.
        contains_evaluates: Whether items that ``contains`` accepted count for ``unevaluatedItems``.
        has_nullable: Whether ``nullable`` adds null to ``type``.
        has_discriminator: The form of ``discriminator``, or None if it has no meaning.
        keywords: Those that change a verdict, and what their values must be.
        holders: Where schemas stand in the values of keywords.
    """

    name: str
    uri: str | None = None
    identifier: Literal["id", "$id"] | None = "$id"
    names_in_identifier: bool = False
    anchors: frozenset[str] = frozenset()
    applies_beside_ref: bool = False
    dynamic: Literal["$dynamicRef", "$recursiveRef"] | None = None
    boolean_under: frozenset[str] | None = None
    contains_evaluates: bool = False
    has_nullable: bool = False
    has_discriminator: Literal["name", "object"] | None = None
    keywords: Mapping[str, Keyword]
    holders: Mapping[str, Holder]


def _named(keywords: Iterable[str]) -> dict[str, Keyword]:
    return {key: ASSERTIONS[key] for key in keywords}


def _held_by(keywords: Mapping[str, Keyword]) -> dict[str, Holder]:
    """Return where schemas stand in these keywords, and in those that only keep schemas."""
    return {
        key: replace(holder, listed=None) if keywords.get(key) is ONE_SCHEMA else holder
        for key, holder in CHILDREN.items()
        if key in keywords or key == "$ref" or "definition" in (holder.alone, holder.named)
    }


def _dialect(name: str, keywords: dict[str, Keyword], **features: object) -> Dialect:
    return Dialect(name=name, keywords=keywords, holders=_held_by(keywords), **features)  # type: ignore[arg-type]  # as declared above


_KEYWORDS_04 = {
    **_named(("type", "enum", "multipleOf", "maximum", "minimum", "maxLength", "minLength", "pattern")),
    **_named(("format", "items", "additionalItems", "maxItems", "minItems", "uniqueItems")),
    **_named(("maxProperties", "minProperties", "required", "properties", "patternProperties")),
    **_named(("additionalProperties", "dependencies", "allOf", "anyOf", "oneOf", "not")),
    **dict.fromkeys(("exclusiveMaximum", "exclusiveMinimum"), BOOLEAN_LIMIT),
}
_KEYWORDS_06 = _KEYWORDS_04 | _named(
    ("exclusiveMaximum", "exclusiveMinimum", "const", "contains", "propertyNames")
)
_KEYWORDS_07 = _KEYWORDS_06 | _named(("if", "then", "else"))
_LATER = {
    **_named(("dependentRequired", "dependentSchemas", "minContains", "maxContains")),
    **_named(("unevaluatedProperties", "unevaluatedItems")),
}
_KEYWORDS_2019 = _KEYWORDS_07 | _LATER | _named(["$recursiveRef"])
_KEYWORDS_2020 = {
    **{key: keyword for key, keyword in _KEYWORDS_07.items() if key != "additionalItems"},
    **_LATER,
    **_named(("prefixItems", "$dynamicRef")),
    "items": ONE_SCHEMA,
}
_KEYWORDS_30 = {
    key: keyword
    for key, keyword in _KEYWORDS_04.items()
    if key not in ("additionalItems", "patternProperties", "dependencies")
} | {"items": ONE_SCHEMA, "nullable": ASSERTIONS["nullable"]}
_DRAFT = "http://json-schema.org/{}/schema"
_ANCHORS = frozenset({"$anchor", "$dynamicAnchor"})

ASYNCAPI = _dialect(
    "asyncapi",
    {**_KEYWORDS_07, **_LATER, **_named(("prefixItems", "$dynamicRef"))},
    names_in_identifier=True,
    anchors=_ANCHORS,
    dynamic="$dynamicRef",
    contains_evaluates=True,
    has_discriminator="name",
)
_DRAFT_04 = _dialect(
    "draft-04",
    _KEYWORDS_04,
    uri=_DRAFT.format("draft-04"),
    identifier="id",
    names_in_identifier=True,
    boolean_under=_ONLY_ADDITIONAL,
)
_DRAFT_06 = _dialect("draft-06", _KEYWORDS_06, uri=_DRAFT.format("draft-06"), names_in_identifier=True)
_DRAFT_07 = _dialect("draft-07", _KEYWORDS_07, uri=_DRAFT.format("draft-07"), names_in_identifier=True)
DRAFT_2019 = _dialect(
    "2019-09",
    _KEYWORDS_2019,
    uri="https://json-schema.org/draft/2019-09/schema",
    anchors=frozenset({"$anchor", "$recursiveAnchor"}),
    applies_beside_ref=True,
    dynamic="$recursiveRef",
)
_DRAFT_2020 = _dialect(
    "2020-12",
    _KEYWORDS_2020,
    uri="https://json-schema.org/draft/2020-12/schema",
    anchors=_ANCHORS,
    applies_beside_ref=True,
    dynamic="$dynamicRef",
    contains_evaluates=True,
)
_OPENAPI_30 = _dialect(
    "openapi-3.0",
    _KEYWORDS_30,
    identifier=None,
    boolean_under=frozenset({"additionalProperties"}),
    has_nullable=True,
    has_discriminator="object",
)
_OPENAPI_31 = replace(
    _DRAFT_2020,
    name="openapi-3.1",
    uri="https://spec.openapis.org/oas/3.1/dialect/base",
    has_discriminator="object",
)

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        *(_DRAFT_04, _DRAFT_06, _DRAFT_07, DRAFT_2019, _DRAFT_2020),
        *(_OPENAPI_30, _OPENAPI_31, ASYNCAPI),
    )
}
_BY_URI = {dialect.uri.partition("://")[2]: dialect for dialect in DIALECTS.values() if dialect.uri}


def dialect_by_uri(uri: str) -> Dialect | None:
    """Return the dialect of a meta-schema, or None if it is not known; http or https, and ``#``, don't matter."""
    return _BY_URI.get(uri.partition("://")[2].removesuffix("#"))
