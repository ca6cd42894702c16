"""Where the references of schemas lead: own roots, identifiers, anchors, files and folders of schemas."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.spec import check_document, load_spec
from asynction_asgi.spec.schemas import Mismatch, normalise
from tests.cases import each_case

from ..reading import v2

if TYPE_CHECKING:
    from pathlib import Path

    from asynction_asgi.spec import Outcome

ROOT = "/channels/~1/publish/message/payload"
NODE = {"properties": {"child": {"$ref": "#/$defs/Node"}}, "type": "object"}
TEXT = {"type": "string"}
LATEST = "https://json-schema.org/draft/2020-12/schema"


def document(payload: Any, message: dict[str, Any] | None = None, **schemas: Any) -> dict[str, Any]:
    """Return a document whose only event has this payload, with schemas among its components."""
    return {
        "asyncapi": "2.6.0",
        "info": {"title": "T", "version": "1"},
        "channels": {"/": {"publish": {"message": {"name": "m", "payload": payload, **(message or {})}}}},
        "components": {"schemas": schemas},
    }


def refusal(outcome: Outcome, value: Any) -> str | None:
    """Return the pointer at which the event's payload refuses a value, or None if it accepts it."""
    assert outcome.spec is not None, outcome.diagnostics
    schema = outcome.spec.namespaces["/"].receives["m"].arguments.schema
    assert schema is not None
    try:
        outcome.spec.bundle.check(schema)(value)
    except Mismatch as mismatch:
        return mismatch.violations[0].pointer
    return None


def errors(outcome: Outcome) -> list[tuple[str, str, str]]:
    """Return code, pointer and message of each error."""
    return [
        (found.code, found.pointer, found.message)
        for found in outcome.diagnostics
        if found.severity == "error"
    ]


@each_case(
    ("payload", "schemas", "value", "pointer"),
    [
        ({"$ref": "#/$defs/Node", "$defs": {"Node": NODE}}, {}, {"child": {"child": 5}}, "/child/child"),
        ({"$ref": "#/components/schemas/N"}, {"N": {**NODE, "$defs": {"Node": TEXT}}}, {"child": 5}, "/child"),
        ({"properties": {"child": {"$ref": "#"}}, "type": "object"}, {}, {"child": 5}, "/child"),
        ({"items": {"$ref": "#/definitions/T"}, "definitions": {"T": TEXT}}, {}, [5], "/0"),
        ({"items": {"$ref": "#/components/schemas/T"}, "definitions": {}}, {"T": TEXT}, [5], "/0"),
        ({"items": {"$ref": "#t"}, "$defs": {"T": {"$anchor": "t", **TEXT}}}, {}, [5], "/0"),
        ({"items": {"$ref": "#t"}}, {"T": {"$anchor": "t", **TEXT}}, [5], "/0"),
        ({"items": {"$ref": "#t"}, "definitions": {"T": {"$id": "#t", **TEXT}}}, {}, [5], "/0"),
        ({"items": {"$ref": "urn:t"}}, {"T": {"$id": "urn:t", **TEXT}}, [5], "/0"),
        (
            {"$id": "https://example.com/a/b.json", "items": {"$ref": "../t.json#/$defs/T"}},
            {"T": {"$id": "https://example.com/t.json", "$defs": {"T": TEXT}}},
            [5],
            "/0",
        ),
        (
            {"$id": "https://example.com/a", "items": {"$ref": "#/components/schemas/T"}},
            {"T": TEXT},
            [5],
            "/0",
        ),
        ({"$schema": LATEST, "$ref": "#/$defs/T", "minLength": 2, "$defs": {"T": TEXT}}, {}, "a", ""),
    ],
    ids=[
        *("definitions of the payload", "definitions of a component", "itself", "own definitions"),
        *("the document's components", "an anchor", "an anchor elsewhere", "an id that is an anchor"),
        *("a URN", "a relative id", "components beside an id", "keywords beside a reference"),
    ],
)  # fmt: skip
def test_references_within_a_document(payload: Any, schemas: Any, value: Any, pointer: str) -> None:
    """A schema is a root of its own, and the document's components stay within its reach."""
    outcome = check_document(document(payload, **schemas))
    assert not outcome.diagnostics
    assert refusal(outcome, value) == pointer


