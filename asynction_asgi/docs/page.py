"""The documentation page: one contract, every namespace and event of it, as plain HTML."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..spec.instances import Examples
from ..spec.text.reference_faults import ReferenceFault
from .access import auth_example, connection, credential, fields_of, rate_line, schemes_of, security_list
from .argument_lists import roots_of
from .client_code import REFUSALS, address_code, connect_code, refusals
from .elements import add, element, link, serialise
from .events import card
from .markdown import markdown
from .schema_trees import SchemaTrees
from .slugs import Slugs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

    from ..spec.model import Namespace, Spec
    from ..spec.text.document import Node

_DIRECTIONS = (("emit", "Client → server"), ("on", "Server → client"))


def render_page(
    spec: Spec,
    *,
    folder: str,
    static: str,
    socketio: str | None = None,
    console: bool = True,
    policy: str | None = None,
) -> str:
    """Render the page as text.

    Args:
        spec: The contract.
        folder: Where the document is, relative to the page, with a closing slash or empty.
        static: Where scripts and styles are, likewise.
        socketio: The Socket.IO path relative to the page; None where no server stands beside it.
        console: Whether the page can connect to that.
        policy: A Content-Security-Policy to carry along, where no server adds a header.
    """
    return serialise(_Page(spec).render(folder, static, socketio, policy, console=console))


class _Page:
    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._examples = Examples(spec)
        self._trees = SchemaTrees(_roots(spec), spec.resolver)
        names = Slugs()
        self._slugs = {name: names.take("root" if name == "/" else name) for name in spec.namespaces}
        self._anchors: dict[tuple[str, str, str], str] = {}
        for namespace in spec.namespaces.values():
            for word, events in (("emit", namespace.receives), ("on", namespace.sends)):
                slugs = Slugs()
                for event in events:
                    anchor = f"{self._slugs[namespace.name]}.{word}.{slugs.take(event)}"
                    self._anchors[namespace.name, word, event] = anchor

    def render(
        self, folder: str, static: str, socketio: str | None, policy: str | None, *, console: bool
    ) -> Element:
        spec = self._spec
        console = console and socketio is not None
        head = element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=policy) if policy else None,
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("title", f"{spec.title} {spec.version}"),
            element("link", rel="icon", href="data:,"),
            element("link", rel="stylesheet", href=f"{static}docs.css"),
            element("script", src=f"{static}docs.js"),
            element("script", src=f"{static}console.js", type="module") if console else None,
        )
        body = element(
            "body",
            element("a", "Skip to the contents", href="#contents", class_="skip"),
            self._header(folder),
            element("nav", self._contents(), id="contents.nav", aria_label="Contents"),
            element(
                "main",
                self._introduction(),
                refusals(spec, self._trees),
                *(self._namespace(namespace) for namespace in spec.namespaces.values()),
                *self._schemas(),
                id="contents",
                tabindex="-1",
            ),
            element(
                "template", json.dumps(self._for_console(socketio), ensure_ascii=False), id="console.data"
            )
            if console
            else None,
            data_socketio=socketio,
        )
        return element("html", head, body, lang="en")

    def _header(self, folder: str) -> Element:
        return element(
            "header",
            element("h1", self._spec.title, " ", element("span", self._spec.version, class_="version")),
            element(
                "p",
                element("a", "JSON", href=f"{folder}asyncapi.json"),
                " ",
                element("a", "YAML", href=f"{folder}asyncapi.yaml"),
                " ",
                element("a", "TypeScript", href=f"{folder}client.ts"),
                " ",
                element("a", "Python", href=f"{folder}client.py"),
                id="tools.bar",
            ),
        )

    def _contents(self) -> Element:
        groups = [
            element("li", element("a", "Acknowledgements and refusals", href=f"#{REFUSALS}", class_="ns"))
        ]
        for namespace in self._spec.namespaces.values():
            slug = self._slugs[namespace.name]
            rows = [
                element(
                    "li",
                    element(
                        "a",
                        element("span", word, class_=f"badge {word}"),
                        " ",
                        event,
                        href=f"#{self._anchors[namespace.name, word, event]}",
                    ),
                )
                for word, events in (("emit", namespace.receives), ("on", namespace.sends))
                for event in events
            ]
            groups.append(
                element(
                    "li",
                    element("a", namespace.name, href=f"#ns.{slug}", class_="ns"),
                    element("ul", *rows) if rows else None,
                )
            )
        if self._trees.shared:
            groups.append(element("li", element("a", "Schemas", href="#schemas.all", class_="ns")))
        return element("details", element("summary", "Contents"), element("ul", *groups), open=True)

    def _introduction(self) -> Element:
        info = self._spec.root.value.get("info")
        info = info if isinstance(info, dict) else {}
        facts: list[Element] = [
            element("li", "Socket.IO path ", element("code", address_code("path", self._spec.path))),
            element("li", f"AsyncAPI {self._spec.asyncapi}"),
        ]
        if isinstance(info.get("license"), dict):
            facts.append(
                element(
                    "li", "Licence: ", link(info["license"].get("url"), str(info["license"].get("name", "")))
                )
            )
        if isinstance(info.get("contact"), dict):
            contact: Mapping[str, Any] = info["contact"]
            facts.append(element("li", "Contact: ", link(contact.get("url"), str(contact.get("name", "")))))
            if isinstance(contact.get("email"), str):
                add(facts[-1], [" ", link(f"mailto:{contact['email']}", contact["email"])])
        if isinstance(info.get("termsOfService"), str):
            facts.append(element("li", link(info["termsOfService"], "Terms of service")))
        facts += self._servers()
        tags = [str(tag.get("name")) for tag in self._tags(info) if isinstance(tag, dict)]
        if tags:
            facts.append(element("li", f"Tags: {', '.join(tags)}"))
        return element(
            "section", markdown(self._spec.description), element("ul", *facts, class_="facts"), class_="intro"
        )

    def _tags(self, info: Mapping[str, Any]) -> list[Any]:
        tags = info.get("tags", self._spec.root.value.get("tags"))
        return tags if isinstance(tags, list) else []

    def _servers(self) -> Iterator[Element]:
        servers = self._spec.root.get("servers")
        for name, node in servers.items() if servers is not None and isinstance(servers.value, dict) else ():
            try:
                value = self._spec.resolver.follow(node).value
            except ReferenceFault:
                continue
            address = value.get("url") or f"{value.get('host', '')}{value.get('pathname', '')}"
            yield element(
                "li",
                f"Server {name}: ",
                element("code", str(address)),
                f" ({value.get('protocol', '')})",
                markdown(value.get("description")),
            )

    def _namespace(self, namespace: Namespace) -> Element:
        spec = self._spec
        slug = self._slugs[namespace.name]
        security = spec.security_of(namespace)
        parts: list[Element | None] = []
        for (word, caption), events in zip(_DIRECTIONS, (namespace.receives, namespace.sends), strict=True):
            if events:
                parts.append(element("h3", caption))
            parts += [
                card(
                    event,
                    namespace,
                    self._anchors[namespace.name, word, name],
                    spec,
                    trees=self._trees,
                    examples=self._examples,
                    emits=word == "emit",
                )
                for name, event in events.items()
            ]
        described = markdown(namespace.description)
        return element(
            "section",
            element("h2", "Namespace ", element("code", namespace.name), id=f"ns.{slug}"),
            described,
            *security_list(security, spec, caption="Security"),
            *rate_line(namespace.rate, subject="all events that a client emits here"),
            *connection(namespace, self._examples, self._trees),
            *connect_code(namespace, spec, self._examples),
            *parts,
            class_="namespace",
        )

    def _schemas(self) -> Iterator[Element]:
        if not self._trees.shared:
            return
        yield element(
            "section",
            element("h2", "Schemas", id="schemas.all"),
            *(
                element(
                    "article",
                    element("h3", element("code", name)),
                    element(
                        "div",
                        element("span", type_words, class_="type"),
                        " ",
                        *self._trees.body(node),
                        class_="tree",
                    ),
                    id=anchor,
                    class_="card schema",
                )
                for name, anchor, node, type_words in self._trees.listed()
            ),
        )

    def _for_console(self, socketio: str | None) -> dict[str, Any]:
        """Return what the console can't read off the cards."""
        spec = self._spec
        return {
            "path": socketio,
            "namespaces": [
                {
                    "name": namespace.name,
                    "parameters": [
                        {
                            "name": parameter.name,
                            "required": True,
                            **({"enum": parameter.enum} if parameter.enum else {}),
                        }
                        for parameter in namespace.parameters
                    ],
                    "query": fields_of(namespace.handshake.query, spec),
                    "headers": fields_of(namespace.handshake.headers, spec),
                    "schemes": [credential(scheme) for scheme in schemes_of(namespace, spec)],
                    "auth": auth_example(namespace, self._examples),
                }
                for namespace in spec.namespaces.values()
            ],
        }


def _roots(spec: Spec) -> Iterator[Node]:
    for namespace in spec.namespaces.values():
        handshake = namespace.handshake
        yield from (
            schema for schema in (handshake.query, handshake.headers, handshake.auth) if schema is not None
        )
        for event in (*namespace.receives.values(), *namespace.sends.values()):
            yield from roots_of(event.arguments)
            if event.ack is not None:
                yield from roots_of(event.ack)
