"""Small contracts in both majors of AsyncAPI, and the findings of comparing two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asynction_asgi.diff import compare_specs
from asynction_asgi.spec import load_spec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from asynction_asgi.diff import Comparison
    from asynction_asgi.spec import Spec

Events = dict[str, dict[str, Any]]


def document(
    major: int,
    *,
    receives: Mapping[str, Any] | None = None,
    sends: Mapping[str, Any] | None = None,
    namespace: str = "/",
    more: Mapping[str, Any] | None = None,
    channel: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    query: Any = None,
    headers: Any = None,
    path: str | None = None,
    security: Any = None,
    schemes: Mapping[str, Any] | None = None,
    version: str = "1.0.0",
) -> dict[str, Any]:
    """Return a document with one channel, and with the channels in `more`.

    Args:
        major: The major version of AsyncAPI.
        receives: What clients may emit: messages by name, each as a payload or a whole message.
        sends: What the server may emit.
        namespace: The name of the channel.
        more: Further channels by name, each with its events by direction, ``receives`` and ``sends``.
        channel: Extensions of the first channel.
        parameters: Parameters of the first channel, in the words of the major.
        query: The schema of the query.
        headers: The schema of the headers.
        path: The path of Engine.IO.
        security: Requirements of the server, in the words of 2.x.
        schemes: Security schemes by name.
        version: The version of the document.
    """
    bindings = {key: value for key, value in (("query", query), ("headers", headers)) if value is not None}
    first = dict(channel or {})
    if bindings:
        first["bindings"] = {"ws": bindings}
    if parameters is not None:
        first["parameters"] = dict(parameters)
    channels = {namespace: ({"receives": receives or {}, "sends": sends or {}}, first)}
    channels |= {name: (events, {}) for name, events in (more or {}).items()}
    body: dict[str, Any] = {
        "asyncapi": "2.6.0" if major == 2 else "3.0.0",
        "info": {"title": "T", "version": version},
    }
    if path is not None or security is not None:
        place: dict[str, Any] = (
            {"url": f"localhost{path or ''}", "protocol": "ws"}
            if major == 2
            else {"host": "localhost", "protocol": "ws", **({"pathname": path} if path else {})}
        )
        if security is not None:
            place["security"] = security if major == 2 else [_scheme_reference(item) for item in security]
        body["servers"] = {"main": place}
    if schemes is not None:
        known = {name: _scheme(major, scheme) for name, scheme in schemes.items()}
        body["components"] = {"securitySchemes": known}
    if major == 2:
        body["channels"] = {name: _channel_2(events, rest) for name, (events, rest) in channels.items()}
        return body
    body["channels"], body["operations"] = {}, {}
    for number, (name, (events, rest)) in enumerate(channels.items()):
        _add_channel_3(body, f"c{number}", name, events, rest)
    return body


def _scheme(major: int, scheme: Mapping[str, Any]) -> dict[str, Any]:
    """Return a scheme in the words of the major, as 3.x calls the scopes of a flow available."""
    result = dict(scheme)
    if major == 3 and "flows" in result:
        flows = result["flows"].items()
        result["flows"] = {
            name: {("availableScopes" if key == "scopes" else key): value for key, value in flow.items()}
            for name, flow in flows
        }
    return result


def _scheme_reference(item: Mapping[str, Any]) -> dict[str, Any]:
    (name,) = item
    return {"$ref": f"#/components/securitySchemes/{name}"}


def _message(name: str, written: Any) -> dict[str, Any]:
    is_message = isinstance(written, dict) and (
        "payload" in written or any(key.startswith("x-") for key in written)
    )
    return {"name": name, **written} if is_message else {"name": name, "payload": written}


def _channel_2(events: Mapping[str, Any], rest: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(rest)
    for key, word in (("receives", "publish"), ("sends", "subscribe")):
        messages = [_message(name, written) for name, written in events.get(key, {}).items()]
        if messages:
            result[word] = {"message": {"oneOf": messages} if len(messages) > 1 else messages[0]}
    return result


def _add_channel_3(
    body: dict[str, Any], key: str, address: str, events: Mapping[str, Any], rest: Mapping[str, Any]
) -> None:
    messages: dict[str, Any] = {}
    for direction, action in (("receives", "receive"), ("sends", "send")):
        own = {
            f"{direction}{number}": _message(name, written)
            for number, (name, written) in enumerate(events.get(direction, {}).items())
        }
        messages |= own
        if own:
            body["operations"][f"{action}-{key}"] = {
                "action": action,
                "channel": {"$ref": f"#/channels/{key}"},
                "messages": [{"$ref": f"#/channels/{key}/messages/{name}"} for name in own],
            }
    body["channels"][key] = {**rest, "address": address, "messages": messages}


def contract(major: int, **parts: Any) -> Spec:
    """Return the contract of such a `document`."""
    return load_spec(document(major, **parts))


def compare(major: int, old: Mapping[str, Any], new: Mapping[str, Any], **options: Any) -> Comparison:
    """Compare two documents, each given by the arguments of `document`."""
    return compare_specs(contract(major, **old), contract(major, **new), **options)


def found(comparison: Comparison) -> list[tuple[str, str]]:
    """Return the level and code of each change in order."""
    return [(change.level, change.code) for change in comparison.changes]
