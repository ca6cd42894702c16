"""What the proofs of single keywords ask of the prover that they are part of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..schemas.definitions import Schema
    from .facts import Facts
    from .obligation import Obligation
    from .same import Sameness
    from .universe import Universe


class Proving(Protocol):
    """The prover, as the keywords' own proofs see it.

    Attributes:
        universe: Holds the schemas.
        same: Compares them.
        reads_closed: Whether an inner object that names its members is taken to have no others.
    """

    universe: Universe
    same: Sameness
    reads_closed: bool

    def prove(self, inner: Iterable[Schema], outer: Schema, depth: int) -> tuple[Obligation, ...]:
        """Return what is left to show before `outer` accepts every value of `inner`; nothing if it does."""
        ...

    def facts(self, parts: Sequence[dict[str, Any]]) -> Facts:
        """Return what the schemas say together."""
        ...

    def are_apart(self, parts: Sequence[dict[str, Any]], schema: Schema) -> bool:
        """Return whether it is plain that no value meets both the schemas and another one."""
        ...

    def is_nothing(self, schemas: Iterable[Schema]) -> bool:
        """Return whether it is plain that no value meets all of the schemas."""
        ...
