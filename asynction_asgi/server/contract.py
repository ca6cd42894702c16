"""`Contract`: a document with its handlers bound to it, and everything that follows from the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..spec.model.namespaces import Namespaces
from .access_log import AccessLog, event_log
from .attaching import Attachment
from .observer import Outcomes, observing_now
from .outbound import Outbound
from .own_options import OwnOptions
from .validation import ViolationLog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from ..spec import Spec
    from .event_table import Routes
    from .observer import Observer
    from .validation import Validation


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
        """Finish setting up before the first client connects; logging is configured by then."""
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
        options: OwnOptions | None = None,
        *,
        complete: bool = False,
        observers: Sequence[Observer] = (),
    ) -> Self:
        """Bind handlers and security functions to a document, or with ``bind="start"`` prepare to.

        Args:
            spec: The document, as it is served.
            options: Those of the application; None is those by default.
            complete: Whether no handlers follow, so that an event without one is a problem.
            observers: Receive what becomes of connections and events, besides those of the options.

        Raises:
            BindingError: Some can't be bound; all of them are reported, together with what can't be mocked.
            SpecError: Something can't be mocked.
            ValueError: `validation` or `mock` has another value.
        """
        options = options or OwnOptions()
        attachment = Attachment(spec, options, complete=complete)
        if options.bind == "now":
            attachment.bind()
        settings = options.strictness
        outcomes = Outcomes([AccessLog(), *options.observers, *observers, *observing_now(spec)])
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
