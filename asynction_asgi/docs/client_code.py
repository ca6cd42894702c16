"""How a client connects to a namespace, and reads what the server refuses: JavaScript, TypeScript, Python."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ..datatypes.names import snake
from ..spec.text.pointer import Pointer
from ..spec.text.reference_faults import ReferenceFault
from ..typed_clients import file_name, parameter_names, python_classes, typescript_names
from ..typed_clients.ts_text import property_name, quoted
from .access import auth_example, credential, fields_of
from .argument_lists import as_json
from .elements import element
from .snippets import literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from ..spec.instances import Examples
    from ..spec.model import Namespace, SecurityScheme, Spec
    from .elements import Child
    from .schema_trees import SchemaTrees

REFUSALS = "refusals"
"""The anchor of `refusals`."""
_SECRET = "…"  # noqa: S105  # a placeholder that the reader fills in
_STANDARD = """\
{"error": {
  "code": "invalid_payload",
  "message": "…",
  "details": [{"pointer": "/0/text", "keyword": "minLength", "message": "…"}],
  "ref": "…"
}}"""
_READING = """\
const answer = await socket.emitWithAck("…");
if (answer?.error) throw new Error(answer.error.message);
socket.on("exception", ({ error, event }) => { /* … */ });
socket.on("connect_error", ({ message, data }) => { /* … */ });"""


def address_code(kind: str, text: str) -> Element:
    """Return a part of the server's address, ``origin`` or ``path``, in place of which the page's script puts its own.

    The server may be mounted, or stand behind a proxy that cuts paths, so that only a browser knows.
    """
    return element("span", text, class_=f"at-{kind}")


def connect_code(namespace: Namespace, spec: Spec, examples: Examples) -> Iterator[Element]:
    """Yield code that connects to a namespace with all that it asks for; what the reader must know is ``…``."""
    query, headers, auth, cookies = _presented(namespace, spec, examples)
    origin, path = address_code("origin", _origin(spec)), address_code("path", spec.path)
    name = json.dumps(namespace.name, ensure_ascii=False)[1:-1]
    options = [f"query: {_inline(query)}"] if query else []
    options += [f"auth: {_inline(auth)}"] if auth is not None else []
    options += [f"extraHeaders: {_inline(headers)}"] if headers else []
    options += ["withCredentials: true"] if cookies else []
    rest = "".join(f",\n  {option}" for option in options)
    note = "  // a browser sends these headers by polling alone" if headers else ""
    below = "" if namespace.name == "/" else name
    end = f'"{rest},{note}\n}});'
    yield _code("JavaScript", 'const socket = io("', origin, below, '", {\n  path: "', path, end)
    head, address = _in_typescript(namespace, spec, f'{below}"')
    yield _code("TypeScript", head, _copy(origin), address, ', {\n  path: "', _copy(path), end)
    asked = f"?{urlencode({key: str(value) for key, value in query.items()})}" if query else ""
    given = f",\n    auth={literal(auth, in_python=True)}" if auth is not None else ""
    given += f",\n    headers={literal(headers, in_python=True)}" if headers else ""
    module = file_name(spec, "python").removesuffix(".py")
    written = python_classes(spec)[namespace.name]
    values = "".join(f', {value}="{_SECRET}"' for value in parameter_names(namespace).values())
    yield _code(
        "Python",
        f"from {module} import {written}\n\n",
        'sio = socketio.AsyncClient()\nawait sio.connect(\n    "',
        _copy(origin),
        f'{asked}",\n    socketio_path="',
        _copy(path),
        f'",\n    namespaces=["{name}"]{given},\n)\n{snake(written, "client")} = {written}(sio{values})',
    )


def _in_typescript(namespace: Namespace, spec: Spec, below: str) -> tuple[str, str]:
    """Return what stands before the server's origin and after it, with the types of the client module.

    Args:
        namespace: Where the client connects.
        spec: The contract.
        below: What follows the origin if the namespace has no parameters.
    """
    client, address = typescript_names(spec)[namespace.name]
    imported = f"type {{ {client} }}"
    if namespace.parameters:
        imported = f"{{ {address}, type {client} }}"
        values = ", ".join(
            f"{property_name(parameter.name)}: {quoted(parameter.enum[0] if parameter.enum else _SECRET)}"
            for parameter in namespace.parameters
        )
        below = f'" + {address}({{ {values} }})'
    module = file_name(spec, "typescript").removesuffix(".ts")
    head = f'import {{ io }} from "socket.io-client";\nimport {imported} from "./{module}.js";\n\n'
    return f'{head}const socket: {client} = io("', below


def refusals(spec: Spec, trees: SchemaTrees) -> Element:
    """Return the section about refusals, which may stand in place of every acknowledgement."""
    own = spec.root.get("x-refusal")
    shape = (
        element("pre", element("code", _STANDARD))
        if own is None
        else element("ul", trees.row(own), class_="tree")
    )
    body: list[Child] = [
        element("h2", "Acknowledgements and refusals", id=REFUSALS),
        element("p", "What the server refuses, it answers with one argument in place of what is described below:"),
        shape,
        element(
            "ul",
            element("li", "as the acknowledgement, if the client asked for one: any of them may be a refusal;"),
            element("li", "as the event ", _name("exception"), " if it did not, with the event's name as ", _name("event"), ";"),
            element("li", "as ", _name("data"), " of ", _name("connect_error"), " if the connection to a namespace is refused."),
        ),
    ]  # fmt: skip
    if own is None:
        body += [
            element(
                "p",
                _name("code"), " is for programs, ", _name("message"), " for people; each of ", _name("details"),
                " points into the list of arguments, ", _name("retryAfter"), " is there where it helps to try again after"
                " so many seconds, and ", _name("ref"), " finds the refusal in the server's log. In ",
                _name("connect_error"), " they stand in ", _name("data"), " without ", _name("error"), ".",
            ),
            element("pre", element("code", _READING), aria_label="JavaScript"),
        ]  # fmt: skip
    return element("section", *body, class_="refusals")


def _name(text: str) -> Element:
    return element("code", text)


def _code(language: str, *parts: Child) -> Element:
    return element("pre", element("code", *parts), aria_label=language)


def _copy(part: Element) -> Element:
    """Return an element of its own: one element has one place in a tree."""
    return element("span", part.text, class_=part.get("class"))


def _inline(value: Any) -> str:
    return as_json(value).replace("\n", "\n  ")


def _presented(
    namespace: Namespace, spec: Spec, examples: Examples
) -> tuple[dict[str, Any], dict[str, str], Any, bool]:
    """Return query, headers and auth object of a connection, and whether it needs cookies."""
    handshake = namespace.handshake
    query: dict[str, Any] = {
        field["name"]: _value(field) for field in fields_of(handshake.query, spec) if field["required"]
    }
    headers = {
        field["name"]: str(_value(field)) for field in fields_of(handshake.headers, spec) if field["required"]
    }
    auth, cookies = auth_example(namespace, examples), False
    for scheme in _asked(namespace, spec):
        told = credential(scheme)
        kind, member = (
            told["kind"],
            told.get("field") or (told.get("name") if told["kind"] == "auth" else None),
        )
        if member is not None:
            auth = {} if auth is None else auth
            pair = {"username": _SECRET, "password": _SECRET}
            _put(auth, member, pair if kind in ("basic", "userPassword") else _SECRET)
        elif kind == "userPassword":
            auth = {"username": _SECRET, "password": _SECRET, **(auth if isinstance(auth, dict) else {})}
        elif kind == "query":
            query.setdefault(told["name"], _SECRET)
        elif kind == "header":
            headers.setdefault(told["name"], _SECRET)
        elif kind in ("bearer", "basic"):
            headers.setdefault("Authorization", f"{kind.title()} {_SECRET}")
        cookies = cookies or (kind == "cookie" and member is None)
    return query, headers, auth, cookies


def _asked(namespace: Namespace, spec: Spec) -> Iterator[SecurityScheme]:
    """Yield the schemes of the first way to satisfy the namespace's security."""
    security = spec.security_of(namespace)
    for requirement in security[0] if security else ():
        scheme = spec.schemes.get(requirement.scheme)
        if scheme is not None:
            yield scheme


def _value(field: dict[str, Any]) -> Any:
    if "default" in field:
        return field["default"]
    return field["enum"][0] if field.get("enum") else _SECRET


def _put(target: Any, member: str, value: Any) -> None:
    """Set a member by its name or JSON Pointer, where nothing is yet."""
    path = Pointer.parse(member).tokens if member.startswith("/") else (member,)
    for token in path[:-1]:
        if not isinstance(target, dict):
            return
        target = target.setdefault(token, {})
    if isinstance(target, dict):
        target.setdefault(path[-1], value)


def _origin(spec: Spec) -> str:
    """Return the origin of the first server of the document, or a name that stands for one."""
    servers = spec.root.get("servers")
    for _, node in servers.items() if servers is not None and isinstance(servers.value, dict) else ():
        try:
            value = spec.resolver.follow(node).value
        except ReferenceFault:
            continue
        address, protocol = str(value.get("url") or value.get("host") or ""), str(value.get("protocol", ""))
        scheme, separator, rest = address.rpartition("://")
        host = rest.partition("/")[0]
        if host and '"' not in host and "\\" not in host:
            secure = (scheme if separator else protocol).lower() in ("wss", "https")
            return f"{'https' if secure else 'http'}://{host}"
    return "https://server.example"
