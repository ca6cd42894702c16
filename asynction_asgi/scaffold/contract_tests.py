"""The generated tests: one per event, over the whole stack of the generated application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..datatypes.names import Names, snake
from ..python_source.source import Module, call, docstring, fits, one_line
from ..spec.instances import Choices, Instances, UnsatisfiableError
from ..spec.model import Arguments, is_required
from ..spec.model.templates import fill
from .handlers import slug

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..spec.model import Event, Namespace, Spec
    from ..spec.text.document import Node

__all__ = ["write_settings", "write_tests"]

_SEEDS = 8


@dataclass(frozen=True, slots=True)
class _Handshake:
    """How a test connects: the concrete namespace, and what goes with it."""

    namespace: str
    options: tuple[tuple[str, Any], ...]


def write_tests(spec: Spec) -> Module:
    """Write the module of tests."""
    return _Writer(spec).module


def write_settings(secrets: Sequence[str]) -> Module:
    """Write the module that sets what the application needs to start, before it is imported.

    Args:
        secrets: Names of environment variables.
    """
    module = Module("conftest", "Secrets for the tests alone, where none are set")
    environment = module.use_module("os")
    for name in secrets:
        arguments = [("", name), ("", "only for tests, and thirty-two bytes or more")]
        module.lines += call(f"{environment}.environ.setdefault", arguments, indent=0).split("\n")
    return module


class _Writer:
    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._instances = Instances(spec)
        self._asked: list[Arguments] = []
        self._names = Names(("app", "pytest", "anyio_backend", "TestServer", "TestClient", "annotations"))
        title = one_line(spec.title) or "the application"
        self.module = Module("test_app", f"{title}: every event is answered as its contract says")
        self._single = len(spec.namespaces) == 1
        self._head()
        if not spec.namespaces:
            self._refused(
                "every_client_is_refused", "No namespace is served", _Handshake("/", ()), "namespace"
            )
        for namespace in spec.namespaces.values():
            self._namespace(namespace)

    def _head(self) -> None:
        pytest = self.module.use_module("pytest")
        self.module.lines += [
            f"pytestmark = {pytest}.mark.anyio",
            *("", ""),
            f"@{pytest}.fixture",
            "def anyio_backend() -> str:",
            '    return "asyncio"',
        ]

    def _namespace(self, namespace: Namespace) -> None:
        handshake = self._handshake(namespace)
        name = slug(namespace.name)
        if handshake is None:
            comment = f"# No handshake was found that {one_line(namespace.name)} accepts."
            self.module.lines += ["", "", comment]
            return
        if is_required(self._spec.security_of(namespace)):
            summary = f"{one_line(namespace.name)} asks for credentials, which no client can give yet"
            self._refused(f"{name}_refuses_every_client_yet", summary, handshake, "unauthorized")
            return
        fixture = self._fixture("client" if self._single else f"{name}_client", namespace, handshake)
        events = [
            (event, values)
            for event in namespace.receives.values()
            if (values := self._values(event)) is not None
        ]
        for event, values in events:
            self._event("" if self._single else f"{name}_", fixture, event, values)
        if not events:
            test = self._names.take(f"test_{name}_lets_clients_in")
            self._function(test, fixture, "Every client may connect", [f"    assert {fixture}.connected"])

    def _refused(self, name: str, summary: str, handshake: _Handshake, match: str) -> None:
        """Write a test that a connection is refused."""
        pytest = self.module.use_module("pytest")
        server, app = self._server(), self._app()
        refused = self.module.use("asynction_asgi.testing", "ConnectError")
        test = self._names.take(f"test_{name}")
        self.module.lines += [
            *("", "", f"async def {test}() -> None:"),
            *docstring(summary, indent=4),
            f"    async with {server}({app}) as server:",
            f'        with {pytest}.raises({refused}, match="{match}"):',
            *_connect("async with ", handshake, indent=12, after=":"),
            "                pass",
        ]

    def _fixture(self, wanted: str, namespace: Namespace, handshake: _Handshake) -> str:
        name = self._names.take(wanted)
        pytest, server, app = self.module.use_module("pytest"), self._server(), self._app()
        iterator = self.module.use("collections.abc", "AsyncIterator")
        client = self.module.use("asynction_asgi.testing", "TestClient")
        self.module.lines += [
            *("", "", f"@{pytest}.fixture"),
            f"async def {name}() -> {iterator}[{client}]:",
            *docstring(f"A client in {one_line(namespace.name)}", indent=4),
            *self._opened(f"{server}({app}) as server", handshake),
            "        yield connected",
        ]
        return name

    def _opened(self, server: str, handshake: _Handshake) -> list[str]:
        """Write a server and a client of it, in one line or each in its own."""
        lines = _connect(f"async with {server}, ", handshake, indent=4, after=" as connected:")
        if len(lines) == 1:
            return lines
        connect = _connect("", handshake, indent=8, after=" as connected,")
        return ["    async with (", f"        {server},", *connect, "    ):"]

    def _event(self, prefix: str, fixture: str, event: Event, values: tuple[Any, ...]) -> None:
        pytest, error = self.module.use_module("pytest"), self.module.use("asynction_asgi", "RefusedError")
        test = self._names.take(f"test_{prefix}{snake(event.name, 'event')}")
        closed = is_required(event.security)
        summary = (
            f"{one_line(event.name)} asks for credentials, which no client can give yet"
            if closed
            else f"{one_line(event.name)} is taken, and refused until its handler is written"
        )
        wanted = "unauthorized" if closed else "not written yet"
        arguments = [("", value) for value in (event.name, *values)]
        body = [
            f'    with {pytest}.raises({error}, match="{wanted}"):',
            *call(f"await {fixture}.call", arguments, indent=8).split("\n"),
        ]
        self._function(test, fixture, summary, body)

    def _function(self, test: str, fixture: str, summary: str, body: list[str]) -> None:
        client = self.module.use("asynction_asgi.testing", "TestClient")
        head = f"async def {test}({fixture}: {client}) -> None:"
        lines = [head] if fits(head) else [f"async def {test}(", f"    {fixture}: {client},", ") -> None:"]
        self.module.lines += ["", "", *lines, *docstring(summary, indent=4), *body]

    def _server(self) -> str:
        return self.module.use("asynction_asgi.testing", "TestServer")

    def _app(self) -> str:
        return self.module.use("app", "app")

    # -- values ----------------------------------------------------------------------------

    def _values(self, event: Event) -> tuple[Any, ...] | None:
        """Return arguments to call the event with, or None if it can't be called so or none are known."""
        if event.name == "*" or event.message.get("x-reauth") is True:
            return None
        for choices in _all_choices():
            try:
                return self._instances.event(event, choices)
            except UnsatisfiableError:
                continue
        return None

    def _value(self, schema: Node) -> Any:
        """Return a value that the schema accepts.

        Raises:
            UnsatisfiableError: No value was found.
        """
        # Kept: the instances of a list of arguments are remembered by its identity.
        single = Arguments(kind="single", minimum=1, maximum=1, schema=schema)
        self._asked.append(single)
        for choices in _all_choices():
            try:
                return self._instances.arguments(single, choices)[0]
            except UnsatisfiableError:
                continue
        raise UnsatisfiableError(schema)

    def _handshake(self, namespace: Namespace) -> _Handshake | None:
        try:
            concrete = self._concrete(namespace)
            options: list[tuple[str, Any]] = []
            for key in ("auth", "headers", "query"):
                schema = getattr(namespace.handshake, key)
                value = self._value(schema) if schema is not None else None
                if key != "auth":
                    value = (
                        {name: _text(member) for name, member in value.items()}
                        if isinstance(value, dict)
                        else None
                    )
                if value:
                    options.append((key, value))
        except UnsatisfiableError:
            return None
        return None if concrete is None else _Handshake(concrete, tuple(options))

    def _concrete(self, namespace: Namespace) -> str | None:
        """Return a namespace that the template admits."""
        values = {}
        for parameter in namespace.parameters:
            value: Any = parameter.enum[0] if parameter.enum else "1"
            if parameter.schema is not None:
                value = self._value(parameter.schema)
                if value is None or isinstance(value, dict | list | bytes) or value == "":
                    value = "1"
            text = _text(value)
            if "/" in text or "," in text:
                return None
            values[parameter.name] = text
        return fill(namespace.name, values)


def _connect(before: str, handshake: _Handshake, *, indent: int, after: str) -> list[str]:
    arguments = [("", handshake.namespace), *handshake.options]
    return call(f"{before}server.connect", arguments, indent=indent, after=after).split("\n")


def _all_choices() -> list[Choices]:
    """Return sources of choices, the simplest values first."""
    return [Choices.simplest(), *(Choices.seeded(seed) for seed in range(_SEEDS))]


def _text(value: Any) -> Any:
    """Return a value as the text of a URL or a header; a list as one text for each item."""
    if isinstance(value, list):
        return [_text(element) for element in value]
    return str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
