"""The messages that an operation is answered with, which are not events."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .reading import OperationDraft, Reader, Traited

__all__ = ["read_answers"]


def read_answers(reader: Reader, operation: OperationDraft) -> Iterator[Traited]:
    """Yield each message that is an acknowledgement: of ``x-ack``, and of the operation's ``reply``."""
    for fields in (operation.fields, *(message.fields for message in operation.messages)):
        target = reader.follow(fields.get("x-ack"))
        if target is not None and isinstance(target.value, dict) and "payload" in target.value:
            yield reader.traited(target)
    for reply in operation.replies:
        yield reply.fields
