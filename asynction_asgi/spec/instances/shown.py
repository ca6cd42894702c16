"""Examples to show: plain, and the same each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .choices import Choices
from .generator import Instances, UnsatisfiableError

if TYPE_CHECKING:
    from ..model import Arguments, Spec
    from ..text.document import Node


class Examples:
    """One example for each schema of a contract: what its author wrote, else the simplest that holds."""

    def __init__(self, spec: Spec) -> None:
        self._instances = Instances(spec)

    def arguments(self, arguments: Arguments) -> tuple[Any, ...] | None:
        """Return arguments that the contract accepts, or None if none were found or nothing is known."""
        if arguments.kind in ("any", "opaque"):
            return None
        try:
            return self._instances.arguments(arguments, Choices.simplest())
        except UnsatisfiableError:
            return None

    def value(self, schema: Node) -> Any:
        """Return a value of a schema that the contract checks by itself.

        Raises:
            UnsatisfiableError: No value was found.
        """
        return self._instances.value(schema, Choices.simplest())
