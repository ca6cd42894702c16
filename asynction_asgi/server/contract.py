"""`Contract`: a document with its handlers bound to it, and everything that follows from the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..spec.model.namespaces import Namespaces
from ..spec.model.offered import served_spec
from .attaching import attach
from .observer import observing
from .outbound import Outbound
from .validation import Validation, ViolationLog, validation_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

    from ..spec import Spec
    from .event_table import Routes
    from .observer import Observer
    from .security import SecurityRules
    from .validation import Enforcement


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a server needs to know before it has a client; it sends nothing itself.

    Attributes:
        spec: The document, as it is served.
        namespaces: Finds what the document declares of a concrete namespace.
        routes: Each event with its checks and its handler; handlers may still be added.
        security: Each namespace with its security functions.
        outbound: Checks what the server sends.
        violations: Counts what ``warn`` lets through, in both directions.
        observer: Watches this contract at work, or None.
        validation: How strictly each direction is checked.
    """

    spec: Spec
    namespaces: Namespaces
    routes: Routes
    security: SecurityRules
    outbound: Outbound
    violations: ViolationLog
    observer: Observer | None
    validation: Validation

    @classmethod
    def bind(
        cls,
        spec: Spec,
        *,
        validation: Validation | Enforcement | bool = True,
        handlers: Mapping[str, Mapping[str, Callable[..., Any] | str]] | None = None,
        security_handlers: Mapping[str, Callable[..., Any] | str] | None = None,
        default_error_handler: Callable[..., Any] | None = None,
        mock: object = None,
        complete: bool = False,
        check_types: bool = True,
    ) -> Self:
        """Bind handlers and security functions to a document.

        Args:
            spec: The document, as it was loaded.
            validation: As for `AsynctionSocketIO`, and so the next four and `check_types`.
            handlers: By namespace and event; they replace those that the document names.
            security_handlers: By security scheme; likewise.
            default_error_handler: For namespaces without an error handler.
            mock: ``"missing"`` if a mock handles the events that have no handler.
            complete: Whether no handlers follow, so that an event without one is a problem.
            check_types: Whether the types of handlers are tried on values of the document.

        Raises:
            BindingError: Some can't be bound; all of them are reported, together with what can't be mocked.
            SpecError: Something can't be mocked.
            ValueError: `validation` or `mock` has another value.
        """
        spec, settings = served_spec(spec), validation_of(validation)
        routes, security = attach(
            spec,
            handlers=handlers,
            security_handlers=security_handlers,
            default_error_handler=default_error_handler,
            mock=mock,
            complete=complete,
            lenient=settings.inbound != "enforce",
            check_types=check_types,
        )
        observe = observing.get()
        observer = None if observe is None else observe(spec)
        namespaces, violations = Namespaces(spec), ViolationLog()
        return cls(
            spec=spec,
            namespaces=namespaces,
            routes=routes,
            security=security,
            outbound=Outbound(spec, namespaces, settings, violations, observer),
            violations=violations,
            observer=observer,
            validation=settings,
        )
