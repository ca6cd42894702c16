"""Every handler that a contract needs, in the module where it belongs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..datatypes.names import Names, is_plain, pascal, snake
from ..python_source.sending import about
from ..python_source.source import Module, literal, one_line
from ..spec.model.by_event import WILDCARD
from ..spec.model.schemes import function_of, required_schemes
from .errors import ScaffoldError
from .places import Place
from .stubs import (
    EVENT,
    LIFECYCLE,
    SOCKET,
    Stub,
    lifecycle_stub,
    scopes_stub,
    security_stub,
    write_stubs,
)

if TYPE_CHECKING:
    from ..python_source.payloads import Payloads
    from ..python_source.signatures import Signatures
    from ..spec.model import Event, Namespace, SecurityScheme, Spec
    from .places import Places

_FUNCTIONS = {"error": "on_error", WILDCARD: "any_event"}


@dataclass(slots=True)
class Handlers:
    """Handlers as they are collected.

    Attributes:
        stubs: By place.
        attached: Those that code gives: by namespace and event, or lifecycle name.
        security: Functions that code gives: by scheme.
        events: The events that a function handles, each with its namespace first.
    """

    stubs: dict[Place, Stub] = field(default_factory=dict)
    attached: dict[str, dict[str, Place]] = field(default_factory=lambda: defaultdict(dict))
    security: dict[str, Place] = field(default_factory=dict)
    events: dict[Place, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))

    def modules(self, packages: set[str], title: str) -> dict[str, Module]:
        """Write modules by dotted name; those that only hold others are empty."""
        found: dict[str, list[Place]] = {name: [] for name in sorted(packages)}
        for place in self.stubs:
            found.setdefault(place.module, []).append(place)
            for index, char in enumerate(place.module):
                if char == ".":
                    found.setdefault(place.module[:index], [])
        return {name: self._module(name, places, title) for name, places in found.items()}

    def _module(self, name: str, places: list[Place], title: str) -> Module:
        own = {word for place in places for word in (*place.classes, place.name)}
        is_security = bool(places) and all(self.stubs[place].answer in ("nobody", "no") for place in places)
        doc = f"Who the clients of {title} are" if is_security else f"Handlers of {title}"
        module = Module(name, doc, own=own)
        module.lines += write_stubs({place: self.stubs[place] for place in places}, module)
        return module


def collect_handlers(
    spec: Spec,
    payloads: Payloads,
    signatures: Signatures,
    places: Places,
    *,
    module: str,
    is_package: bool | None,
    security: str,
) -> Handlers:
    """Collect every handler of a contract, including those of served namespaces.

    Args:
        spec: The contract.
        payloads: Types of what handlers take and give.
        signatures: Reads arguments.
        places: Where named handlers go.
        module: What to call the module, or package, of handlers without a name.
        is_package: Whether that is a package already; None if it is not there, and either is possible.
        security: What to call the module of security functions without a name.

    Raises:
        ScaffoldError: Handlers can't be placed.
    """
    return _Collector(
        spec, payloads, signatures, places, module=module, is_package=is_package, security=security
    ).collect()


class _Collector:
    def __init__(
        self,
        spec: Spec,
        payloads: Payloads,
        signatures: Signatures,
        places: Places,
        *,
        module: str,
        is_package: bool | None,
        security: str,
    ) -> None:
        self._spec = spec
        self._payloads = payloads
        self._signatures = signatures
        self._places = places
        self._module = module
        self._is_package = is_package
        self._security = security
        self._found = Handlers()
        self._names: dict[str, Names] = defaultdict(Names)
        self._unplaced: list[tuple[Namespace, str, str, Stub]] = []

    def collect(self) -> Handlers:
        for namespace in self._spec.namespaces.values():
            self._lifecycle(namespace)
            for event in namespace.receives.values():
                self._event(namespace, event)
        self._place_rest()
        required = required_schemes(self._spec)
        for scheme in self._spec.schemes.values():
            self._scheme(scheme, is_required=scheme.name in required)
        return self._found

    def _lifecycle(self, namespace: Namespace) -> None:
        extra = self._signatures.of_namespace(
            namespace, ("socket", "auth", "reason", "error", "event", "arguments")
        )
        auth = None
        if namespace.handshake.auth is not None:
            auth = self._payloads.type_of(
                namespace.handshake.auth, f"{pascal(slug(namespace.name), 'Root')}Auth"
            )
        for event, handler in namespace.handlers.items():
            stub = lifecycle_stub(event, extra, auth)
            self._put(namespace, event, handler.path, stub, kind=event)

    def _event(self, namespace: Namespace, event: Event) -> None:
        named = event.handler
        if named is None and event.is_answered_by_itself:
            return
        extra = self._signatures.of_namespace(namespace, ("socket",))
        taken = ["socket", *(parameter.name for parameter in extra)]
        context = pascal(event.name, "AnyEvent" if event.name == WILDCARD else "Event")
        parameters = self._signatures.parameters(event.arguments, context, taken)
        name = one_line(event.name)
        summary, details = about(event, f'Handle "{name}"' if event.name != WILDCARD else LIFECYCLE[WILDCARD])
        lead = (SOCKET, EVENT) if event.name == WILDCARD else (SOCKET,)
        stub = Stub(
            parameters=(*lead, *parameters, *extra),
            returns=self._signatures.answer(event.ack, f"{context}Ack"),
            summary=summary,
            details=f"{details}\n\n{self._by_hand(namespace)}",
            answer="refuse",
            subject="this event" if event.name == WILDCARD else name,
        )
        kind = "an event" if event.name != WILDCARD else "any event"
        self._put(namespace, event.name, None if named is None else named.path, stub, kind=kind)

    @staticmethod
    def _by_hand(namespace: Namespace) -> str:
        """Explain how to read the parameters of a namespace that can't be parameters of a function."""
        names = [
            parameter.name
            for parameter in namespace.parameters
            if not is_plain(parameter.name) or parameter.name == "socket"
        ]
        return "\n".join(
            f"socket.params[{literal(name)}] is what stands for {name} in the namespace." for name in names
        )

    def _put(self, namespace: Namespace, event: str, path: str | None, stub: Stub, *, kind: str) -> None:
        owner = namespace.handler_class
        if path is None and owner is not None and f"on_{event}".isidentifier():
            path = f"{owner.path}.on_{event}"
        place = None if path is None else self._places.find(path, kind)
        if place is None:
            wanted = _FUNCTIONS.get(event) or snake(event, "event")
            self._unplaced.append((namespace, event, wanted, stub))
            return
        self._add(place, stub)
        self._found.events[place].append((namespace.name, event))

    def _add(self, place: Place, stub: Stub) -> None:
        known = self._found.stubs.get(place)
        self._found.stubs[place] = stub if known is None else known.shared_with(stub)

    def _place_rest(self) -> None:
        """Place other handlers in one module per namespace, or all in the module if there is only one.

        What is there already keeps its form: a package would hide the module that its author has written.
        """
        several = self._is_package
        if several is None:
            several = len({namespace.name for namespace, *_ in self._unplaced}) > 1
        if not several:
            self._check_shared()
        modules = Names()
        known: dict[str, str] = {}
        for namespace, event, wanted, stub in self._unplaced:
            if namespace.name not in known:
                own = f"{self._module}.{modules.take(slug(namespace.name))}"
                known[namespace.name] = own if several else self._module
            module = known[namespace.name]
            place = Place(module=module, name=self._names[module].take(wanted))
            self._found.stubs[place] = stub
            self._found.attached[namespace.name][event] = place
            self._found.events[place].append((namespace.name, event))

    def _check_shared(self) -> None:
        """Check that no two namespaces need the same function of the one module, whose is unknown."""
        owners: dict[str, str] = {}
        for namespace, event, wanted, _ in self._unplaced:
            owner = owners.setdefault(wanted, namespace.name)
            if owner != namespace.name:
                raise ScaffoldError(
                    f"{self._module}.py can't hold a function {wanted!r} for {owner!r} and another one for"
                    f" {namespace.name!r}; give the event {event!r} of the new namespace an x-handler"
                )

    def _scheme(self, scheme: SecurityScheme, *, is_required: bool) -> None:
        self._verifier(scheme, is_required=is_required)
        scopes = scheme.fields.get("x-scopeValidateFunc")
        if isinstance(scopes, str):
            place = self._places.find(scopes, "scopes")
            if place is not None:
                self._add(place, scopes_stub(scheme))
            elif is_required:
                raise ScaffoldError(
                    f"x-scopeValidateFunc of the security scheme {scheme.name!r}: {self._places.warnings[-1]}"
                )

    def _verifier(self, scheme: SecurityScheme, *, is_required: bool) -> None:
        extension = function_of(scheme)
        if extension is None or scheme.node.get("x-jwt") is not None:
            return
        path = scheme.fields.get(extension)
        place = self._places.find(path, "security") if isinstance(path, str) else None
        stub = security_stub(scheme, extension)
        if place is not None:
            self._add(place, stub)
        elif is_required:
            place = Place(
                module=self._security, name=self._names[self._security].take(snake(scheme.name, "scheme"))
            )
            self._found.stubs[place] = stub
            self._found.security[scheme.name] = place


def slug(namespace: str) -> str:
    """Return a word for a namespace."""
    return snake(namespace, "root") if namespace.strip("/") else "root"
