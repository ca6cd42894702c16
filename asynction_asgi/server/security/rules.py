"""The security requirements of a document, with the functions that check credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import BindingError
from ...spec.model.by_event import WILDCARD, ByEvent
from ...spec.model.schemes import required_schemes
from ...spec.text.hints import did_you_mean
from ..imports import Imports, UnimportableError
from ..signatures import UnbindableError
from .authenticate import authenticate
from .guard import Guard
from .jwt_option import read_jwt
from .presented import Presented
from .schemes import FUNCTIONS, SCOPES_FUNCTION, bind_scheme, function_name, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...errors import Diagnostic
    from ...spec.model import Namespace, Security, SecurityScheme, Spec
    from ...spec.text.document import Node
    from ..socket import Socket
    from .schemes import Kind, Scheme


class NamespaceRules:
    """What one declared namespace requires.

    Attributes:
        required: What a CONNECT must satisfy; ``()`` is public.
        reauth: The event that carries fresh credentials, or None.
        schemes: The required schemes, by name.
    """

    def __init__(self, declared: Namespace, required: Security, schemes: Mapping[str, Scheme]) -> None:
        same: dict[Security, Security] = {}
        by_event = {
            name: same.setdefault(event.security, event.security) if event.security else None
            for name, event in declared.receives.items()
        }
        self._events = ByEvent(by_event, None)
        self.required = required
        self.reauth = next((name for name, event in declared.receives.items() if event.is_reauth), None)
        self.schemes = schemes

    @property
    def is_needless(self) -> bool:
        """Whether neither the namespace nor any of its events requires anything."""
        return not self.required and not any(self._events.values())

    def of_event(self, event: str) -> Security | None:
        """Return an event's own requirements, or None; equal requirements are the same object."""
        return self._events[event]

    async def open(self, scope: Mapping[str, Any], auth: Any, socket: Socket) -> Guard:
        """Authenticate one CONNECT.

        Args:
            scope: ASGI's scope of the request that opened the transport.
            auth: The auth object of the CONNECT, as sent.
            socket: Receives the user and the token info.

        Raises:
            SecurityError: The credentials don't suffice.
            RefusedError: A security function refused with words of its own, or failed.
        """
        presented = Presented(scope, auth)
        identity = await authenticate(self.required, self.schemes, presented) if self.required else None
        return Guard(self, presented, identity, socket)


class SecurityRules:
    """The rules of the namespaces that require something."""

    def __init__(self, namespaces: Mapping[str, NamespaceRules]) -> None:
        self._namespaces = namespaces

    def for_namespace(self, declared: str) -> NamespaceRules | None:
        """Return the rules of a namespace by its declared name, or None if it requires nothing."""
        return self._namespaces.get(declared)


def bind_security(
    spec: Spec, handlers: Mapping[str, Callable[..., Any] | str] | None = None
) -> SecurityRules:
    """Attach the functions that the document names, or that code gives, to its security schemes.

    Schemes that no namespace and no event requires are left out.

    Args:
        spec: The contract.
        handlers: By scheme: a function, its dotted path, or a `JWTVerifier`, in place of the function that
            the document names.

    Raises:
        BindingError: Functions are missing, can't be imported or don't fit; all of them are reported.
        TypeError: `handlers` is not a mapping.
    """
    handlers = handlers or {}
    if not isinstance(handlers, Mapping):
        raise TypeError(
            f"security_handlers takes functions by security scheme, not {type(handlers).__name__}"
        )
    binder = _Binder(spec, handlers)
    schemes = {name: scheme for name in required_schemes(spec) if (scheme := binder.bind(name)) is not None}
    rules = {
        name: NamespaceRules(namespace, spec.security_of(namespace), schemes)
        for name, namespace in spec.namespaces.items()
    }
    for name, namespace in spec.namespaces.items():
        binder.problems.extend(_misplaced_reauth(namespace, rules[name]))
    if binder.problems:
        raise BindingError(binder.problems)
    return SecurityRules({name: needed for name, needed in rules.items() if not needed.is_needless})


