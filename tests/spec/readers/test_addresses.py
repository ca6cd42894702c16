"""Addresses of channels: URI templates in 2.x, expressions in 3.x, and hints for neither."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cases import each_case

from ..reading import check, found, load, only, v2, v3

if TYPE_CHECKING:
    from pathlib import Path

OPERATION = "{o: {action: receive, channel: {$ref: '#/channels/c'}}}"


@each_case(
    "key",
    [
        "/rooms/{room-id}",
        "/rooms/{room_id}.{x}",
        "/a%20b",
        "/ναός",
        "/it's",
        "/a:b",
        "/[a]",
        "/(a)",
        "/a@b,c",
    ],
)
def test_uri_templates_are_namespaces(tmp_path: Path, key: str) -> None:
    """RFC 6570 and the hyphen that AsyncAPI allows in parameter names are accepted."""
    outcome = check(tmp_path, v2(f'{{"{key}": {{}}}}'))
    assert found(outcome) == []
    assert list(load(tmp_path, v2(f'{{"{key}": {{}}}}')).namespaces) == [key]


@each_case(
    ("key", "meant"),
    [
        ("/room/<id>", "/room/{id}"),
        ("/room/<int:id>/x", "/room/{id}/x"),
        ("/hall/{a b}", "/hall/{a_b}"),
        ("/hall/{ a }", "/hall/{a}"),
        ("/a b", "/a-b"),
        ("/a b/:id", "/a-b/{id}"),
        ("/{", None),
        ("/100%", None),
        ("/a|b", None),
        ("/a^", None),
        ("/<>", None),
        ("/a\\\\b", None),
        ("/{a{b}}", None),
    ],
)
def test_an_invalid_uri_template_fails_in_2_x(tmp_path: Path, key: str, meant: str | None) -> None:
    """The specification says MUST; the error suggests the intended address if it is clear."""
    outcome = check(tmp_path, v2(f'{{"{key}": {{publish: {{message: {{name: a}}}}}}}}'))
    problem = only(outcome)
    assert (problem.severity, problem.code, problem.layer) == ("error", "ADDRESS", "document")
    assert "RFC 6570" in problem.message
    assert ("did you mean" in problem.message) is (meant is not None)
    assert meant is None or f"did you mean {meant!r}?" in problem.message


@pytest.mark.parametrize(
    ("address", "meant"), [("/room/<id>", "'/room/{id}'"), ("/{a b}", "'/{a_b}'"), ("/a|b", "")]
)
def test_an_invalid_address_warns_in_3_x(tmp_path: Path, address: str, meant: str) -> None:
    """Version 3.x only requires that expressions are in braces."""
    outcome = check(tmp_path, v3(f"{{c: {{address: '{address}', messages: {{a: {{}}}}}}}}", OPERATION))
    problem = only(outcome)
    assert (problem.severity, problem.code, outcome.servable) == ("warning", "ADDRESS", True)
    assert meant in problem.message


@each_case("name", ["+path", "a*", "a,b", "a:3", ".a", "/a", "&a"])
def test_operators_of_a_uri_template_are_refused(tmp_path: Path, name: str) -> None:
    """Operators are legal, but a namespace's parameter is one whole segment."""
    problem = only(check(tmp_path, v2(f"{{'/{{{name}}}': {{}}}}")))
    assert (problem.severity, problem.code, problem.layer) == ("error", "ADDRESS", "service")
    assert f"{{{name}}}" in problem.message


@pytest.mark.parametrize("text", [v2("{'/room/:id': {}}"), v3("{c: {address: '/room/:id'}}")])
def test_a_parameter_of_other_routers_is_pointed_out(tmp_path: Path, text: str) -> None:
    """A legal ``:id`` is reported, as it is not a parameter."""
    outcome = check(tmp_path, text)
    assert [finding[:2] for finding in found(outcome)] == [("warning", "ADDRESS")]
    assert "did you mean '/room/{id}'?" in outcome.diagnostics[0].message


def test_an_unused_parameter_is_reported(tmp_path: Path) -> None:
    """It is an error in 3.x (MUST) and a warning in 2.x (SHOULD), unless the address is unknown."""
    parameters = "parameters: {idd: {}, id: {}}"
    outcome = check(
        tmp_path, v3(f"{{c: {{address: '/{{id}}', messages: {{a: {{}}}}, {parameters}}}}}", OPERATION)
    )
    assert found(outcome) == [("error", "CHANNEL", "/channels/c/parameters/idd")]
    assert "did you mean 'id'?" in only(outcome).message
    assert not outcome.accepted
    outcome = check(tmp_path, v2(f"{{'/{{id}}': {{{parameters}}}}}"))
    assert found(outcome) == [("warning", "CHANNEL", "/channels/~1{id}/parameters/idd")]
    for address in ("address: null, ", ""):
        assert found(check(tmp_path, v3(f"{{c: {{{address}{parameters}}}, root: {{address: /}}}}"))) == []
