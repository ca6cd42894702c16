"""Attach handlers and security functions to a contract, and report all problems together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import BindingError, SpecError
from ..spec.model.offered import served_spec
from .event_table import Routes
from .own_options import read_options
from .providing.sources import Providers
from .security import SecurityRules, bind_security

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..errors import AsynctionError, Diagnostic
    from ..spec import Spec
    from .options import Options
    from .own_options import OwnOptions


class Attachment:
    """The handlers and security functions of a contract, attached at once or at the start.

    Args:
        spec: The contract, as it is served.
        options: Say what is to be attached.
        complete: Whether no handlers follow, so that an event without one is a problem.

    Attributes:
        routes: With the handlers that are attached so far.
        providers: Provide values to them.

    Raises:
        ValueError: The option ``mock`` or ``validation`` has another value.
    """

    def __init__(self, spec: Spec, options: OwnOptions, *, complete: bool) -> None:
        self._spec = spec
        self._options = options
        self._complete = complete
        self._is_mocked = _is_mocked(options.mock)
        self._security: SecurityRules | None = None
        self._error: AsynctionError | None = None
        self.providers = Providers(options.provide or {})
        self.routes = Routes(
            spec,
            self.providers,
            unwritten=self._is_mocked,
            lenient=options.strictness.inbound != "enforce",
            check_types=options.check_types,
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

    def check_imports(self) -> None:
        """Import what the document names, as long as it is not attached.

        Raises:
            BindingError: Some can't be imported; all of them are reported, and nothing has been attached.
        """
        if not self.is_bound and (problems := list(self.routes.unimportable(self._options.handlers or {}))):
            raise BindingError(problems)

    def attach(self) -> tuple[SecurityRules | None, Sequence[Diagnostic], Sequence[Diagnostic]]:
        """Attach what can be attached; return the rules, all problems, and what no mock can answer."""
        routes, options = self.routes, self._options
        problems = [
            self._spec.root.diagnostic("error", "HANDLER", problem, layer="service")
            for problem in self.providers.problems()
        ]
        problems += routes.bind(options.handlers or {})
        security: SecurityRules | None = None
        unmocked: tuple[Diagnostic, ...] = ()
        try:
            security = bind_security(self._spec, options.security_handlers)
        except BindingError as error:
            problems += error.diagnostics
        if options.default_error_handler is not None and routes.default_error is None:
            try:
                routes.set_default_error(options.default_error_handler)
            except BindingError as error:
                problems += error.diagnostics
        if self._is_mocked:
            from ..mock.gaps import mock_missing  # noqa: PLC0415  # few servers have a mock

            try:
                mock_missing(routes, self._spec)
            except SpecError as error:
                unmocked = error.diagnostics
        elif self._complete:
            problems += [finding for finding in routes.missing() if finding.severity == "error"]
        return security, problems, unmocked


def find_problems(draft: Spec, given: Options, *, complete: bool) -> list[Diagnostic]:
    """Return the problems of the handlers of a document that can't be served, with warnings.

    Args:
        draft: What could be read of it.
        given: The options of the application.
        complete: As for `Attachment`.

    Raises:
        TypeError: An option is unknown, or has another type.
        ValueError: An option has another value than it takes.
    """
    options, _ = read_options(given)
    if options.bind == "start":
        return []
    tried = replace(options, check_types=False)  # some schemas of the document may be unusable
    attachment = Attachment(served_spec(draft), tried, complete=complete)
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
