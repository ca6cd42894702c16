"""The generated tests: one per event, over the whole stack of the generated application."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from ..datatypes.names import Names, snake
from ..python_source.source import Module, call, docstring, fits, one_line
from ..spec.model import is_required
from .handlers import slug
from .samples import Handshake, Samples

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from typing import Any

    from ..spec.model import Event, Namespace, Spec

_Write: TypeAlias = "Callable[[Module], list[str]]"
"""Returns the lines of a function, and takes from the module what they need."""


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


@dataclass(frozen=True, slots=True)
class _Function:
    """A function of the module of tests; one that has a client takes it from the fixture."""

    name: str
    write: _Write
    client: _Function | None = None


class ContractTests:
    """The tests of a contract: a fixture per namespace, and a function per event.

    Args:
        spec: What the application serves.
    """

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._samples = Samples(spec)
        self._names = Names(("app", "pytest", "anyio_backend", "TestServer", "TestClient", "annotations"))
        self._functions: list[_Function] = []
        self._of_events: dict[tuple[str, str], _Function] = {}
        for namespace in spec.namespaces.values():
            self._namespace(namespace)
        if not spec.namespaces:
            summary = "No namespace is served"
            self._refused("every_client_is_refused", summary, Handshake("/", ()), "namespace")

    def module(self) -> Module:
        """Write all of them."""
        title = one_line(self._spec.title) or "the application"
        module = Module("test_app", f"{title}: every event is answered as its contract says")
        pytest = module.use_module("pytest")
        module.lines += [
            f"pytestmark = {pytest}.mark.anyio",
            *("", ""),
            f"@{pytest}.fixture",
            "def anyio_backend() -> str:",
            '    return "asyncio"',
        ]
        module.lines += [line for function in self._functions for line in function.write(module)]
        return module

    def added(self, events: Iterable[tuple[str, str]], present: Collection[str], module: Module) -> list[str]:
        """Write the tests of events, and the fixtures that they need.

        Args:
            events: Each with its namespace first; those without a test are left out.
            present: The names of functions that are there already, which are not written again.
            module: Where the lines go.
        """
        wanted: dict[str, _Function] = {}
        for event in events:
            test = self._of_events.get(event)
            if test is not None and test.name not in present:
                functions = (test,) if test.client is None else (test.client, test)
                wanted |= {function.name: function for function in functions if function.name not in present}
        return [line for function in wanted.values() for line in function.write(module)]

    def _namespace(self, namespace: Namespace) -> None:
        handshake = self._samples.handshake(namespace)
        name, shown = slug(namespace.name), one_line(namespace.name)
        if handshake is None:
            comment = ["", "", f"# No handshake was found that {shown} accepts."]
            self._functions.append(_Function("", lambda _: comment))
            return
        if is_required(self._spec.security_of(namespace)):
            summary = f"{shown} asks for credentials, which no client can give yet"
            self._refused(f"{name}_refuses_every_client_yet", summary, handshake, "unauthorized")
            return
        is_single = len(self._spec.namespaces) == 1
        fixture = self._names.take("client" if is_single else f"{name}_client")
        client = self._keep(fixture, partial(_fixture, fixture, shown, handshake))
        before = len(self._functions)
        for event in namespace.receives.values():
            values = self._samples.event(event)
            if values is not None:
                word = snake(event.name, "event")
                test = self._names.take(f"test_{word}" if is_single else f"test_{name}_{word}")
                write = partial(_event, test, fixture, event, values)
                self._of_events[namespace.name, event.name] = self._keep(test, write, client)
        if len(self._functions) == before:
            test = self._names.take(f"test_{name}_lets_clients_in")
            body = [f"    assert {fixture}.connected"]
            self._keep(test, partial(_function, test, fixture, "Every client may connect", body))

    def _refused(self, name: str, summary: str, handshake: Handshake, match: str) -> None:
        test = self._names.take(f"test_{name}")
        self._keep(test, partial(_refusal, test, summary, handshake, match))

    def _keep(self, name: str, write: _Write, client: _Function | None = None) -> _Function:
        function = _Function(name, write, client)
        self._functions.append(function)
        return function


def _refusal(name: str, summary: str, handshake: Handshake, match: str, module: Module) -> list[str]:
    """Write a test that a connection is refused."""
    pytest, server, app = module.use_module("pytest"), _server(module), _app(module)
    refused = module.use("asynction_asgi.testing", "ConnectError")
    return [
        *("", "", f"async def {name}() -> None:"),
        *docstring(summary, indent=4),
        f"    async with {server}({app}) as server:",
        f'        with {pytest}.raises({refused}, match="{match}"):',
        *_connect("async with ", handshake, indent=12, after=":"),
        "                pass",
    ]


def _fixture(name: str, namespace: str, handshake: Handshake, module: Module) -> list[str]:
    pytest, server, app = module.use_module("pytest"), _server(module), _app(module)
    iterator = module.use("collections.abc", "AsyncIterator")
    client = module.use("asynction_asgi.testing", "TestClient")
    return [
        *("", "", f"@{pytest}.fixture"),
        f"async def {name}() -> {iterator}[{client}]:",
        *docstring(f"A client in {namespace}", indent=4),
        *_opened(f"{server}({app}) as server", handshake),
        "        yield connected",
    ]


def _opened(server: str, handshake: Handshake) -> list[str]:
    """Write a server and a client of it, in one line or each in its own."""
    lines = _connect(f"async with {server}, ", handshake, indent=4, after=" as connected:")
    if len(lines) == 1:
        return lines
    connect = _connect("", handshake, indent=8, after=" as connected,")
    return ["    async with (", f"        {server},", *connect, "    ):"]


def _event(name: str, fixture: str, event: Event, values: tuple[Any, ...], module: Module) -> list[str]:
    pytest, error = module.use_module("pytest"), module.use("asynction_asgi", "RefusedError")
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
    return _function(name, fixture, summary, body, module)


def _function(name: str, fixture: str, summary: str, body: list[str], module: Module) -> list[str]:
    client = module.use("asynction_asgi.testing", "TestClient")
    head = f"async def {name}({fixture}: {client}) -> None:"
    lines = [head] if fits(head) else [f"async def {name}(", f"    {fixture}: {client},", ") -> None:"]
    return ["", "", *lines, *docstring(summary, indent=4), *body]


def _server(module: Module) -> str:
    return module.use("asynction_asgi.testing", "TestServer")


def _app(module: Module) -> str:
    return module.use("app", "app")


def _connect(before: str, handshake: Handshake, *, indent: int, after: str) -> list[str]:
    arguments = [("", handshake.namespace), *handshake.options]
    return call(f"{before}server.connect", arguments, indent=indent, after=after).split("\n")
