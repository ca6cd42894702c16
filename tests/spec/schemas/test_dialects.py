"""Each dialect agrees with another validator on generated schemas, and leaves no keyword without a word."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import jsonschema
import jsonschema_rs
import pytest

from asynction_asgi.spec.schemas import Mismatch, compile_bundle
from asynction_asgi.spec.schemas.dialects import DIALECTS
from asynction_asgi.spec.schemas.keywords import ANNOTATIONS, KEYWORDS
from asynction_asgi.spec.schemas.resources import Resources
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver
from tests.cases import each_case

if TYPE_CHECKING:
    from asynction_asgi.errors import Diagnostic

ORACLES: dict[str, Any] = {
    "draft-04": jsonschema_rs.Draft4Validator,
    "draft-06": jsonschema_rs.Draft6Validator,
    "2019-09": jsonschema_rs.Draft201909Validator,
    "2020-12": jsonschema_rs.Draft202012Validator,
}
# Written in another language, by others.
SECOND_ORACLES: dict[str, Any] = {
    "2019-09": jsonschema.Draft201909Validator,
    "2020-12": jsonschema.Draft202012Validator,
}
# Here it differs from the ones above, and from this package.
UNSURE = ("$dynamicRef", "$recursiveRef", "unevaluatedItems")
SCHEMAS = 150  # for each dialect, and so many values for each
TRIES = 8
NAMES = ["a", "b", "ab", "kind"]
TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]


class Writer:
    """Writes schemas of a dialect by chance; the same ones for each run.

    They refer to two roots, ``urn:s`` and ``urn:o``, and to what has a name in the second one.
    """

    def __init__(self, name: str) -> None:
        self.random = random.Random(f"dialect {name}")
        self.name = name
        self.known = DIALECTS[name].keywords

    def roots(self) -> dict[str, Any]:
        """Return both roots, with identifiers, anchors and, where the dialect has them, dynamic anchors."""
        roots = {key: self.schema(3) for key in "so"}
        for key, schema in roots.items():
            schema[DIALECTS[self.name].identifier or "$id"] = f"urn:{key}"
            if self.name == "2019-09":
                schema["$recursiveAnchor"] = self.random.random() < 0.6
            if self.name == "2020-12":
                is_dynamic = key == "o" or self.random.random() < 0.6
                schema["$dynamicAnchor" if is_dynamic else "$anchor"] = "node"
        later = DIALECTS[self.name].applies_beside_ref
        named = {**self.schema(0), **({"$anchor": "name"} if later else {"$id": "#name"})}
        roots["o"]["$defs" if later else "definitions"] = {"n": {} if self.name == "draft-04" else named}
        return roots

    def inner(self, depth: int) -> Any:
        """Return a schema within another: mostly a plain one, or a reference."""
        chance = self.random.random()
        if chance < 0.15:
            return self.random.choice([{}, {"not": {}}] if self.name == "draft-04" else [True, False])
        if chance < 0.4:
            return self.reference()
        return self.schema(depth - 1)

    def reference(self) -> dict[str, Any]:
        """Return a reference, of those that depend on the way to it where there are any."""
        dynamic = {
            "2019-09": [{"$recursiveRef": "#"}],
            "2020-12": [{"$dynamicRef": "#node"}, {"$dynamicRef": "urn:o#node"}],
        }
        named = [] if self.name == "draft-04" else [{"$ref": "urn:o#name"}]
        return dict(
            self.random.choice(
                [{"$ref": "urn:s"}, {"$ref": "urn:o"}, *named, *2 * dynamic.get(self.name, [])]
            )
        )

    def schema(self, depth: int) -> dict[str, Any]:
        """Return a schema of a few keywords, which hold others down to a depth."""
        random, schema = self.random, dict[str, Any]()
        for keyword in random.sample(sorted(self.known), random.randint(1, 4)):
            value = self.value(keyword, depth)
            if value is not None:
                schema[keyword] = value
        if DIALECTS[self.name].applies_beside_ref and random.random() < 0.15:
            schema |= self.reference()
        if self.name == "draft-04" and random.random() < 0.2:
            schema |= {"minimum": 1, "exclusiveMinimum": random.random() < 0.5}
        return schema

    def value(self, keyword: str, depth: int) -> Any:
        """Return a value for a keyword, or None for one that is left out."""
        random = self.random
        if keyword == "type":
            return random.choice(TYPES) if random.random() < 0.5 else None
        if keyword in ("const", "enum"):
            value = self.instance(1)
            return value if keyword == "const" else [value]
        if keyword[:3] in ("min", "max") and keyword[3:] != "imum":
            return random.randint(0, 3)
        if keyword == "required":
            return [random.choice(NAMES)]
        if keyword == "dependentRequired":
            return {random.choice(NAMES): [random.choice(NAMES)]}
        holder = DIALECTS[self.name].holders.get(keyword)
        if holder is None or holder.by_reference or depth == 0:
            return None
        if holder.listed and (holder.alone is None or random.random() < 0.4):
            return [self.inner(depth) for _ in range(random.randint(1, 2))]
        if holder.named:
            return {name: self.inner(depth) for name in random.sample(NAMES, random.randint(1, 2))}
        return self.inner(depth)

    def instance(self, depth: int) -> Any:
        """Return a value."""
        random = self.random
        chance = random.random()
        if depth and chance < 0.4:
            return {name: self.instance(depth - 1) for name in random.sample(NAMES, random.randint(0, 3))}
        if depth and chance < 0.7:
            return [self.instance(depth - 1) for _ in range(random.randint(0, 3))]
        return random.choice([None, True, 0, 1, 1.0, 2.5, "", "a"])


@pytest.mark.parametrize("name", ORACLES)
def test_generated_schemas_agree_with_another_validator(name: str) -> None:
    """All verdicts agree, with identifiers, anchors, dynamic references and unevaluated keywords too.

    A second validator, where it is sure, says the same.
    """
    writer, compared, compared_twice = Writer(name), 0, 0
    keep = "$defs" if DIALECTS[name].applies_beside_ref else "definitions"
    for _ in range(SCHEMAS):
        roots = writer.roots()
        check = compiled(name, roots)
        values = [writer.instance(3) for _ in range(TRIES)]
        if check is None or counts_otherwise(name, roots):
            continue
        whole = {"allOf": [{"$ref": "urn:s"}], keep: roots}
        oracles = [ORACLES[name](whole)]
        if name in SECOND_ORACLES and not any(keyword in str(roots) for keyword in UNSURE):
            oracles.append(SECOND_ORACLES[name](whole))
            compared_twice += 1
        compared += 1
        for value in values:
            verdicts = {accepts(check, value), *(oracle.is_valid(value) for oracle in oracles)}
            assert len(verdicts) == 1, (roots, value)
    assert compared > SCHEMAS / 2
    assert compared_twice > SCHEMAS / 5 or name not in SECOND_ORACLES


def compiled(name: str, roots: dict[str, Any]) -> Any:
    """Return the check of the first root, or None if it refers to itself without an end."""
    document = load_document(roots)
    resolver = Resolver(document)
    resources = Resources(resolver)
    for key in roots:
        resources.add(document.root.child(key), DIALECTS[name])
    node = document.root.child(next(iter(roots)))
    bundle, found = compile_bundle([node], resolver, backend="fastjsonschema")
    problems = {diagnostic.code for diagnostic in found if diagnostic.severity == "error"}
    assert problems <= {"REF_CYCLE"}, found
    return None if problems else bundle.check(node)


def accepts(check: Any, value: Any) -> bool:
    """Return whether the value is valid."""
    try:
        check(value)
    except Mismatch:
        return False
    return True


def counts_otherwise(name: str, value: Any) -> bool:
    """Return whether ``contains`` may count for ``unevaluatedItems``, which 2019-09 does not say."""
    return name == "2019-09" and "'contains'" in str(value) and "'unevaluatedItems'" in str(value)


# What a keyword may be given, as far as it admits that; what may have to stand beside it; and values.
NOTHING: dict[str, Any] = {"not": {}}
GIVEN: list[Any] = [
    *(2, 0, True, False, "email", "#", "string", [1], ["b"], [NOTHING], NOTHING),
    *({"b": NOTHING}, {"b": ["c"]}, {"b": {"required": ["c"]}}),
]
BESIDE: list[dict[str, Any]] = [
    *({}, {"type": "string"}, {"if": {}}, {"if": NOTHING}, {"then": NOTHING}, {"contains": {}}),
    *({"items": [{}]}, {"minimum": 3}, {"maximum": 3}),
]
VALUES: list[Any] = [None, 1, 3, "a", "aaa", [], [1], [1, 1], [1, 1, 1], {}, {"b": 1}]
EVERY = {*KEYWORDS, *(key for dialect in DIALECTS.values() for key in (*dialect.keywords, *dialect.holders))}


@pytest.mark.parametrize("name", DIALECTS)
def test_no_keyword_is_passed_over_in_silence(name: str) -> None:
    """A keyword of any dialect changes a verdict, is reported, or is listed as an annotation."""
    dialect = DIALECTS[name]
    assert ANNOTATIONS.keys().isdisjoint(dialect.keywords)
    for keyword in sorted(EVERY - ANNOTATIONS.keys() - {"$ref"}):
        if keyword in dialect.keywords:
            assert changes_a_verdict(name, keyword), keyword
        else:
            found = [checked(name, {keyword: given})[1] for given in GIVEN]
            assert all(
                any(keyword in diagnostic.message for diagnostic in diagnostics) for diagnostics in found
            ), keyword


def changes_a_verdict(name: str, keyword: str) -> bool:
    """Return whether a value gets another verdict by something that the keyword may be given."""
    for beside in BESIDE:
        without, problems = checked(name, beside)
        for given in GIVEN:
            if keyword in beside or problems or not DIALECTS[name].keywords[keyword].admits(given):
                continue
            check, problems_with = checked(name, {**beside, keyword: given})
            if not any(diagnostic.severity == "error" for diagnostic in problems_with) and any(
                accepts(check, {"a": value}) is not accepts(without, {"a": value}) for value in VALUES
            ):
                return True
    return False


def checked(name: str, schema: dict[str, Any]) -> tuple[Any, list[Diagnostic]]:
    """Return the check of an object with a member of that schema, and what is said about it."""
    node = load_document({"schema": {"type": "object", "properties": {"a": schema}}}).root.child("schema")
    resolver = Resolver(node.document)
    Resources(resolver).add(node, DIALECTS[name])
    bundle, found = compile_bundle([node], resolver, backend="fastjsonschema")
    return bundle.check(node), found


@each_case(
    ("schema", "as_draft_07", "values"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}, [None, "", 1]),
        ({"nullable": True, "minimum": 1}, {"minimum": 1}, [None, 0, 1]),
        ({"type": "string", "nullable": True, "enum": ["a"]}, {"type": ["string", "null"], "enum": ["a"]}, [None, "a"]),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}, [1, 2]),
        ({"minimum": 1, "exclusiveMinimum": False}, {"minimum": 1}, [0, 1]),
        ({"exclusiveMaximum": True}, {}, [1]),
        ({"type": "integer", "format": "int32"}, {"minimum": -(2**31), "maximum": 2**31 - 1}, [2**31 - 1, 2**31, -(2**31) - 1]),
        ({"type": "integer", "format": "int64"}, {"minimum": -(2**63), "maximum": 2**63 - 1}, [2**63 - 1, 2**63]),
        ({"format": "byte"}, {"pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"}, ["", "YQ==", "YQ=", "YWI=", "YWJj", "_-==", 1]),
        ({"type": "string", "format": "byte", "maxLength": 4}, {"type": "string", "maxLength": 4}, ["YQ==", "YWJjYWJj"]),
        ({"additionalProperties": False, "properties": {"a": {}}}, {"additionalProperties": False, "properties": {"a": {}}}, [{"a": 1}, {"b": 1}]),
        ({"if": {}, "then": {"not": {}}, "const": 1}, {}, [1, 2]),
    ],
)  # fmt: skip
def test_openapi_3_0_means_its_translation(schema: Any, as_draft_07: Any, values: list[Any]) -> None:
    """Each keyword of OpenAPI 3.0 has a meaning that draft-07 can say; later keywords have none."""
    check = compiled("openapi-3.0", {"s": schema})
    oracle = jsonschema_rs.Draft7Validator(as_draft_07)
    assert [accepts(check, value) for value in values] == [oracle.is_valid(value) for value in values]


@each_case(
    ("schema", "is_bytes"),
    [
        ({"type": "string", "format": "binary"}, True),
        ({"type": "string", "contentMediaType": "application/octet-stream"}, True),
        (
            {"type": "string", "contentMediaType": "application/octet-stream", "contentEncoding": "base64"},
            False,
        ),
        ({"type": "string", "contentMediaType": "application/json"}, False),
    ],
)
@each_case("name", ["asyncapi", "2020-12", "openapi-3.1"])
def test_bytes_are_written_as_by_openapi_or_fastapi(name: str, schema: Any, is_bytes: bool) -> None:
    """Both forms mean bytes, whose length is counted; text with another content stays text."""
    check = compiled(name, {"s": {**schema, "minLength": 2}})
    assert accepts(check, b"ab") is is_bytes
    assert accepts(check, "ab") is not is_bytes
    assert not accepts(check, b"a")
