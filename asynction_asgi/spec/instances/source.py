"""What the making of an instance needs to know of its contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from ..schemas import Check
    from ..schemas.definitions import Schema
    from .selection import Selector
    from .strings import Providers


class Source(Protocol):
    """What the schemas of a contract hold besides their keywords, the same for each instance."""

    @property
    def selector(self) -> Selector:
        """Chooses among the alternatives of schemas that hold together."""
        ...

    @property
    def providers(self) -> Providers | None:
        """Texts for formats and properties that are not known here, or None."""
        ...

    def examples(self, schema: Schema) -> list[Any]:
        """Return those examples of the author's that the schema accepts."""
        ...

    def check_of(self, schema: Schema) -> Check | None:
        """Return the check of a schema whose keywords alone don't ensure a valid value, or None."""
        ...