@each_case(
    ("payload", "code", "pointer", "says"),
    [
        ({"$ref": "#t"}, "REF_ANCHOR", "/$ref", "there is no anchor 't'"),
        (
            {"items": {"$ref": "#text"}, "$defs": {"T": {"$anchor": "txt"}}},
            "REF_ANCHOR",
            "/items/$ref",
            "did you mean '#txt'?",
        ),
        ({"$ref": "#/$defs/T"}, "REF_DANGLING", "/$ref", "there is no '$defs'"),
        ({"$ref": "https://example.com/t.json"}, "REF_REMOTE", "/$ref", "--schemas URI=PATH"),
        ({"$schema": "https://example.com/mine"}, "DIALECT", "/$schema", "is not known; use one of"),
        (
            {"$defs": {"A": {"$anchor": "a"}, "B": {"$anchor": "a"}}},
            "REF_ID",
            "/$defs/B",
            "two schemas have the anchor 'a'",
        ),
        (
            {"$defs": {"A": {"$id": "urn:a"}, "B": {"$id": "urn:a", "type": "null"}}},
            "REF_ID",
            "/$defs/B/$id",
            "two schemas are called 'urn:a'",
        ),
        ({"$schema": LATEST, "$id": "urn:a#b"}, "REF_ID", "/$id", "use $anchor: b"),
        ({"$id": "http://[a"}, "REF_ID", "/$id", "is not a URI"),
        ({"$ref": "http://[a"}, "REF_FILE", "/$ref", "is not a URI"),
        ({"$schema": LATEST, "items": [TEXT]}, "SCHEMA", "/items", "use prefixItems"),
        ({"$schema": LATEST, "exclusiveMinimum": True}, "SCHEMA", "/exclusiveMinimum", "it replaces minimum"),
        (
            {"$schema": LATEST, "$dynamicAnchor": "a", "allOf": [{"$dynamicRef": "#a"}]},
            "REF_CYCLE",
            "/allOf/0/$dynamicRef",
            "refers to itself",
        ),
        (
            {
                "$schema": LATEST,
                "$id": "urn:s",
                "$dynamicAnchor": "a",
                "$dynamicRef": "urn:o#a",
                "$defs": {"o": {"$id": "urn:o", "$dynamicAnchor": "a", "items": {"$dynamicRef": "#a"}}},
            },
            "REF_CYCLE",
            "",
            "refers to itself",
        ),
        (
            {"$schema": "http://json-schema.org/draft-04/schema", "not": True},
            "SCHEMA_TYPE",
            "/not",
            "a schema is an object in draft-04; write {}",
        ),
        (
            {"$schema": "http://json-schema.org/draft-04/schema", "exclusiveMinimum": 3},
            "SCHEMA",
            "/exclusiveMinimum",
            "it stands beside minimum",
        ),
    ],
)  # fmt: skip
def test_what_leads_nowhere_or_is_misused_is_an_error(
    payload: Any, code: str, pointer: str, says: str
) -> None:
    """Each is one error at its place, which says what to write."""
    (found,) = errors(check_document(document(payload)))
    assert found[:2] == (code, ROOT + pointer)
    assert says in found[2]


@pytest.mark.parametrize(
    ("message", "payload", "says"),
    [
        ({}, {"$schema": "http://json-schema.org/schema#"}, "names no draft"),
        ({"schemaFormat": "application/schema+json"}, {}, "this format has no version"),
        (
            {"schemaFormat": "application/schema+json;version=draft-07"},
            {"$schema": LATEST},
            "which says 2020-12",
        ),
    ],
)
def test_a_doubtful_dialect_is_a_warning(message: dict[str, Any], payload: Any, says: str) -> None:
    """The schema is read all the same."""
    (found,) = check_document(document(payload, message)).diagnostics
    assert (found.severity, found.code) == ("warning", "DIALECT")
    assert says in found.message


