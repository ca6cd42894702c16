"""What a mock says: instances made once, before the first client connects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import SpecError
from ..spec.arguments import compile_arguments
from ..spec.instances import Instances, UnsatisfiableError
from ..spec.schemas import Mismatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..errors import Diagnostic
    from ..spec.instances import Choices
    from ..spec.model import Event, Namespace, Spec

__all__ = ["Emitted", "Pool", "Script", "write_scripts"]

_SIZE = 32
Pool = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """An event that the mock emits; `interval` is its own, in seconds, or None."""

    name: str
    pool: Pool
    weight: float = 1.0
    interval: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What the mock says in one namespace.

    Attributes:
        acks: By event received, what may be answered; an empty pool answers nothing.
        emits: By event, what the server may emit.
        after: By event received, the events to emit after it.
    """

    acks: dict[str, Pool]
    emits: dict[str, Emitted]
    after: dict[str, tuple[str, ...]]


def write_scripts(spec: Spec, choices: Choices) -> dict[str, Script]:
    """A script for each namespace.

    Raises:
        SpecError: a schema admits no value, or an ``x-mock`` doesn't fit; all of them are reported.
    """
    author = _Author(spec, choices)
    scripts = {name: author.script(one) for name, one in spec.namespaces.items()}
    if author.problems:
        raise SpecError(author.problems)
    return scripts


class _Author:
    def __init__(self, spec: Spec, choices: Choices) -> None:
        self.problems: list[Diagnostic] = []
        self._spec = spec
        self._choices = choices
        self._instances = Instances(spec)

    def script(self, namespace: Namespace) -> Script:
        emits = {name: self._emitted(one) for name, one in namespace.sends.items() if name != "*"}
        return Script(
            acks={name: self._acks(one) for name, one in namespace.receives.items()},
            emits=emits,
            after={name: tuple(self._after(one, emits)) for name, one in namespace.receives.items()},
        )

    def _acks(self, event: Event) -> Pool:
        if event.ack is None:
            return ()
        hint = self._hints(event)
        if "ack" not in hint:
            return self._pool(event, ack=True)
        accept = compile_arguments(event.ack, self._spec.bundle)
        readings = [[hint["ack"]], *([hint["ack"]] if isinstance(hint["ack"], list) else [])]
        for values in readings:
            try:
                return (tuple(accept(values)),)
            except Mismatch:
                continue
        self._problem(event, "the ack of its x-mock doesn't match its x-ack")
        return ()

    def _emitted(self, event: Event) -> Emitted:
        hint = self._hints(event)
        weight, interval = (self._number(event, hint, key) for key in ("weight", "interval"))
        return Emitted(
            name=event.name,
            pool=self._pool(event, ack=False),
            weight=1.0 if weight is None else weight,
            interval=interval,
        )

    def _after(self, event: Event, emits: dict[str, Emitted]) -> Iterator[str]:
        wanted = self._hints(event).get("emit", [])
        for name in wanted if isinstance(wanted, list) else [wanted]:
            if isinstance(name, str) and name in emits:
                yield name
            else:
                self._problem(event, f"its x-mock emits {name!r}, which the server doesn't emit here")

    def _pool(self, event: Event, *, ack: bool) -> Pool:
        try:
            if ack and event.ack is not None:
                return tuple(self._instances.arguments(event.ack, self._choices) for _ in range(_SIZE))
            return tuple(self._instances.event(event, self._choices) for _ in range(_SIZE))
        except UnsatisfiableError as error:
            self.problems.append(error.node.diagnostic("error", "UNSATISFIABLE", str(error), layer="service"))
            return ()

    def _hints(self, event: Event) -> dict[str, Any]:
        hint = event.message.get("x-mock", {})
        if isinstance(hint, dict):
            return hint
        self._problem(event, "its x-mock must be an object")
        return {}

    def _number(self, event: Event, hint: dict[str, Any], key: str) -> float | None:
        value = hint.get(key)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value >= 0):
            return value
        self._problem(event, f"the {key} of its x-mock must be a number, zero or more")
        return None

    def _problem(self, event: Event, message: str) -> None:
        text = f"event {event.name!r}: {message}"
        self.problems.append(event.node.diagnostic("error", "MOCK", text, layer="service"))
