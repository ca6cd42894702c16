"""Binds one handler to what the document declares, and says what is wrong with it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..engine.wire.packets import RESERVED_EVENTS
from ..spec.model import Event
from ..spec.model.by_event import WILDCARD
from ..spec.model.namespaces import no_namespace
from ..spec.text.hints import did_you_mean
from .arity import check_arity, count_arguments
from .around import providing
from .binding import bind_error_handler, bind_event_handler, bind_lifecycle_handler
from .imports import NowhereError, UnimportableError
from .places import place_of
from .signatures import UnbindableError
from .unled import explain_missing_lead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ..errors import Diagnostic
    from ..spec.model import Namespace, Spec
    from ..spec.text.document import Node
    from .bound_handler import BoundHandler
    from .conversion.typed_handlers import TypedHandlers
    from .imports import Imports
    from .namespace_routes import NamespaceRoutes, Route
    from .providing.sources import Providers

_ORDERS: dict[str, tuple[str, ...]] = {"connect": ("sid", "environ", "auth"), "disconnect": ("sid", "reason")}


class HandlerBinder:
    """Binds handlers to the namespaces of a document.

    Args:
        spec: The contract, as it is served.
        namespaces: Its namespaces, which receive the handlers.
        imports: Resolves dotted paths.
        typed: Gives handlers the conversions that they ask for.
        providers: Provide values to them.
        unwritten: As for `Routes`, and so the next.
        lenient: Whether what clients send is not enforced.

    Attributes:
        warnings: Legal, but probably unintended.
    """

    def __init__(
        self,
        spec: Spec,
        namespaces: Mapping[str, NamespaceRoutes],
        *,
        imports: Imports,
        typed: TypedHandlers,
        providers: Providers,
        unwritten: bool,
        lenient: bool,
    ) -> None:
        self._root = spec.root
        self._namespaces = namespaces
        self._imports = imports
        self._typed = typed
        self._providers = providers
        self._unwritten = unwritten
        self._lenient = lenient
        self.warnings: list[Diagnostic] = []

    def bind(
        self,
        namespace: str,
        event: str,
        function: Callable[..., Any] | str,
        node: Node | None = None,
        *,
        lifecycle: bool = False,
    ) -> Iterator[Diagnostic]:
        """Bind a handler to an event, or to a name of the lifecycle, and yield what is wrong with it.

        Args:
            namespace: A namespace of the document.
            event: The name.
            function: The handler, or its dotted path.
            node: Where the document names it, or None if code gives it.
            lifecycle: Whether the name is one of the lifecycle, even if an event of that name is declared.
        """
        known = len(self.warnings)
        problems = list(self._bind(namespace, event, function, node, lifecycle=lifecycle))
        if node is None:
            self.warnings[known:] = [in_code(warning, function) for warning in self.warnings[known:]]
            problems = [in_code(problem, function) for problem in problems]
        yield from problems

    def _bind(
        self,
        namespace: str,
        event: str,
        function: Callable[..., Any] | str,
        node: Node | None,
        *,
        lifecycle: bool,
    ) -> Iterator[Diagnostic]:
        routes = self._namespaces.get(namespace)
        if routes is None:
            yield problem_at(
                self._root,
                no_namespace(namespace, self._namespaces)
                + (
                    f"; declare it, if only by an empty channel: {namespace!r}: {{}}" if self._lenient else ""
                ),
            )
            return
        # Clients may emit a declared event "error"; a handler for errors is not theirs to call.
        route = None if lifecycle and event == "error" else routes.events.get(event)
        at = node or (route.event.node if route is not None else routes.declared.node)
        if route is None and event not in ("connect", "disconnect", "error", WILDCARD):
            problem = problem_at(at, undeclared(routes.declared, event))
            if not self._lenient or event in RESERVED_EVENTS:
                yield problem
                return
            route = routes.route_of_name(event)
            if route.check_arguments is None:
                self.warnings.append(replace(problem, severity="warning"))
        try:
            if isinstance(function, str):
                function = self._imports.handler(function)
            if route is None:
                yield from self._bind_lifecycle(routes, event, function, at)
                return
            bound = _bind_event(event, function, routes.params, self._providers)
            bound, mismatches = self._typed.convert(
                bound, route.event, route.check_arguments, at, named=event == WILDCARD
            )
            arity = list(check_arity(route.event, bound, at, routes.params, named=event == WILDCARD))
            doubt = self._doubt(bound, route, event, arity)
        except NowhereError as error:
            found = problem_at(at, f"handler of {event!r} in namespace {namespace!r}: {error}")
            if self._unwritten and node is not None:
                self.warnings.append(replace(found, severity="warning"))
            else:
                yield found
            return
        except (UnbindableError, UnimportableError) as error:
            yield problem_at(at, f"handler of {event!r} in namespace {namespace!r}: {error}")
            return
        if doubt is not None:
            yield problem_at(at, doubt, "ARITY")
            return
        errors = self._sort_out([*arity, *mismatches])
        if not errors:
            events = routes.events if event in routes.events else routes.named
            events[event] = replace(route, handler=providing(bound))
        yield from errors

    def _doubt(
        self, bound: BoundHandler, route: Route, event: str, arity: Iterable[Diagnostic]
    ) -> str | None:
        """Say why a handler probably takes other parameters than its author meant, or return None.

        Raises:
            UnbindableError: A parameter asks for what is provided, and that can't be.
        """
        doubt = explain_missing_lead(
            bound, f"{event!r}", count_arguments(route.event.arguments), named=event == WILDCARD
        )
        if doubt is None and not any(finding.severity == "error" for finding in arity):
            return None
        misplaced = self._providers.misplaced(bound.function, bound.taken)
        if misplaced is None:
            return doubt
        return (
            f"handler of {event!r} in namespace {route.namespace!r}: {misplaced.name!r} is of a type that is"
            f" provided, and takes the place of an argument; make it keyword-only: (…, *, {misplaced.name}: …)"
        )

    def _sort_out(self, findings: Sequence[Diagnostic]) -> list[Diagnostic]:
        """Return the errors among findings about a handler, and keep the warnings."""
        if self._lenient:
            findings = [replace(finding, severity="warning") for finding in findings]
        self.warnings += [finding for finding in findings if finding.severity == "warning"]
        return [finding for finding in findings if finding.severity == "error"]

    def _bind_lifecycle(
        self, routes: NamespaceRoutes, event: str, function: Callable[..., Any], node: Node
    ) -> Iterator[Diagnostic]:
        """Bind a handler of connections, errors or all events, and yield what is wrong with its types.

        Raises:
            UnbindableError: It can't be called as such.
        """
        errors: list[Diagnostic] = []
        if event == "error":
            bound = bind_error_handler(function, routes.params)
        elif event == WILDCARD:
            bound = _bind_event(event, function, routes.params, self._providers)
            doubt = explain_missing_lead(bound, "what is not declared", None, named=True)
            if doubt is not None:
                raise UnbindableError(doubt)
            anything = Event(name=event, node=routes.declared.node)
            bound, found = self._typed.convert(bound, anything, None, node, named=True)
            errors = self._sort_out(found)
        else:
            found = []
            bound = bind_lifecycle_handler(
                function,
                _ORDERS[event],
                routes.params,
                reading_auth=self._typed.reading_auth(function, routes.declared, found),
                providers=self._providers,
            )
            errors = self._sort_out(found)
        if not errors:
            routes.lifecycle[event] = providing(bound)
        yield from errors


def _bind_event(
    event: str, function: Callable[..., Any], params: Sequence[str], providers: Providers
) -> BoundHandler:
    """Bind the handler of an event, or by the name ``*`` of all, which receives the event's name first."""
    bound = bind_event_handler(function, params, named=event == WILDCARD, providers=providers)
    if event == WILDCARD and bound.maximum == 0:
        raise UnbindableError(
            "a catch-all is called with the event's name before the arguments, and this one takes no argument"
        )
    return bound


def problem_at(node: Node, message: str, code: str = "HANDLER") -> Diagnostic:
    """Return an error about a handler."""
    return node.diagnostic("error", code, message, layer="service")


def in_code(finding: Diagnostic, handler: object) -> Diagnostic:
    """Add to a finding about a handler where that begins; a finding about the whole document shows no line of it."""
    source = finding.source if finding.pointer else None
    place = f" ({place_of(handler)})" if callable(handler) else ""
    return replace(finding, message=f"{finding.message}{place}", source=source)


def undeclared(declared: Namespace, event: str) -> str:
    """Say that clients may not emit an event."""
    message = f"namespace {declared.name!r} declares no event {event!r} that clients may emit"
    if event in declared.sends:
        return f"{message}; the server emits it"
    return message + did_you_mean(event, declared.receives)
