"""The server that is selected: its path, security and channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cases import each_case

from ..reading import check, found, load, only, v2, v3

if TYPE_CHECKING:
    from pathlib import Path

KEYS = "components: {securitySchemes: {k: {type: httpApiKey, in: query, name: q}}}"


@each_case(
    ("url", "path"),
    [
        ("example.com", "/socket.io"),
        ("example.com/", "/socket.io"),
        ("example.com:8080", "/socket.io"),
        ("localhost:8000/socket.io", "/socket.io"),
        ("example.com/api/socket.io", "/api/socket.io"),
        ("example.com/api/socket.io/", "/api/socket.io"),
        ("wss://example.com/rt", "/rt"),
        ("https://example.com", "/socket.io"),
        ("//example.com/rt", "/rt"),
        ("/rt", "/rt"),
        ("/", "/socket.io"),
        ("./rt/x", "/rt/x"),
        ("example.com/rt?a=b", "/rt"),
        ("example.com/rt#x", "/rt"),
        ("[::1]:80/rt", "/rt"),
        ("user@example.com/rt", "/rt"),
        ("example.com/{base}/x", "/one/x"),
        ("{scheme}://{host}:{port}/{base}", "/one"),
        ("{whole}", "/deep/er"),
        ("example.com/{version}", "/v1"),
        ("", "/socket.io"),
    ],
)
def test_the_path_of_a_url(tmp_path: Path, url: str, path: str) -> None:
    """The path is read with or without scheme, host and query; a variable uses its default or first value."""
    variables = "{base: {default: one, enum: [one, two]}, whole: {default: example.com/deep/er}, version: {enum: [v1, v2]}}"
    text = v2("{/: {}}", f"servers: {{a: {{url: '{url}', protocol: ws, variables: {variables}}}}}")
    assert load(tmp_path, text).path == path


@pytest.mark.parametrize(
    ("pathname", "path"),
    [("/", "/socket.io"), ("/rt/", "/rt"), ("rt", "/rt"), ("/{v}/rt", "/v1/rt"), (None, "/socket.io")],
)
def test_the_path_of_a_pathname(tmp_path: Path, pathname: str | None, path: str) -> None:
    """Version 3.x has the path in a field of its own."""
    given = f"pathname: '{pathname}', " if pathname else ""
    server = f"{{host: example.com/not/this, {given}protocol: ws, variables: {{v: {{default: v1}}}}}}"
    assert load(tmp_path, v3("{c: {address: /}}", "{}", f"servers: {{a: {server}}}")).path == path


def test_a_variable_of_the_path_needs_a_value(tmp_path: Path) -> None:
    """A variable without a value is an error in the path, and irrelevant in the host."""
    host = v2("{/: {}}", "servers: {a: {url: 'example.com:{port}/x', protocol: ws}}")
    assert load(tmp_path, host).path == "/x"
    outcome = check(tmp_path, v2("{/: {}}", "servers: {a: {url: 'example.com/{base}', protocol: ws}}"))
    assert found(outcome) == [("error", "SERVER_UNKNOWN", "/servers/a/url")]
    assert "'base' has neither a default nor an enum" in only(outcome).message
    assert outcome.accepted


SERVERS = """servers:
  web: {url: x/web, protocol: WSS}
  queue: {url: x/queue, protocol: amqp}
  poll: {url: x/web, protocol: https}"""
CHANNELS = "{/all: {}, /web: {servers: [web]}, /queue: {servers: [queue]}, /both: {servers: [queue, poll]}, /none: {servers: []}}"


@pytest.mark.parametrize(
    ("server_name", "path", "namespaces"),
    [
        (None, "/web", ["/all", "/web", "/both", "/none"]),
        ("web", "/web", ["/all", "/web", "/none"]),
        ("queue", "/queue", ["/all", "/queue", "/both", "/none"]),
    ],
)
def test_a_server_picks_its_path_and_channels(
    tmp_path: Path, server_name: str | None, path: str, namespaces: list[str]
) -> None:
    """Without a name the channels of all WebSocket and HTTP servers are served."""
    spec = load(tmp_path, v2(CHANNELS, SERVERS), server_name=server_name)
    assert spec.path == path
    assert list(spec.namespaces) == namespaces


def test_servers_of_3x_are_references(tmp_path: Path) -> None:
    """Channels refer to servers of the document, which may be references themselves."""
    text = v3(
        "{a: {address: /a, servers: [{$ref: '#/servers/s'}]}, b: {address: /b, servers: [{$ref: '#/servers/t'}]}}",
        "{}",
        "servers: {s: {$ref: '#/components/servers/s'}, t: {host: h, protocol: amqp}}",
        "components: {servers: {s: {host: h, pathname: /p, protocol: socket.io}}}",
    )
    spec = load(tmp_path, text)
    assert (spec.path, list(spec.namespaces)) == ("/p", ["/a"])
    astray = text.replace("[{$ref: '#/servers/s'}]", "[{$ref: '#/components/servers/s'}]")
    outcome = check(tmp_path, astray)
    assert found(outcome) == [("error", "SERVER_UNKNOWN", "/channels/a/servers/0")]
    assert not outcome.accepted


@pytest.mark.parametrize(
    ("servers", "server_name", "says"),
    [
        (SERVERS, "wbe", "there are 'web', 'queue', 'poll'; did you mean 'web'?"),
        ("", "web", "it declares none"),
        ("servers: {a: {url: x, protocol: mqtt}}", None, "found 'mqtt'"),
    ],
)
def test_an_unknown_server_is_an_error(
    tmp_path: Path, servers: str, server_name: str | None, says: str
) -> None:
    """The error lists the names or protocols of the document's servers."""
    outcome = check(tmp_path, v2("{/: {}}", servers), server_name=server_name)
    assert [diagnostic.code for diagnostic in outcome.diagnostics] == ["SERVER_UNKNOWN"]
    assert says in only(outcome).message
    assert (outcome.accepted, outcome.servable) == (True, False)


