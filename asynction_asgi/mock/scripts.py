"""What a mock says in each namespace: answers, events after an answer, and events by themselves."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ..errors import SpecError
from ..logs import get_logger
from ..spec.instances import Choices, Instances, UnsatisfiableError
from ..spec.model.by_event import WILDCARD
from ..spec.readers.examples import declared_examples
from ..spec.readers.mock_hints import read_hints
from .fake_texts import fake_texts
from .pools import Pool

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ..errors import Diagnostic
    from ..spec.model import Arguments, Event, Namespace, Spec
    from ..spec.readers.mock_hints import Hints
    from .settings import MockSettings

logger = get_logger()

_QUIET_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """An event that the mock emits.

    Attributes:
        name: The event's name.
        pool: The arguments to send.
        asks: Whether to ask for an acknowledgement.
        weight: How often the event is emitted, relative to the others.
        interval: Seconds between two of them; None is the mock's common interval, 0 is never.
    """

    name: str
    pool: Pool
    asks: bool = False
    weight: float = 1.0
    interval: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a mock says in one namespace.

    Attributes:
        acks: By received event, the answers, or None for an event without an acknowledgement.
        emits: By name, the events to emit.
        after: By received event, the names of the events to emit after it.
    """

    acks: Mapping[str, Pool | None]
    emits: Mapping[str, Emitted]
    after: Mapping[str, tuple[str, ...]]


def write_scripts(
    spec: Spec, settings: MockSettings, *, only: Mapping[str, Collection[str]] | None = None
) -> dict[str, Script]:
    """Write a script for each namespace.

    Args:
        spec: The contract, as it is served.
        settings: Seed and locale.
        only: By namespace, the received events to answer; events are emitted only after these. None is
            all that the document declares.

    Raises:
        SpecError: A schema admits no value, or an ``x-mock`` does not fit; all of them are reported.
        ValueError: Faker does not have the locale.
    """
    author = _Author(spec, settings)
    scripts = {
        name: author.script(namespace, None if only is None else only.get(name, ()))
        for name, namespace in spec.namespaces.items()
    }
    if author.problems:
        raise SpecError(list(dict.fromkeys(author.problems)))
    return scripts


class _Author:
    def __init__(self, spec: Spec, settings: MockSettings) -> None:
        self.problems: list[Diagnostic] = []
        self._spec = spec
        self._seed = settings.seed
        self._instances = Instances(spec, providers=fake_texts(settings.locale))
        self._progress = _Progress()

    def script(self, namespace: Namespace, only: Collection[str] | None) -> Script:
        received = {name: event for name, event in namespace.receives.items() if only is None or name in only}
        hints = {name: self._hints(event, namespace) for name, event in received.items()}
        after = {name: hint.emit for name, hint in hints.items()}
        called = {name for names in after.values() for name in names}
        sent = {
            name: event
            for name, event in namespace.sends.items()
            if name != WILDCARD and (only is None or name in called)
        }
        return Script(
            acks={name: self._ack(event, hints[name], namespace) for name, event in received.items()},
            emits={name: self._emitted(event, namespace) for name, event in sent.items()},
            after=after,
        )

    def _hints(self, event: Event, namespace: Namespace) -> Hints:
        return read_hints(event, namespace.sends, self._spec, self.problems.append)

    def _ack(self, event: Event, hints: Hints, namespace: Namespace) -> Pool | None:
        if event.ack is None:
            return None
        if hints.ack is not None:
            return Pool.of([hints.ack])
        return self._pool(event.ack, f"{namespace.name} {event.name} ack")

    def _emitted(self, event: Event, namespace: Namespace) -> Emitted:
        hints = self._hints(event, namespace)
        declared = [values for _, values in declared_examples(event, self._spec)]
        pool = (
            Pool.of(declared) if declared else self._pool(event.arguments, f"{namespace.name} {event.name}")
        )
        return Emitted(
            name=event.name,
            pool=pool,
            asks=event.ack is not None,
            weight=hints.weight,
            interval=hints.interval,
        )

    def _pool(self, arguments: Arguments, name: str) -> Pool:
        """Make a pool; if no value is found, report that and return an unused placeholder."""
        choices = Choices.seeded(None if self._seed is None else f"{self._seed} {name}")
        self._progress.step()
        try:
            smallest = self._instances.arguments(arguments, choices, small=True)
        except UnsatisfiableError as error:
            self.problems.append(error.node.diagnostic("error", "UNSATISFIABLE", str(error), layer="service"))
            return Pool.of([()])
        return Pool(partial(self._instances.arguments, arguments, choices), smallest)


class _Progress:
    """Logs the progress of a search for values that takes long."""

    def __init__(self) -> None:
        self._made = 0
        self._last = time.monotonic()

    def step(self) -> None:
        self._made += 1
        now = time.monotonic()
        if now - self._last > _QUIET_SECONDS:
            self._last = now
            logger.warning(
                "still looking for values to mock with: those of %d schemas are found so far", self._made
            )
