"""What `Emitter` and `BlockingEmitter` have in common: how they are made, and what they know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .document_source import load_source
from .queue_emits import QueueEmits

if TYPE_CHECKING:
    from collections import Counter
    from typing import Self, Unpack

    from ..spec import Spec
    from .document_source import Schemas, Source
    from .emitter_options import EmitterOptions


class QueueEmitter:
    """A contract, and the queue of the servers that serve it."""

    def __init__(self, spec: Spec, *, message_queue: str, **options: Unpack[EmitterOptions]) -> None:
        self._emits = QueueEmits(spec, message_queue=message_queue, **options)

    @classmethod
    def from_spec(
        cls,
        spec_path: Source,
        *,
        message_queue: str,
        schemas: Schemas | None = None,
        **options: Unpack[EmitterOptions],
    ) -> Self:
        """Make an emitter for the servers of a document.

        Args:
            spec_path: A path, an open file, a mapping, or a loaded `Spec`.
            message_queue: The URL that the servers were given.
            schemas: As `AsynctionSocketIO.from_spec` takes them.
            options: ``validation`` and ``tracing``; ``timeout``, the seconds that the broker may take to answer for one emit
                (10); ``channel`` and ``message_queue_secret`` where the servers were given them; and
                ``message_queue_retention``, to remove what is older from a stream, also while no server runs.

        Raises:
            SpecError: The document can't be loaded.
            TypeError: An option is unknown.
            ValueError: The URL is of a kind that is not supported, a secret is too short, `timeout` is not above
                zero, or the retention is not one, or not for a stream.
        """
        return cls(load_source(spec_path, schemas=schemas), message_queue=message_queue, **options)

    @property
    def spec(self) -> Spec:
        """The compiled contract."""
        return self._emits.spec

    @property
    def violations(self) -> Counter[tuple[str, str | None, str]]:
        """Number of violations that ``warn`` let through, by namespace, event and part."""
        return self._emits.violations.counts