def test_dynamic_references_make_a_bounded_number_of_definitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schema that means something else on each of very many ways to it is an error."""
    monkeypatch.setattr(normalise, "_MOST_DEFINITIONS", 100)
    levels = 8
    resources = {
        f"{side}{level}": {
            "$id": f"urn:{side}{level}",
            "$dynamicAnchor": f"n{level}",
            "properties": {"x": {"anyOf": [{"$ref": f"urn:{other}{level + 1}"} for other in "ab"]}},
        }
        for level in range(levels)
        for side in "ab"
    }
    last = {"properties": {str(level): {"$dynamicRef": f"urn:a{level}#n{level}"} for level in range(levels)}}
    resources |= {f"{side}{levels}": {"$id": f"urn:{side}{levels}", **last} for side in "ab"}
    schema = {"$schema": LATEST, "anyOf": [{"$ref": "urn:a0"}, {"$ref": "urn:b0"}], "$defs": resources}
    found = errors(check_document(document(schema)))
    assert {code for code, _, _ in found} == {"REF_CYCLE"}
    assert "this schema stands for more than 100" in found[0][2]


def test_traits_may_change_a_schema_with_an_identifier() -> None:
    """The schema as written and with the trait applied are one, and not two of the same name."""
    message = {
        "x-ack": {"$id": "urn:ack", "type": "object", "properties": {"a": {"$ref": "urn:text"}}},
        "traits": [{"x-ack": {"required": ["a"]}}],
    }
    outcome = check_document(document(True, message, T={"$id": "urn:text", **TEXT}))
    assert not outcome.diagnostics
    assert outcome.spec is not None
    ack = outcome.spec.namespaces["/"].receives["m"].ack
    assert ack is not None
    assert ack.schema is not None
    check = outcome.spec.bundle.check(ack.schema)
    check({"a": "text"})
    for wrong in ({}, {"a": 5}):
        with pytest.raises(Mismatch):
            check(wrong)


OPENAPI = {"schemaFormat": "application/vnd.oai.openapi;version=3.0.0"}
DOG = {
    "type": "object",
    "required": ["kind", "bark"],
    "properties": {"kind": TEXT, "bark": {"type": "integer"}},
}
CAT = {
    "type": "object",
    "required": ["kind", "meow"],
    "properties": {"kind": TEXT, "meow": {"type": "integer"}},
}


def test_a_discriminator_chooses_whose_errors_are_reported() -> None:
    """It never changes a verdict, so that a warning asks for constants."""
    union = {"propertyName": "kind", "mapping": {"c": "#/components/schemas/Cat"}}
    payload = {
        "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("Dog", "Cat")],
        "discriminator": union,
    }
    outcome = check_document(document(payload, OPENAPI, Dog=DOG, Cat=CAT))
    (found,) = outcome.diagnostics
    assert (found.severity, found.pointer) == ("warning", f"{ROOT}/discriminator")
    assert "require 'kind' in each, with a const of its own" in found.message
    assert refusal(outcome, {"kind": "c", "meow": "loud", "bark": 1}) is None
    assert refusal(outcome, {"kind": "c", "meow": "loud"}) == "/meow"
    assert refusal(outcome, {"kind": "Dog", "bark": "loud"}) == "/bark"
    assert refusal(outcome, {"kind": "other"}) == ""
    pinned = {**DOG, "properties": {**DOG["properties"], "kind": {"const": "Dog"}}}  # type: ignore[dict-item]  # JSON
    other = {**CAT, "properties": {**CAT["properties"], "kind": {"const": "Cat"}}}  # type: ignore[dict-item]  # JSON
    assert not check_document(document(payload, OPENAPI, Dog=pinned, Cat=other)).diagnostics


def test_files_beside_a_schema_with_an_identifier_are_found(tmp_path: Path) -> None:
    """A relative reference that no schema answers is read beside the file, whatever the identifier says."""
    (tmp_path / "user.json").write_text(
        json.dumps(
            {"$id": "https://example.com/user.json", "properties": {"a": {"$ref": "address.json#/$defs/A"}}}
        )
    )
    (tmp_path / "address.json").write_text(json.dumps({"$defs": {"A": {"$ref": "#/$defs/B"}, "B": TEXT}}))
    path = tmp_path / "doc.yaml"
    path.write_text(v2("{/: {publish: {message: {name: m, payload: {$ref: user.json}}}}}"))
    outcome = check_document(path)
    assert not outcome.diagnostics
    assert refusal(outcome, {"a": 5}) == "/a"


def test_a_file_is_read_in_the_dialect_of_its_referrer(tmp_path: Path) -> None:
    """Without a dialect of its own; where another reads it too, the author is asked to declare one."""
    (tmp_path / "text.json").write_text(
        json.dumps({"$ref": "#/$defs/T", "minLength": 2, "$defs": {"T": TEXT}})
    )
    formatted = (
        "{name: m, schemaFormat: 'application/schema+json;version=2020-12', payload: {$ref: text.json}}"
    )
    path = tmp_path / "doc.yaml"
    path.write_text(v2(f"{{/: {{publish: {{message: {formatted}}}}}}}"))
    outcome = check_document(path)
    assert not outcome.diagnostics
    assert refusal(outcome, "a") == ""
    path.write_text(
        v2(
            f"{{/: {{publish: {{message: {{oneOf: [{formatted}, {{name: n, payload: {{$ref: text.json}}}}]}}}}}}}}"
        )
    )
    (found,) = check_document(path).diagnostics
    assert (found.severity, found.code) == ("warning", "DIALECT")
    assert "read as 2020-12, by an earlier reference, not as asyncapi" in found.message


@pytest.mark.parametrize(
    "schemas", [{"https://example.com/": "vendor"}, {"https://example.com/t.json": "vendor/t.json"}]
)
def test_absolute_references_are_read_from_a_folder(tmp_path: Path, schemas: dict[str, str]) -> None:
    """A folder holds what begins with its URI, a file is one schema, and the longest URI counts."""
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "t.json").write_text(
        json.dumps({"items": {"$ref": "#/definitions/T"}, "definitions": {"T": TEXT}})
    )
    places = {uri: tmp_path / path for uri, path in schemas.items()}
    outcome = check_document(
        document({"$ref": "https://example.com/t.json"}),
        schemas={"https://example.com": "/nowhere", **places},
    )
    assert not outcome.diagnostics
    assert refusal(outcome, [5]) == "/0"


@pytest.mark.parametrize(
    ("schemas", "error"),
    [
        ([("a", "b")], TypeError),
        ({"https://example.com/": 5}, TypeError),
        ({5: "vendor"}, TypeError),
        ({"example.com": "vendor"}, ValueError),
        ({"https://example.com/": ""}, ValueError),
    ],
)
def test_schemas_are_paths_by_uri(schemas: Any, error: type[Exception]) -> None:
    """Anything else says so in code, as on the command line."""
    with pytest.raises(error, match=r"schemas takes paths by URI, such as \{'https://schemas\.example"):
        load_spec(document({"type": "string"}), schemas=schemas)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The author sees where it was looked for, and what is there instead."""
    (tmp_path / "user.json").write_text("{}")
    outcome = check_document(
        document({"$ref": "https://example.com/v1/user"}), schemas={"https://example.com/v1/": tmp_path}
    )
    (problem,) = outcome.diagnostics
    said = f"can't read 'https://example.com/v1/user' from {tmp_path / 'user'}: No such file or directory"
    assert problem.message == f"{said}; did you mean 'user.json'?"


