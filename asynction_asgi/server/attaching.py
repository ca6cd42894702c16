"""Attach handlers and security functions to a contract, and report all problems together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import BindingError, SpecError
from ..spec.model.offered import served_spec
from .event_table import Routes
from .options import check_handlers
from .security import SecurityRules, bind_security
from .validation import validation_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..errors import Diagnostic
    from ..spec import Spec

    Handlers = Mapping[str, Mapping[str, Callable[..., Any] | str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """The result of attaching.

    Attributes:
        routes: With the handlers.
        security: With the security functions, or None if some can't be attached.
        problems: Everything that is wrong with either.
        unmocked: What no mock can answer.
    """

    routes: Routes
    security: SecurityRules | None
    problems: tuple[Diagnostic, ...]
    unmocked: tuple[Diagnostic, ...] = ()


def attach(
    spec: Spec,
    *,
    handlers: Handlers | None,
    security_handlers: Mapping[str, Callable[..., Any] | str] | None,
    default_error_handler: Callable[..., Any] | None,
    mock: object,
    complete: bool,
    lenient: bool,
    check_types: bool,
) -> tuple[Routes, SecurityRules]:
    """Attach handlers and security functions to a contract as it is served.

    Args:
        spec: The contract.
        handlers: By namespace and event; they replace those that the document names.
        security_handlers: By security scheme; likewise.
        default_error_handler: For namespaces that have none.
        mock: ``"missing"`` if a mock handles the events that nothing handles.
        complete: Whether no handlers follow, so that an event without one is a problem.
        lenient: Whether what clients send is not enforced, so that handlers need not fit the document.
        check_types: Whether the types of handlers are tried on values of the document.

    Raises:
        BindingError: Some can't be attached; all of them are reported, and what can't be mocked.
        SpecError: Something can't be mocked.
    """
    found = _attach(
        spec,
        handlers or {},
        security_handlers or {},
        default_error_handler,
        mock=_is_mocked(mock),
        complete=complete,
        lenient=lenient,
        check_types=check_types,
    )
    if found.problems or found.security is None:
        raise BindingError((*found.problems, *found.unmocked))
    if found.unmocked:
        raise SpecError(found.unmocked)
    return found.routes, found.security


def find_problems(draft: Spec, options: Mapping[str, Any], *, complete: bool) -> list[Diagnostic]:
    """Return the problems of the handlers of a document that can't be served, with warnings.

    Args:
        draft: What could be read of it.
        options: Those of the application.
        complete: As for `attach`.

    Raises:
        TypeError: The option ``handlers`` is not functions by namespace and event.
    """
    handlers = options.get("handlers") or {}
    check_handlers(handlers)
    found = _attach(
        served_spec(draft),
        handlers,
        options.get("security_handlers") or {},
        options.get("default_error_handler"),
        mock=_is_mocked(options.get("mock")),
        complete=complete,
        lenient=validation_of(options.get("validation", True)).inbound != "enforce",
        check_types=False,  # some schemas of the document may be unusable
    )
    return [*found.problems, *found.unmocked, *found.routes.warnings]


def _attach(
    spec: Spec,
    handlers: Handlers,
    security_handlers: Mapping[str, Callable[..., Any] | str],
    default_error_handler: Callable[..., Any] | None,
    *,
    mock: bool,
    complete: bool,
    lenient: bool,
    check_types: bool,
) -> Attached:
    routes = Routes(spec, handlers, unwritten=mock, lenient=lenient, check_types=check_types)
    problems = list(routes.problems)
    security: SecurityRules | None = None
    unmocked: tuple[Diagnostic, ...] = ()
    try:
        security = bind_security(spec, security_handlers)
    except BindingError as error:
        problems += error.diagnostics
    if default_error_handler is not None:
        try:
            routes.set_default_error(default_error_handler)
        except BindingError as error:
            problems += error.diagnostics
    if mock:
        from ..mock.gaps import mock_missing  # noqa: PLC0415  # few servers have a mock

        try:
            mock_missing(routes, spec)
        except SpecError as error:
            unmocked = error.diagnostics
    elif complete:
        problems += [finding for finding in routes.missing() if finding.severity == "error"]
    return Attached(routes=routes, security=security, problems=tuple(problems), unmocked=unmocked)


def _is_mocked(option: object) -> bool:
    """Return whether the option ``mock`` is ``"missing"``, its only value but None.

    Raises:
        ValueError: It has another value.
    """
    if option not in (None, "missing"):
        raise ValueError(f'mock must be "missing" or None, not {option!r}')
    return option is not None
