"""Examples of messages must match what the messages declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cases import each_case

from ..reading import check, found, only, v2, v3

if TYPE_CHECKING:
    from pathlib import Path

M = "/channels/~1/publish/message"
C = "channel: {$ref: '#/channels/c'}"


def published(message: str, *more: str) -> str:
    return v2(f"{{/: {{publish: {{message: {{name: a, {message}}}}}}}}}", *more)


def received(message: str, operation: str = "action: receive", *more: str) -> str:
    return v3(f"{{c: {{address: /, messages: {{m: {{{message}}}}}}}}}", f"{{o: {{{operation}, {C}}}}}", *more)


PAYLOAD = "payload: {type: object, required: [id], properties: {id: {type: integer}}}"


@each_case(
    ("text", "pointer", "words"),
    [
        pytest.param(
            published(f"{PAYLOAD}, examples: [{{payload: {{idd: 1}}}}]"),
            f"{M}/examples/0/payload",
            'the payload that its message declares: "id" is missing',
            id="2.x",
        ),
        pytest.param(
            published(f"{PAYLOAD}, examples: [{{payload: {{id: 1}}}}, {{name: b, payload: {{id: one}}}}]"),
            f"{M}/examples/1/payload/id",
            "must be an integer",
            id="the place within it",
        ),
        pytest.param(
            published("headers: {type: object, required: [h]}, examples: [{headers: {}, payload: 5}]"),
            f"{M}/examples/0/headers",
            "the headers that its message declares",
            id="headers",
        ),
        pytest.param(
            published("payload: {items: [{type: integer}, {type: string}]}, examples: [{payload: [1, 2]}]"),
            f"{M}/examples/0/payload/1",
            "must be a string",
            id="tuple",
        ),
        pytest.param(
            published(
                "payload: {type: integer}, traits: [{$ref: '#/components/messageTraits/T'}]",
                "components: {messageTraits: {T: {examples: [{payload: x}]}}}",
            ),
            "/components/messageTraits/T/examples/0/payload",
            "must be an integer",
            id="examples of a trait",
        ),
        pytest.param(
            published(
                "headers: {required: [a]}, traits: [{headers: {required: [b]}}], examples: [{headers: {a: 1}}]"
            ),
            f"{M}/examples/0/headers",
            '"b" is missing',
            id="headers of a trait",
        ),
        pytest.param(
            received(f"{PAYLOAD}, examples: [{{payload: {{idd: 1}}}}]", "action: send"),
            "/channels/c/messages/m/examples/0/payload",
            '"id" is missing',
            id="3.x, sent",
        ),
        pytest.param(
            received(
                "payload: {schemaFormat: application/schema+json;version=draft-07, schema: {type: string}}, "
                "examples: [{payload: 5}]"
            ),
            "/channels/c/messages/m/examples/0/payload",
            "must be a string",
            id="multi format",
        ),
        pytest.param(
            v2("{/: {}}", f"components: {{messages: {{M: {{{PAYLOAD}, examples: [{{payload: 1}}]}}}}}}"),
            "/components/messages/M/examples/0/payload",
            "must be an object",
            id="a message that nothing uses",
        ),
        pytest.param(
            published("x-ack: {payload: {type: integer}, examples: [{payload: x}]}"),
            f"{M}/x-ack/examples/0/payload",
            "must be an integer",
            id="an acknowledgement",
        ),
    ],
)
def test_an_invalid_example_is_an_error(tmp_path: Path, text: str, pointer: str, words: str) -> None:
    """An invalid payload or header (MUST) is an error at the invalid part."""
    outcome = check(tmp_path, text)
    problem = only(outcome)
    assert (problem.severity, problem.code, problem.pointer) == ("error", "EXAMPLE", pointer)
    assert words in problem.message
    assert (outcome.accepted, outcome.servable) == (False, False)


@each_case(
    "text",
    [
        published(f"{PAYLOAD}, examples: [{{payload: {{id: 1}}, headers: {{a: 1}}}}, {{name: n}}]"),
        published("examples: [{payload: {anything: 1}}]"),
        published("payload: {items: [{type: integer}]}, examples: [{payload: [1]}]"),
        published("payload: {type: array, items: {type: integer}}, examples: [{payload: [1, 2]}, {payload: []}]"),
        published("payload: {type: string, format: binary, maxLength: 2}, examples: [{payload: AQIDBA==}, {payload: {$binary: AQ==}}]"),
        published("payload: {format: binary}, examples: [{payload: text}]"),
        published("payload: {type: integer}, traits: [{examples: [{payload: 1}]}], examples: [{payload: overruled}]"),
        received("payload: {type: integer}, traits: [{examples: [{payload: overruled}]}], examples: [{payload: 1}]"),
    ],
    ids=["fits", "no payload", "tuple", "list", "bytes as text", "bytes", "a trait of 2.x wins", "a message of 3.x wins"],
)  # fmt: skip
def test_examples_that_fit_are_silent(tmp_path: Path, text: str) -> None:
    """An example is one argument or a list of all; text stands for bytes."""
    assert found(check(tmp_path, text)) == []


def test_examples_of_a_foreign_format_are_not_checked(tmp_path: Path) -> None:
    """Examples of an unvalidated format or of an invalid schema are not checked."""
    foreign = received("payload: {schemaFormat: avro/1, schema: {type: string}}, examples: [{payload: 5}]")
    assert [diagnostic.code for diagnostic in check(tmp_path, foreign).diagnostics] == ["MULTIFORMAT"]
    broken = published("payload: {type: strin}, examples: [{payload: 5}]")
    assert [diagnostic.code for diagnostic in check(tmp_path, broken).diagnostics] == ["SCHEMA"]
    nowhere = published("payload: {$ref: '#/nowhere'}, headers: {$ref: 'no.yaml'}, examples: [{payload: 5}]")
    assert {diagnostic.code for diagnostic in check(tmp_path, nowhere).diagnostics} == {
        "REF_DANGLING",
        "REF_FILE",
    }


def test_every_example_is_checked_beside_other_errors(tmp_path: Path) -> None:
    """Each invalid example is reported, whatever other errors the document has."""
    text = v2(
        "{/: {publish: {message: {oneOf: [{name: a, payload: {type: strin}}, "
        "{name: b, payload: {type: integer}, examples: [{payload: x}, {payload: 1}, {payload: y, headers: {}}]}]}}}}"
    )
    outcome = check(tmp_path, text)
    assert [diagnostic.code for diagnostic in outcome.diagnostics] == ["SCHEMA", "EXAMPLE", "EXAMPLE"]


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ("{type: integer, default: x}", "/default"),
        (
            "{type: object, properties: {a: {type: string, maxLength: 2, default: abc}}}",
            "/properties/a/default",
        ),
        ("{type: array, items: {type: integer}, default: [1, x]}", "/default/1"),
        ("{type: object, required: [a], properties: {a: {}}, examples: [{a: 1}, {}]}", "/examples/1"),
        ("{type: object, properties: {a: {type: string, default: null}}}", "/properties/a/default"),
    ],
    ids=["default", "of a property", "a part of it", "examples", "null"],
)
def test_invalid_values_within_a_schema_warn(tmp_path: Path, schema: str, pointer: str) -> None:
    """A default or example that violates its schema is a warning, as draft-07 only says SHOULD."""
    outcome = check(tmp_path, published(f"payload: {schema}"))
    (problem,) = outcome.diagnostics
    assert (problem.severity, problem.code, problem.layer) == ("warning", "SCHEMA", "service")
    assert problem.pointer.endswith(f"/payload{pointer}")
    assert "misses its schema" in problem.message
    assert outcome.servable


@pytest.mark.parametrize(
    "schema",
    [
        "{type: integer, default: 1, examples: [2, 3]}",
        "{type: string, format: binary, default: AQ==, examples: [{$binary: AQ==}]}",
        "{default: 1, examples: [x]}",
        "{type: object, properties: {default: {type: string}, examples: {type: integer}}}",
        "{type: array, items: {$ref: '#/components/schemas/S'}}",
    ],
    ids=["fits", "bytes", "anything", "names of properties", "by a reference"],
)
def test_values_that_fit_their_schema_are_silent(tmp_path: Path, schema: str) -> None:
    """Valid defaults and examples are silent, with text for bytes."""
    text = v2(
        f"{{/: {{publish: {{message: {{name: a, payload: {schema}}}}}}}}}",
        "components: {schemas: {S: {type: object, properties: {a: {type: string, default: x}}}}}",
    )
    assert found(check(tmp_path, text)) == []


def test_a_nullable_default_is_reported_once(tmp_path: Path) -> None:
    """A null default beside ``nullable`` is reported only for the keyword of OpenAPI."""
    outcome = check(tmp_path, published("payload: {type: string, nullable: true, default: null}"))
    assert [problem.pointer.rpartition("/")[2] for problem in outcome.diagnostics] == ["nullable"]
