"""Our extensions where nothing reads them: what narrows access is refused, wherever it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asynction_asgi.spec.structure.extensions import GUARDS
from asynction_asgi.spec.structure.extensions import PLACES as EXTENSIONS
from tests.cases import each_case

from ..reading import check, only, v2, v3

if TYPE_CHECKING:
    from pathlib import Path

COMPONENTS = (
    "components: {securitySchemes: {jwt: {type: http, scheme: bearer}}, schemas: {S: {type: string}},"
    " x-messageAcks: {A: {type: string}}}"
)
M = "/channels/~1/publish/message"


def message2(fields: str) -> str:
    return v2(f"{{/: {{publish: {{message: {{name: a, {fields}}}}}}}}}", COMPONENTS)


def message3(fields: str) -> str:
    channel = f"{{c: {{address: /, messages: {{m: {{name: a, {fields}}}}}}}}}"
    return v3(channel, "{o: {action: receive, channel: {$ref: '#/channels/c'}}}", COMPONENTS)


PLACES = {
    "an acknowledgement's args": (message2("x-ack: {args: {type: string}, KEY}"), f"{M}/x-ack"),
    "an acknowledgement's payload": (message2("x-ack: {payload: {}, KEY}"), f"{M}/x-ack"),
    "an acknowledgement's schema": (message2("x-ack: {type: string, KEY}"), f"{M}/x-ack"),
    "beside an acknowledgement's $ref": (
        message2("x-ack: {$ref: '#/components/x-messageAcks/A', KEY}"),
        f"{M}/x-ack",
    ),
    "a message's binding": (message2("bindings: {ws: {KEY}}"), f"{M}/bindings/ws"),
    "a message's binding of 3.x": (message3("bindings: {ws: {KEY}}"), "/channels/c/messages/m/bindings/ws"),
    "a channel's other binding": (v2("{/: {bindings: {mqtt: {KEY}}}}"), "/channels/~1/bindings/mqtt"),
    "a payload": (message2("payload: {type: string, KEY}"), f"{M}/payload"),
    "within a payload": (message2("payload: {items: {KEY}}"), f"{M}/payload/items"),
    "beside a payload's $ref": (message2("payload: {$ref: '#/components/schemas/S', KEY}"), f"{M}/payload"),
    "a payload of Avro": (
        message2("schemaFormat: application/vnd.apache.avro, payload: {KEY}"),
        f"{M}/payload",
    ),
    "headers": (message2("headers: {type: object, KEY}"), f"{M}/headers"),
    "a payload with its format": (
        message3("payload: {schemaFormat: application/schema+json;version=draft-07, schema: {}, KEY}"),
        "/channels/c/messages/m/payload",
    ),
}
OURS = {
    "an acknowledgement's args",
    "an acknowledgement's payload",
    "beside an acknowledgement's $ref",
}


@each_case("place", PLACES)
@each_case("field", ["x-rate: {limit: 1}", "x-scopes: [a]", "x-security: [{jwt: []}]", "x-auth: {}"])
def test_what_narrows_access_is_refused_where_nothing_reads_it(
    tmp_path: Path, place: str, field: str
) -> None:
    """A restriction in such a place is legal AsyncAPI and can't be served."""
    text, pointer = PLACES[place]
    outcome = check(tmp_path, text.replace("KEY", field))
    key = field.partition(":")[0]
    (match,) = (diagnostic for diagnostic in outcome.diagnostics if diagnostic.pointer == f"{pointer}/{key}")
    assert (match.severity, outcome.accepted, outcome.servable) == ("error", True, False)


@each_case("place", PLACES)
@each_case("field", ["x-scopse: [a]", "x-scope: internal", "x-authz: {}"])
def test_what_looks_like_a_restriction_is_reported_there(tmp_path: Path, place: str, field: str) -> None:
    """Except in an extension of ours it may be meant for another tool: it is an error only if the check is strict."""
    text, pointer = PLACES[place]
    key = field.partition(":")[0]
    for strict, severity in ((False, "error" if place in OURS else "warning"), (True, "error")):
        outcome = check(tmp_path, text.replace("KEY", field), strict=strict)
        found = [each for each in outcome.diagnostics if each.pointer == f"{pointer}/{key}"]
        assert [diagnostic.severity for diagnostic in found] == [severity]


@each_case("place", PLACES)
def test_other_extensions_are_not_refused_there(tmp_path: Path, place: str) -> None:
    """Extensions of other tools are served as before, without a word in a schema."""
    text, _ = PLACES[place]
    assert check(tmp_path, text.replace("KEY", "x-parser-schema-id: s")).servable


@each_case("key", ["x-rateLimit", "x-rate-limit", "x-ratelimit", "x-rate-limits", "x-rated"])
@each_case("text", [message2("KEY"), message3("KEY"), v2("{/: {KEY}}")], ids=["2", "3", "channel"])
def test_names_of_other_tools_for_rates_are_reported(tmp_path: Path, key: str, text: str) -> None:
    """What others call a rate may be meant for them, so it is an error only if the check is strict."""
    text = text.replace("KEY", f"{key}: {{limit: 1}}")
    for strict, severity in ((False, "warning"), (True, "error")):
        found = [
            diagnostic
            for diagnostic in check(tmp_path, text, strict=strict).diagnostics
            if diagnostic.code == "UNKNOWN_EXTENSION"
        ]
        assert [diagnostic.severity for diagnostic in found] == [severity]
        assert "did you mean 'x-rate'?" in found[0].message


@each_case("place", ["channels: {}", "info: {title: T, version: '1'}"], ids=["map", "object"])
@each_case("key", EXTENSIONS)
def test_each_extension_is_reported_where_it_means_nothing(tmp_path: Path, key: str, place: str) -> None:
    """No extension of ours is dropped in silence, whatever it holds."""
    text = v2("{/: {}}").replace(
        place.partition(":")[0] + ": {", f"{place.partition(':')[0]}: {{{key}: 1, ", 1
    )
    problem = only(check(tmp_path, text))
    assert problem.code == "UNKNOWN_EXTENSION"
    assert problem.severity == ("error" if key in GUARDS else "warning")
