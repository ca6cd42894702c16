"""`Contract`: a document with its handlers bound to it, and everything that follows from the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..spec.model.namespaces import Namespaces
from ..spec.model.offered import served_spec
from .access_log import AccessLog, event_log
from .attaching import Attachment, Wanted
from .observer import Outcomes, observing_now
from .outbound import Outbound
from .validation import Validation, ViolationLog, validation_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Self

    from ..spec import Spec
    from .event_table import Routes
    from .observer import Observer
    from .validation import Enforcement


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a server needs to know before it has a client; it sends nothing itself.

    Attributes:
        spec: The document, as it is served.
        namespaces: Finds what the document declares of a concrete namespace.
        attachment: The handlers and security functions.
        outbound: Checks what the server sends.
        violations: Counts what ``warn`` lets through, in both directions.
        outcomes: Where observers learn what becomes of connections and events.
        validation: How strictly each direction is checked.
    """

    spec: Spec
    namespaces: Namespaces
    attachment: Attachment
    outbound: Outbound
    violations: ViolationLog
    outcomes: Outcomes
    validation: Validation

    def start(self) -> None:
        """Complete it before the first client, when logging is configured, too."""
        self.routes.start()
        if (log := event_log()) is not None:
            self.outcomes.add(log)

    @property
    def routes(self) -> Routes:
        """Each event with its checks and its handler; handlers may still be added."""
        return self.attachment.routes

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
        observers: Sequence[Observer] = (),
        at_start: bool = False,
        provide: Mapping[Any, Any] | None = None,
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
            observers: Receive what becomes of connections and events.
            provide: Providers of values for handlers, by type.
            at_start: Whether handlers and security functions are attached later, by `Attachment.bind`.

        Raises:
            BindingError: Some can't be bound; all of them are reported, together with what can't be mocked.
            SpecError: Something can't be mocked.
            ValueError: `validation` or `mock` has another value.
        """
        spec, settings = served_spec(spec), validation_of(validation)
        wanted = Wanted(
            handlers=handlers or {},
            security_handlers=security_handlers or {},
            default_error_handler=default_error_handler,
            mock=mock,
            complete=complete,
            lenient=settings.inbound != "enforce",
            check_types=check_types,
            provide=provide or {},
        )
        attachment = Attachment(spec, wanted)
        if not at_start:
            attachment.bind()
        outcomes = Outcomes([AccessLog(), *observers, *observing_now(spec)])
        namespaces, violations = Namespaces(spec), ViolationLog(outcomes.violated)
        return cls(
            spec=spec,
            namespaces=namespaces,
            attachment=attachment,
            outbound=Outbound(spec, namespaces, settings, violations, outcomes),
            violations=violations,
            outcomes=outcomes,
            validation=settings,
        )