@pytest.mark.parametrize(
    ("schemas", "reference", "message"),
    [
        ("lib/vendor", "%2e%2e/secret.json", "leads out of the folder"),
        ("lib/vendor", "%00.json", ": embedded null"),
        ("lib/vendor", "link.json", "leads out of the folder"),
        ("lib/vendor", "up.json", "'../../secret.json' leads out of the folder"),
        ("lib/vendor", "absolute.json", "leads out of the folder"),
        ("lib/vendor", "uri.json", "leads out of the folder"),
        ("lib/vendor", "linked.json", "leads out of the folder"),
        ("lib/vendor", "chain.json", "'../../secret.json' leads out of the folder"),
        ("lib/vendor/up.json", "", "'../../secret.json' leads out of the folder"),
    ],
)
def test_a_reference_out_of_its_folder_is_refused(
    tmp_path: Path, schemas: str, reference: str, message: str
) -> None:
    """Neither a URI nor what its file refers to can name a file outside of the folder."""
    secret, vendor = tmp_path / "secret.json", tmp_path / "lib" / "vendor"
    vendor.mkdir(parents=True)
    secret.write_text("{}")
    (vendor / "link.json").symlink_to(secret)
    for name, target in {
        "up": "../../secret.json",
        "absolute": str(secret),
        "uri": secret.as_uri(),
        "linked": (vendor / "link.json").as_uri(),
        "chain": (vendor / "up.json").as_uri(),
    }.items():
        (vendor / f"{name}.json").write_text(json.dumps({"items": {"$ref": target}}))
    outcome = check_document(
        document({"$ref": f"https://example.com/v1/{reference}"}),
        schemas={"https://example.com/v1/": tmp_path / schemas},
    )
    ((code, _, text),) = errors(outcome)
    assert code == "REF_FILE"
    assert message in text


