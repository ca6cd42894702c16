"""Attach handlers and security functions to a contract, and report all problems together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import BindingError, SpecError
from ..spec.model.offered import served_spec
from .event_table import Routes
from .options import check_handlers
from .providing.sources import Providers
from .security import SecurityRules, bind_security
from .validation import validation_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..errors import AsynctionError, Diagnostic
    from ..spec import Spec

    Handlers = Mapping[str, Mapping[str, Callable[..., Any] | str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be attached to a contract.

    Attributes:
        handlers: By namespace and event; they replace those that the document names.
        security_handlers: By security scheme; likewise.
        default_error_handler: For namespaces that have none.
        mock: ``"missing"`` if a mock handles the events that nothing handles.
        complete: Whether no handlers follow, so that an event without one is a problem.
        lenient: Whether what clients send is not enforced, so that handlers need not fit the document.
        check_types: Whether the types of handlers are tried on values of the document.
        provide: Providers of values for handlers, by type.
    """

    handlers: Handlers
    security_handlers: Mapping[str, Callable[..., Any] | str]
    default_error_handler: Callable[..., Any] | None
    mock: object
    complete: bool
    lenient: bool
    check_types: bool
    provide: Mapping[Any, Any]


class Attachment:
    """The handlers and security functions of a contract, attached at once or at the start.

    Args:
        spec: The contract, as it is served.
        wanted: What is to be attached.

    Attributes:
        routes: With the handlers that are attached so far.
        providers: Provide values to them.

    Raises:
        ValueError: The option ``mock`` has another value.
    """

    def __init__(self, spec: Spec, wanted: Wanted) -> None:
        self._spec = spec
        self._wanted = wanted
        self._is_mocked = _is_mocked(wanted.mock)
        self._security: SecurityRules | None = None
        self._error: AsynctionError | None = None
        self.providers = Providers(wanted.provide)
        self.routes = Routes(
            spec,
            self.providers,
            unwritten=self._is_mocked,
            lenient=wanted.lenient,
            check_types=wanted.check_types,
        )

    @property
    def security(self) -> SecurityRules:
        """The rules of the namespaces, once they are bound."""
        if self._security is None:
            raise RuntimeError("the handlers are not bound yet")
        return self._security

    @property
    def is_bound(self) -> bool:
        """Whether everything is attached."""
        return self._security is not None

    def bind(self) -> None:
        """Attach everything, once; a second call raises what the first raised.

        Raises:
            BindingError: Some can't be attached; all of them are reported, and what can't be mocked.
            SpecError: Something can't be mocked.
        """
        if self._error is not None:
            raise self._error
        if self._security is not None:
            return
        security, problems, unmocked = self.attach()
        if problems or security is None:
            self._error = BindingError((*problems, *unmocked))
        elif unmocked:
            self._error = SpecError(unmocked)
        else:
            self._security = security
        if self._error is not None:
            raise self._error

    def attach(self) -> tuple[SecurityRules | None, Sequence[Diagnostic], Sequence[Diagnostic]]:
        """Attach what can be attached; return the rules, all problems, and what no mock can answer."""
        routes, wanted = self.routes, self._wanted
        problems = [
            self._spec.root.diagnostic("error", "HANDLER", problem, layer="service")
            for problem in self.providers.problems()
        ]
        problems += routes.bind(wanted.handlers)
        security: SecurityRules | None = None
        unmocked: tuple[Diagnostic, ...] = ()
        try:
            security = bind_security(self._spec, wanted.security_handlers)
        except BindingError as error:
            problems += error.diagnostics
        if wanted.default_error_handler is not None and routes.default_error is None:
            try:
                routes.set_default_error(wanted.default_error_handler)
            except BindingError as error:
                problems += error.diagnostics
        if self._is_mocked:
            from ..mock.gaps import mock_missing  # noqa: PLC0415  # few servers have a mock

            try:
                mock_missing(routes, self._spec)
            except SpecError as error:
                unmocked = error.diagnostics
        elif wanted.complete:
            problems += [finding for finding in routes.missing() if finding.severity == "error"]
        return security, problems, unmocked


def find_problems(draft: Spec, options: Mapping[str, Any], *, complete: bool) -> list[Diagnostic]:
    """Return the problems of the handlers of a document that can't be served, with warnings.

    Args:
        draft: What could be read of it.
        options: Those of the application.
        complete: As for `Wanted`.

    Raises:
        TypeError: The option ``handlers`` is not functions by namespace and event.
    """
    handlers = options.get("handlers") or {}
    check_handlers(handlers)
    if options.get("bind") == "start":
        return []
    wanted = Wanted(
        handlers=handlers,
        security_handlers=options.get("security_handlers") or {},
        default_error_handler=options.get("default_error_handler"),
        mock=options.get("mock"),
        complete=complete,
        lenient=validation_of(options.get("validation", True)).inbound != "enforce",
        check_types=False,  # some schemas of the document may be unusable
        provide=options.get("provide") or {},
    )
    attachment = Attachment(served_spec(draft), wanted)
    _, problems, unmocked = attachment.attach()
    return [*problems, *unmocked, *attachment.routes.warnings]


def _is_mocked(option: object) -> bool:
    """Return whether the option ``mock`` is ``"missing"``, its only value but None.

    Raises:
        ValueError: It has another value.
    """
    if option not in (None, "missing"):
        raise ValueError(f'mock must be "missing" or None, not {option!r}')
    return option is not None
