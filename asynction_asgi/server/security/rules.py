"""What a document requires of clients, with the functions that decide it attached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import BindingError
from ...spec.text.references import did_you_mean
from ..imports import Imports, UnimportableError
from ..signatures import UnbindableError
from .authenticate import authenticate
from .guard import Guard
from .jwt_option import read_jwt
from .presented import Presented
from .schemes import FUNCTIONS, SCOPES_FUNCTION, bind_scheme, function_name, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ...errors import Diagnostic
    from ...spec.model import Event, Namespace, Security, SecurityScheme, Spec
    from ...spec.text.document import Node
    from ..socket import Socket
    from .schemes import Kind, Scheme


def is_reauth(event: Event) -> bool:
    """Whether the event carries fresh credentials: ``x-reauth``."""
    return event.message.get("x-reauth") is True


class NamespaceRules:
    """What one declared namespace requires.

    Attributes:
        required: Of a CONNECT; ``()`` is public.
        reauth: The event that carries fresh credentials, or None.
        schemes: Every scheme that is required somewhere, by name.
    """

    def __init__(self, declared: Namespace, required: Security, schemes: Mapping[str, Scheme]) -> None:
        same: dict[Security, Security] = {}
        self._events = {
            name: same.setdefault(event.security, event.security) if event.security else None
            for name, event in declared.receives.items()
        }
        self._undeclared = self._events.get("*")
        self.required = required
        self.reauth = next((name for name, event in declared.receives.items() if is_reauth(event)), None)
        self.schemes = schemes

    @property
    def is_needless(self) -> bool:
        """Whether nothing is ever required here."""
        return not self.required and not any(self._events.values())

    def of_event(self, event: str) -> Security | None:
        """What an event requires by itself; equal requirements are one object."""
        return self._events.get(event, self._undeclared)

    async def open(self, scope: Mapping[str, Any], auth: Any, socket: Socket) -> Guard:
        """Authenticate one CONNECT.

        Args:
            scope: ASGI's scope of the request that opened the transport.
            auth: The auth object of the CONNECT, as sent.
            socket: Gets the user and token info that are found.

        Raises:
            SecurityError: The credentials don't suffice.
            RefusedError: A security function refused with words of its own, or failed.
        """
        presented = Presented(scope, auth)
        identity = await authenticate(self.required, self.schemes, presented) if self.required else None
        return Guard(self, presented, identity, socket)


class SecurityRules:
    """The rules of every namespace that has some."""

    def __init__(self, namespaces: Mapping[str, NamespaceRules]) -> None:
        self._namespaces = namespaces

    def for_namespace(self, declared: str) -> NamespaceRules | None:
        """By its name in the document; None where everybody may do everything."""
        return self._namespaces.get(declared)


def bind_security(
    spec: Spec, handlers: Mapping[str, Callable[..., Any] | str] | None = None
) -> SecurityRules:
    """Attach the functions that the document names, or that code gives, to its security schemes.

    Only what some namespace or event requires is attached.

    Args:
        spec: The contract.
        handlers: By scheme: a function, its dotted path, or a `JWTVerifier`; in place of what the
            document names.

    Raises:
        BindingError: A function is missing, can't be imported or doesn't fit; every one of them is
            reported.
    """
    handlers = handlers or {}
    binder = _Binder(spec, handlers)
    schemes = {name: scheme for name in _required(spec) if (scheme := binder.bind(name)) is not None}
    rules = {
        name: NamespaceRules(one, _effective(spec, one), schemes) for name, one in spec.namespaces.items()
    }
    for name, one in spec.namespaces.items():
        binder.problems.extend(_misplaced_reauth(one, rules[name]))
    if binder.problems:
        raise BindingError(binder.problems)
    return SecurityRules({name: one for name, one in rules.items() if not one.is_needless})


def _effective(spec: Spec, declared: Namespace) -> Security:
    return (spec.security if declared.security is None else declared.security) or ()


def _required(spec: Spec) -> dict[str, str]:
    """The schemes that are required, and where first."""
    found: dict[str, str] = {}
    for namespace in spec.namespaces.values():
        lists = [(_effective(spec, namespace), f"namespace {namespace.name!r}")]
        lists += [
            (event.security or (), f"event {name!r} of namespace {namespace.name!r}")
            for name, event in namespace.receives.items()
        ]
        for security, where in lists:
            for alternative in security:
                for one in alternative:
                    found.setdefault(one.scheme, where)
    return found


def _misplaced_reauth(declared: Namespace, rules: NamespaceRules) -> Iterator[Diagnostic]:
    marked = [event for event in declared.receives.values() if is_reauth(event)]
    for event in marked:
        node = event.node.get("x-reauth") or event.node
        if event.name == "*":
            yield _problem(node, "x-reauth belongs to one event, and this is every event", "SECURITY_SHAPE")
        elif event is not marked[0]:
            message = f"{marked[0].name!r} re-authenticates already: one event of a namespace does"
            yield _problem(node, message, "SECURITY_SHAPE")
        elif rules.is_needless:
            message = f"namespace {declared.name!r} requires nothing that could be renewed"
            yield _problem(node, message, "SECURITY_SHAPE")


class _Binder:
    def __init__(self, spec: Spec, handlers: Mapping[str, Callable[..., Any] | str]) -> None:
        self._spec = spec
        self._handlers = handlers
        self._imports = Imports()
        self._where = _required(spec)
        self.problems: list[Diagnostic] = [
            _problem(
                spec.root, f"the document has no security scheme {name!r}{did_you_mean(name, spec.schemes)}"
            )
            for name in handlers
            if name not in spec.schemes
        ]

    def bind(self, name: str) -> Scheme | None:
        """One scheme; None where there is a problem, which is kept."""
        scheme = self._spec.schemes[name]
        kind = kind_of(scheme)
        if kind is None:  # of a document that the loader refuses
            message = f"the security scheme {name!r} can't be checked over Socket.IO"
            self.problems.append(_problem(scheme.node, message, "SECURITY_SHAPE"))
            return None
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
            message = f"{scheme.name!r} has both x-jwt and {named[0]}; one of them verifies"
            self.problems.append(_problem(option, message, "HANDLER_CONFLICT"))
        elif option is not None and not kind.is_token:
            message = f"the credential of {scheme.name!r} is not a token, which x-jwt would verify"
            self.problems.append(_problem(option, message, "SECURITY_SHAPE"))
        elif option is not None:
            verifier = read_jwt(self._spec.resolver.follow(option))
            if not isinstance(verifier, list):
                return verifier, option
            self.problems += verifier
        elif named is not None and (
            idle := [key for key in FUNCTIONS if key in scheme.fields and key != named[0]]
        ):
            message = (
                f"{scheme.name!r} is verified by {named[0]}, and {idle[0]} would never be called; remove it"
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
        other = next((one for one in FUNCTIONS if one in scheme.fields), None)
        hint = f"; {other} is for schemes of another type" if other is not None else ""
        jwt = ", or x-jwt," if kind.is_token else ""
        return (
            f"{self._where[scheme.name]} requires the security scheme {scheme.name!r}, which nothing verifies:"
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