def test_a_channel_names_servers_of_the_document(tmp_path: Path) -> None:
    """In 2.x a channel that names an unknown server is invalid AsyncAPI."""
    outcome = check(tmp_path, v2("{/: {servers: [wbe]}}", SERVERS))
    assert [diagnostic.code for diagnostic in outcome.diagnostics] == ["SERVER_UNKNOWN"]
    assert "did you mean 'web'?" in only(outcome).message
    assert not outcome.accepted


def test_security_is_never_guessed(tmp_path: Path) -> None:
    """If the served servers differ in security, one must be selected by name."""
    servers = "servers: {open: {url: x, protocol: ws}, shut: {url: x, protocol: ws, security: [{k: []}]}}"
    outcome = check(tmp_path, v2("{/: {}}", servers, KEYS))
    assert found(outcome) == [("error", "SERVER_UNKNOWN", "/servers/shut")]
    assert "choose one with server_name" in only(outcome).message
    assert load(tmp_path, v2("{/: {}}", servers, KEYS), server_name="open").security is None
    shut = load(tmp_path, v2("{/: {}}", servers, KEYS), server_name="shut").security
    assert shut is not None
    assert [[scheme.scheme for scheme in alternative] for alternative in shut] == [["k"]]


def test_security_in_another_order_is_the_same(tmp_path: Path) -> None:
    """Neither servers nor channels of one address disagree if they write alternatives in another order."""
    keys = "components: {securitySchemes: {k: {type: httpApiKey, in: query, name: q}, l: {type: httpApiKey, in: query, name: r}}}"
    servers = (
        "servers: {a: {url: x, protocol: ws, security: [{k: []}, {l: []}]}, "
        "b: {url: x, protocol: ws, security: [{l: []}, {k: []}]}}"
    )
    assert not found(check(tmp_path, v2("{/: {}}", servers, keys)))
    channels = (
        "{a: {address: /x, x-security: [{k: []}, {l: []}]}, b: {address: /x, x-security: [{l: []}, {k: []}]}}"
    )
    assert not [
        finding for finding in found(check(tmp_path, v3(channels, "{}", keys))) if "ADDRESS" in finding
    ]
    other = channels.replace("b: {address: /x, x-security: [{l: []},", "b: {address: /x, x-security: [")
    assert [finding for finding in found(check(tmp_path, v3(other, "{}", keys))) if "ADDRESS" in finding]


def test_servers_of_different_paths_warn(tmp_path: Path) -> None:
    """The path of the first server is used with a warning."""
    outcome = check(
        tmp_path, v2("{/: {}}", "servers: {a: {url: x/a, protocol: ws}, b: {url: x/b, protocol: ws}}")
    )
    assert found(outcome) == [("warning", "SERVER_UNKNOWN", "/servers/b")]
    assert outcome.spec is not None
    assert outcome.spec.path == "/a"