@pytest.mark.parametrize(
    ("identifier", "codes"),
    [
        (None, []),
        ("https://example.com/address.json", []),
        ("https://other.example/address.json", ["REF_ID"]),
    ],
)
def test_a_file_of_another_name_is_reported(tmp_path: Path, identifier: str | None, codes: list[str]) -> None:
    """It is read for a relative reference, and a warning says that its identifier is another one."""
    named = {} if identifier is None else {"$id": identifier}
    (tmp_path / "address.json").write_text(json.dumps({**named, **TEXT}))
    path = tmp_path / "main.json"
    path.write_text(
        json.dumps(document({"$id": "https://example.com/user.json", "items": {"$ref": "address.json"}}))
    )
    outcome = check_document(path)
    assert [(found.severity, found.code) for found in outcome.diagnostics] == [
        ("warning", code) for code in codes
    ]
    assert refusal(outcome, [5]) == "/0"


def test_a_confined_file_says_which_uri_confines_it(tmp_path: Path) -> None:
    """A file stays confined if a path leads to it as well, and the message names the URI that does it."""
    vendor = tmp_path / "vendor"
    vendor.mkdir()
    (tmp_path / "text.json").write_text(json.dumps(TEXT))
    (vendor / "near.json").write_text(json.dumps({"$ref": "../text.json"}))
    (vendor / "one.json").write_text(json.dumps({"$ref": "near.json"}))
    path = tmp_path / "main.json"
    both = [{"$ref": "vendor/near.json"}, {"$ref": "https://example.com/one.json"}]
    for order in (both, both[::-1]):
        path.write_text(json.dumps(document({"allOf": order})))
        ((code, _, text),) = errors(check_document(path, schemas={"https://example.com/": vendor}))
        assert code == "REF_FILE"
        assert (
            f"the folder {str(vendor)!r}, to which 'https://example.com/near.json' confines this file" in text
        )


def test_only_files_that_a_uri_named_are_confined(tmp_path: Path) -> None:
    """The document may refer to any file, also if a schema refers back to it; neighbours may be read."""
    (tmp_path / "app").mkdir()
    (tmp_path / "text.json").write_text(json.dumps(TEXT))
    (tmp_path / "app" / "near.json").write_text(
        json.dumps({"$ref": "https://me.example/main.json#/components/schemas/T"})
    )
    (tmp_path / "app" / "one.json").write_text(json.dumps({"items": {"$ref": "near.json"}}))
    path = tmp_path / "app" / "main.json"
    path.write_text(json.dumps(document({"$ref": "https://example.com/one"}, T={"$ref": "../text.json"})))
    outcome = check_document(
        path,
        schemas={
            "https://example.com/one": tmp_path / "app" / "one.json",
            "https://me.example/": tmp_path / "app",
        },
    )
    assert refusal(outcome, [5]) == "/0"
