"""The table that dispatch reads: per namespace, each event with its checks and its handler."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..errors import BindingError, Diagnostic
from ..spec.model.by_event import WILDCARD
from ..spec.model.namespaces import no_namespace
from .arity import check_arity
from .around import Arounds
from .binding import bind_error_handler, bind_event_handler
from .classes import handlers_of
from .conversion.typed_handlers import TypedHandlers
from .handler_binder import HandlerBinder, in_code, problem_at, undeclared
from .imports import Imports, NowhereError, UnimportableError
from .namespace_routes import NamespaceRoutes
from .places import place_of
from .signatures import UnbindableError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from ..spec.model import HandlerName, Spec
    from ..spec.text.document import Node
    from .around import Around
    from .bound_handler import BoundHandler
    from .providing.sources import Providers


class Routes:
    """The namespaces of a document, with the handlers that are bound to them so far.

    Args:
        spec: The contract, as it is served.
        providers: Provide values to handlers.
        unwritten: Whether handlers that the document names may be missing, each with a warning.
        lenient: Whether what clients send is not enforced, so that handlers need not fit the document:
            undeclared events, other arities and other types are warnings.
        check_types: Whether the types of handlers are tried on values of the document.

    Attributes:
        warnings: Legal, but probably unintended.
    """

    def __init__(
        self,
        spec: Spec,
        providers: Providers,
        *,
        unwritten: bool = False,
        lenient: bool = False,
        check_types: bool = True,
    ) -> None:
        self._imports = Imports()
        self._unwritten = unwritten
        self._lenient = lenient
        self._providers = providers
        self._default_error: BoundHandler | None = None
        self._arounds = Arounds()
        self._is_started = False
        self.namespaces = {
            name: NamespaceRoutes(namespace, spec) for name, namespace in spec.namespaces.items()
        }
        self._binder = HandlerBinder(
            spec,
            self.namespaces,
            imports=self._imports,
            typed=TypedHandlers(spec, check_types=check_types),
            providers=providers,
            unwritten=unwritten,
            lenient=lenient,
        )
        self.warnings = self._binder.warnings
        self._root = spec.root
        self._unfit: set[tuple[str, str]] = set()
        self._uncalled = spec.uncalled
        self._added: dict[tuple[str, str], Callable[..., Any] | str] = {}

    @property
    def default_error(self) -> BoundHandler | None:
        """The error handler of namespaces that have none, or None."""
        return self._default_error

    def bind(self, handlers: Mapping[str, Mapping[str, Any]]) -> list[Diagnostic]:
        """Bind given handlers and those that the document names, and return what is wrong with them.

        Args:
            handlers: By namespace and event; they replace those that the document names, and those that
                were added before replace both.
        """
        problems = [*self._bind_given(handlers), *self._bind_named(handlers)]
        self.warnings += self._lost(self._uncalled)
        return problems

    def unimportable(self, given: Mapping[str, Mapping[str, Any]]) -> Iterator[Diagnostic]:
        """Yield what keeps a handler that the document names from being imported; nothing is bound.

        Args:
            given: As for `bind`: no handler of the document's is imported in place of these.
        """
        for name, routes in self.namespaces.items():
            for event, handler, _ in self._named(routes, self._taken(name, given)):
                yield from self._try_import(handler, f"handler of {event!r} in namespace {name!r}")
            if routes.declared.handler_class is not None:
                yield from self._try_import(routes.declared.handler_class, f"class of namespace {name!r}")

    def _try_import(self, handler: HandlerName, what: str) -> Iterator[Diagnostic]:
        try:
            self._imports.check(handler.path)
        except UnimportableError as error:
            if not (self._unwritten and isinstance(error, NowhereError)):
                yield problem_at(handler.node, f"{what}: {error}")

    def set_default_error(self, function: Callable[..., Any]) -> None:
        """Use `function` for the errors of namespaces that have no error handler.

        Raises:
            BindingError: `function` can't be called with an exception.
        """
        try:
            self._default_error = bind_error_handler(function)
        except UnbindableError as error:
            problem = problem_at(self._root, f"default error handler: {error}")
            raise BindingError([in_code(problem, function)]) from None

    def add(
        self, namespace: str, event: str, function: Callable[..., Any] | str, *, lifecycle: bool = False
    ) -> Sequence[Diagnostic]:
        """Attach a handler to a declared event or lifecycle name, in place of an earlier one.

        Args:
            namespace: A declared namespace.
            event: The name.
            function: The handler, or its dotted path.
            lifecycle: Whether the name is one of the lifecycle, even if an event of that name is declared.

        Returns:
            Warnings about it.

        Raises:
            BindingError: Nothing of that name is declared, or the handler doesn't fit it.
        """
        known = len(self.warnings)
        problems = list(self._binder.bind(namespace, event, function, lifecycle=lifecycle))
        if problems:
            raise BindingError(problems)
        earlier = self._added.get((namespace, event))
        if earlier is not None:
            self.warnings.append(self._replaced(namespace, event, earlier, function))
        self._added[namespace, event] = function
        if self._is_started:
            self._arounds.wrap(self.namespaces[namespace], event)
        return self.warnings[known:]

    def add_all(self, namespace: str, handlers: Mapping[str, Callable[..., Any]]) -> Sequence[Diagnostic]:
        """Attach the handlers of an object, or none of them.

        Returns:
            Warnings about them.

        Raises:
            BindingError: As `add` does; the problems of all of them are reported.
        """
        known, added = len(self.warnings), dict(self._added)
        routes = self.namespaces.get(namespace)
        tables: tuple[dict[str, Any], ...] = ()
        if routes is not None:
            tables = routes.events, routes.named, routes.lifecycle
        kept = [dict(table) for table in tables]
        problems: list[Diagnostic] = []
        for event, handler in handlers.items():
            try:
                self.add(namespace, event, handler)
            except BindingError as error:
                problems += error.diagnostics
        if not problems:
            return self.warnings[known:]
        for table, content in zip(tables, kept, strict=True):
            table.clear()
            table.update(content)
        self._added = added
        del self.warnings[known:]
        raise BindingError(problems)

    def _replaced(
        self,
        namespace: str,
        event: str,
        earlier: Callable[..., Any] | str,
        function: Callable[..., Any] | str,
    ) -> Diagnostic:
        """Warn of a handler in whose place another one was attached."""
        routes = self.namespaces[namespace]
        node = routes.events[event].event.node if event in routes.events else routes.declared.node
        which = f"{earlier!r}" if isinstance(earlier, str) else f"that at {place_of(earlier)}"
        message = f"this handler of {event!r} in namespace {namespace!r} replaces {which}; remove one of them"
        return in_code(replace(problem_at(node, message, "HANDLER_CONFLICT"), severity="warning"), function)

    def add_around(self, namespace: str | None, event: str | None, hook: Around) -> None:
        """Put a hook around the handlers of an event, of a namespace, or of everything.

        Raises:
            BindingError: Nothing of that name is declared.
            RuntimeError: The application has started.
            TypeError: It is not a hook.
        """
        self.check_not_started()
        problem = self._undeclared_target(namespace, event)
        if problem is not None:
            raise BindingError([in_code(problem_at(self._root, problem), hook)])
        self._arounds.add(namespace, event, hook)

    def check_not_started(self) -> None:
        """Refuse hooks that would be too late for some events.

        Raises:
            RuntimeError: The application has started.
        """
        if self._is_started:
            raise RuntimeError("hooks are registered before the application starts")

    def _undeclared_target(self, namespace: str | None, event: str | None) -> str | None:
        if namespace is None:
            return None
        routes = self.namespaces.get(namespace)
        if routes is None:
            return no_namespace(namespace, self.namespaces)
        if event is None or event in routes.events or event in ("connect", "disconnect"):
            return None
        return None if self._lenient else undeclared(routes.declared, event)

    def start(self) -> None:
        """Put the hooks around the handlers; no others may follow."""
        if not self._is_started:
            self._is_started = True
            for routes in self.namespaces.values():
                self._arounds.wrap(routes)

    def unhandled(self) -> dict[str, list[str]]:
        """Return the declared events without a handler by namespace, but not those whose handler is a problem."""
        return {
            name: [
                event
                for event, route in routes.events.items()
                if route.handler is None
                and routes.spare_handler(route) is None
                and (name, event) not in self._unfit
            ]
            for name, routes in self.namespaces.items()
        }

    def missing(self) -> list[Diagnostic]:
        """Return a finding for each declared event without a handler, or whose catch-all has the wrong arity.

        They are warnings if what clients send is not enforced.
        """
        findings = [
            problem_at(
                self.namespaces[name].events[event].event.node,
                f"event {event!r} of namespace {name!r} has no handler:"
                " add x-handler to its message, or give one in code",
            )
            for name, events in self.unhandled().items()
            for event in events
        ]
        for name, routes in self.namespaces.items():
            catch_all = routes.lifecycle.get(WILDCARD)
            if catch_all is None:
                continue
            for event, route in routes.events.items():
                if route.handler is None and (name, event) not in self._unfit:
                    fit = check_arity(route.event, catch_all, route.event.node, (), named=True)
                    findings += [finding for finding in fit if finding.severity == "error"]
        return [replace(finding, severity="warning") for finding in findings] if self._lenient else findings

    def stand_in(self, namespace: str, event: str, function: Callable[..., Any]) -> None:
        """Handle a declared event by `function` as long as it has no handler."""
        events = self.namespaces[namespace].events
        events[event] = replace(events[event], stand_in=bind_event_handler(function))

    def _bind_given(self, handlers: Mapping[str, Mapping[str, Any]]) -> Iterator[Diagnostic]:
        for namespace, events in handlers.items():
            for event, function in events.items():
                if (namespace, event) not in self._added:
                    yield from self._bind_first(namespace, event, function)

    def _bind_named(self, given: Mapping[str, Mapping[str, Any]]) -> Iterator[Diagnostic]:
        """Bind the handlers that the document names, unless code gives one for the same event."""
        for name, routes in self.namespaces.items():
            taken = self._taken(name, given)
            for event, handler, lifecycle in self._named(routes, taken):
                yield from self._bind_first(name, event, handler.path, handler.node, lifecycle=lifecycle)
            if routes.declared.handler_class is not None:
                named = {
                    *taken,
                    *routes.declared.handlers,
                    *(event for event, route in routes.events.items() if route.event.handler is not None),
                }
                yield from self._bind_class(routes, routes.declared.handler_class, named)

    def _taken(self, namespace: str, given: Mapping[str, Mapping[str, Any]]) -> set[str]:
        """Return the events of a namespace for which code gives a handler."""
        return {*given.get(namespace, ()), *(event for name, event in self._added if name == namespace)}

    def _named(
        self, routes: NamespaceRoutes, taken: Collection[str]
    ) -> Iterator[tuple[str, HandlerName, bool]]:
        """Yield the other events whose handler the document names, and whether each is one of the lifecycle."""
        for event, handler in routes.declared.handlers.items():
            if event not in taken:
                yield event, handler, True
        for event, route in routes.events.items():
            if route.event.handler is not None and event not in taken:
                yield event, route.event.handler, False

    def _bind_class(
        self, routes: NamespaceRoutes, named: HandlerName, taken: Collection[str]
    ) -> Iterator[Diagnostic]:
        """Bind the methods of a class that the document names to what has no handler of its own."""
        try:
            owner = self._imports.handler(named.path)
            if not isinstance(owner, type):
                raise UnbindableError(f"{named.path!r} is not a class")
            handlers = handlers_of(self._providers.construct(owner))
        except (UnbindableError, UnimportableError, TypeError, ValueError) as error:
            yield problem_at(named.node, f"class of namespace {routes.declared.name!r}: {error}")
            self._unfit |= {(routes.declared.name, event) for event in routes.events}
            return
        for event, method in handlers.items():
            if event not in taken:
                yield from self._bind_first(routes.declared.name, event, method, named.node)

    def _bind_first(
        self,
        namespace: str,
        event: str,
        function: Callable[..., Any] | str,
        node: Node | None = None,
        *,
        lifecycle: bool = False,
    ) -> Iterator[Diagnostic]:
        """Bind a handler at start-up, and remember its event if there is a problem."""
        problems = list(self._binder.bind(namespace, event, function, node, lifecycle=lifecycle))
        if problems:
            self._unfit.add((namespace, event))
        yield from problems

    def _lost(self, uncalled: Sequence[HandlerName]) -> Iterator[Diagnostic]:
        """Warn of missing handlers for events that only the server emits, which are never called."""
        for handler in uncalled:
            try:
                self._imports.handler(handler.path)
            except UnimportableError as error:
                yield handler.node.diagnostic("warning", "HANDLER", str(error), layer="service")
