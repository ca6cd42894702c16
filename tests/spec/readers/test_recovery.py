"""``x-recovery``: what it means, and what it can't go together with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asynction_asgi.spec.model import Recovery
from tests.cases import each_case

from ..reading import check, found, load, v2, v3

if TYPE_CHECKING:
    from pathlib import Path

EVENT = "x-recovery: {offset: event}"
SENDS = "subscribe: {message: {name: '~'}}"


@each_case(
    ("said", "meant"),
    [
        ("true", Recovery()),
        ("{}", Recovery()),
        ("false", None),
        ("{seconds: 0.5, offset: event}", Recovery(seconds=0.5, offset="event")),
        ("{events: 1, bytes: 2}", Recovery(events=1, bytes=2)),
        ("{$ref: '#/components/x-recoveries/short'}", Recovery(seconds=5)),
    ],
)
def test_a_channel_says_what_returning_clients_get(tmp_path: Path, said: str, meant: Recovery | None) -> None:
    """A boolean or an object, in place or by reference, in both major versions."""
    components = "components: {x-recoveries: {short: {seconds: 5}}}"
    old = load(tmp_path, v2(f"{{/a: {{x-recovery: {said}}}}}", components))
    new = load(tmp_path, v3(f"{{a: {{address: /a, x-recovery: {said}}}}}", "{}", components))
    assert old.namespaces["/a"].recovery == new.namespaces["/a"].recovery == meant


@pytest.mark.parametrize(
    ("said", "findings"),
    [
        ("null", [("error", "TYPE", "")]),
        ("5", [("error", "TYPE", "")]),
        ("{$ref: '#/components/x-recoveries/shrt'}", [("error", "REF_DANGLING", "/$ref")]),
        ("{$ref: '#/channels/~1/x-recovery'}", [("error", "REF_CYCLE", "/$ref")]),
        ("{$ref: '#/components/x-recoveries/on', seconds: 5}", [("warning", "REF_TYPE", "/seconds")]),
    ],
)
def test_a_faulty_recovery_is_reported_at_its_place(
    tmp_path: Path, said: str, findings: list[tuple[str, str, str]]
) -> None:
    """A reference that leads nowhere says so, and what stands beside one has no effect."""
    text = v2(f"{{/: {{x-recovery: {said}}}}}", "components: {x-recoveries: {short: {seconds: 5}, on: true}}")
    assert found(check(tmp_path, text)) == [
        (severity, code, f"/channels/~1/x-recovery{place}") for severity, code, place in findings
    ]


@each_case("name", ["pid", "offset"])
@each_case(
    ("schema", "place"),
    [
        ("{{properties: {{{name}: true}}}}", "x-auth/properties/{name}"),
        ("{{allOf: [{{properties: {{{name}: true}}}}]}}", "x-auth/allOf/0/properties/{name}"),
        ("{{$ref: '#/channels/~1b/x-auth'}}", ""),
    ],
    ids=["plain", "combined", "by reference"],
)
def test_members_of_the_auth_that_clients_need_are_refused(
    tmp_path: Path, name: str, schema: str, place: str
) -> None:
    """A member of the application's own would displace what socket.io-client adds."""
    own = schema.format(name=name)
    other = f"{{properties: {{{name}: true}}}}"
    text = v2(f"{{/a: {{x-recovery: true, x-auth: {own}}}, /b: {{x-auth: {other}}}}}")
    wanted = (
        f"/channels/~1a/{place.format(name=name)}" if place else f"/channels/~1b/x-auth/properties/{name}"
    )
    assert found(check(tmp_path, text)) == [("error", "RECOVERY_AUTH", wanted)]


def test_a_recursive_schema_of_the_auth_is_read_once(tmp_path: Path) -> None:
    """A schema that refers to itself ends the search."""
    auth = "x-auth: {anyOf: [{type: object}, {properties: {more: {$ref: '#/channels/~1/x-auth'}}}]}"
    assert load(tmp_path, v2(f"{{/: {{x-recovery: true, {auth}}}}}")).namespaces["/"].recovery == Recovery()


@pytest.mark.parametrize(
    ("said", "codes"),
    [(EVENT, ["RECOVERY_EVENT"]), ("x-recovery: true", []), ("x-recovery: false", [])],
)
def test_the_event_that_carries_offsets_can_not_be_declared(
    tmp_path: Path, said: str, codes: list[str]
) -> None:
    """Its name is the server's own where offsets travel as events, and only there."""
    outcome = check(tmp_path, v2(f"{{/: {{{said}, {SENDS}}}}}"))
    assert [diagnostic.code for diagnostic in outcome.diagnostics] == codes
    assert outcome.accepted


def test_channels_of_one_address_agree(tmp_path: Path) -> None:
    """Two channels that are one namespace can't promise different things."""
    channels = "{a: {address: /x, x-recovery: true}, b: {address: /x, x-recovery: {seconds: 5}}}"
    assert found(check(tmp_path, v3(channels))) == [("error", "ADDRESS", "/channels/b/x-recovery")]
