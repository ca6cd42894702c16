"""What counts as a refusal: the standard form, an ``error`` in an acknowledgement, or a schema of the user's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..client.refusals import EXCEPTION, refusal_in
from ..errors import SpecError
from ..spec.model.arguments import compile_arguments
from ..spec.readers.payloads import read_arguments
from ..spec.schemas import Mismatch, compile_bundle
from ..spec.schemas.elsewhere import Elsewhere
from ..spec.schemas.resources import Resources
from ..spec.text.document import load_document
from ..spec.text.reference_faults import ReferenceFault
from ..spec.text.references import Resolver

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..client.remote_client import Arrival
    from ..spec.model.arguments import ArgumentsCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """How a server refused an event.

    Attributes:
        code: A word for programs, or None if the server gave none.
        is_standard: Whether it has the form that no answer of an event has by chance.
    """

    code: str | None
    is_standard: bool


class RefusalReader:
    """Reads refusals out of answers.

    Args:
        own: Checks whether an acknowledgement's arguments are a refusal in a form of the server's own, or
            None if there is no such form. Raises `Mismatch` if they are not.
    """

    def __init__(self, own: Callable[[Sequence[Any]], object] | None = None) -> None:
        self._own = own

    def in_answer(self, answer: Sequence[Any]) -> Refusal | None:
        """Return the refusal that an acknowledgement is, or None."""
        if self._own is not None and self._is_own(answer):
            return Refusal(code=None, is_standard=True)
        return _refusal(answer[0]) if len(answer) == 1 else None

    def in_event(self, arrival: Arrival, event: str) -> Refusal | None:
        """Return the refusal of an event that another one carries, or None."""
        if arrival.event != EXCEPTION:
            return None
        body = arrival.arguments[0] if len(arrival.arguments) == 1 else None
        if isinstance(body, dict) and body.get("event", event) != event:
            return None
        return _refusal(body) or Refusal(code=None, is_standard=False)

    def _is_own(self, answer: Sequence[Any]) -> bool:
        assert self._own is not None  # noqa: S101  # the caller has looked
        try:
            self._own(answer)
        except Mismatch:
            return False
        return True


def _refusal(value: Any) -> Refusal | None:
    standard = refusal_in(value)
    if standard is not None:
        return Refusal(code=standard.code, is_standard=True)
    error = value.get("error") if isinstance(value, dict) else None
    if not error:
        return None
    code = error.get("code") if isinstance(error, dict) else value.get("code")
    return Refusal(code=code if isinstance(code, str) else None, is_standard=False)


def load_refusal(path: str, *, schemas: Mapping[str, str]) -> ArgumentsCheck:
    """Read a JSON Schema of refusals, which describes an acknowledgement as ``x-ack`` does.

    Args:
        path: Of the file.
        schemas: Where references to absolute URIs are read from, as for `load_spec`.

    Raises:
        SpecError: The file can't be read, or is not a schema.
    """
    document = load_document(path)
    resolver = Resolver(document)
    Resources(resolver, Elsewhere(schemas))  # the resolver keeps it
    try:
        arguments = read_arguments(document.root, resolver)
    except ReferenceFault as fault:
        raise SpecError(fault.diagnostics) from None
    bundle, found = compile_bundle(arguments.schemas(), resolver, backend="fastjsonschema")
    if any(diagnostic.severity == "error" for diagnostic in found):
        raise SpecError(found)
    return compile_arguments(arguments, bundle)