def _misplaced_reauth(declared: Namespace, rules: NamespaceRules) -> Iterator[Diagnostic]:
    marked = [event for event in declared.receives.values() if event.is_reauth]
    for event in marked:
        node = event.node.get("x-reauth") or event.node
        if event.name == WILDCARD:
            yield _problem(
                node, "x-reauth can't be used on the wildcard; mark one named event", "SECURITY_SHAPE"
            )
        elif event is not marked[0]:
            message = f"{marked[0].name!r} re-authenticates already; mark only one event of a namespace"
            yield _problem(node, message, "SECURITY_SHAPE")
        elif rules.is_needless:
            message = f"namespace {declared.name!r} has no security that could be renewed; remove x-reauth, or declare security"
            yield _problem(node, message, "SECURITY_SHAPE")


class _Binder:
    def __init__(self, spec: Spec, handlers: Mapping[str, Callable[..., Any] | str]) -> None:
        self._spec = spec
        self._handlers = handlers
        self._imports = Imports()
        self._where = required_schemes(spec)
        self.problems: list[Diagnostic] = [
            _problem(
                spec.root, f"the document has no security scheme {name!r}{did_you_mean(name, spec.schemes)}"
            )
            for name in handlers
            if name not in spec.schemes
        ]

    def bind(self, name: str) -> Scheme | None:
        """Return a scheme with its functions, or None after adding to `problems`."""
        scheme = self._spec.schemes[name]
        kind = kind_of(scheme)
        if kind is None:
            return None  # the loader has reported it, and refuses such a document
        found = self._function(scheme, kind)
        validate = self._scopes_function(scheme)
        if found is None:
            return None
        function, node = found
        try:
            return bind_scheme(name, kind, function, validate)
        except UnbindableError as error:
            self.problems.append(_problem(node, f"function of the security scheme {name!r}: {error}"))
            return None

    def _function(self, scheme: SecurityScheme, kind: Kind) -> tuple[Callable[..., Any], Node] | None:
        given = self._handlers.get(scheme.name)
        option = scheme.node.get("x-jwt")
        named = function_name(scheme, kind.function)
        if given is not None:
            return self._import(scheme, given, scheme.node)
        if option is not None and named is not None:
            message = f"{scheme.name!r} has both x-jwt and {named[0]}; remove one of them"
            self.problems.append(_problem(option, message, "HANDLER_CONFLICT"))
        elif option is not None and not kind.is_token:
            message = f"the credential of {scheme.name!r} is not a token, so x-jwt can't verify it"
            self.problems.append(_problem(option, message, "SECURITY_SHAPE"))
        elif option is not None:
            verifier = read_jwt(option, self._spec)
            if not isinstance(verifier, list):
                return verifier, option
            self.problems += verifier
        elif named is not None and (
            idle := [key for key in FUNCTIONS if key in scheme.fields and key != named[0]]
        ):
            message = (
                f"{scheme.name!r} is verified by {named[0]}, and {idle[0]} is never called; remove {idle[0]}"
            )
            self.problems.append(
                _problem(scheme.node.get(idle[0]) or scheme.node, message, "HANDLER_CONFLICT")
            )
        elif named is not None:
            return self._import(scheme, named[1], scheme.node.get(named[0]) or scheme.node)
        else:
            self.problems.append(_problem(scheme.node, self._missing(scheme, kind)))
        return None

    def _missing(self, scheme: SecurityScheme, kind: Kind) -> str:
        other = next((function for function in FUNCTIONS if function in scheme.fields), None)
        hint = f"; {other} is for schemes of another type" if other is not None else ""
        jwt = ", or x-jwt," if kind.is_token else ""
        return (
            f"{self._where[scheme.name]} requires the security scheme {scheme.name!r}, which has no function:"
            f" add {kind.function}{jwt} to it, or give a function in code{hint}"
        )

    def _scopes_function(self, scheme: SecurityScheme) -> Callable[..., Any] | None:
        named = function_name(scheme, SCOPES_FUNCTION)
        if named is None:
            return None
        found = self._import(scheme, named[1], scheme.node.get(named[0]) or scheme.node)
        return None if found is None else found[0]

    def _import(
        self, scheme: SecurityScheme, function: Callable[..., Any] | str, node: Node
    ) -> tuple[Callable[..., Any], Node] | None:
        if not isinstance(function, str):
            return function, node
        try:
            return self._imports.handler(function), node
        except UnimportableError as error:
            self.problems.append(_problem(node, f"function of the security scheme {scheme.name!r}: {error}"))
            return None


def _problem(node: Node, message: str, code: str = "HANDLER") -> Diagnostic:
    return node.diagnostic("error", code, message, layer="service")
