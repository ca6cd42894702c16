"""What the server answers to clients by itself: refusals, and what becomes of a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import RefusedError, internal_error, refusal, shorten
from ..crashes import describe_crash
from ..logs import logger
from ..wire import packets
from ..wire.codec import UnencodableError
from .event_log import with_offset

if TYPE_CHECKING:
    from ..watch import Watch
    from ..wire.frames import Frame
    from ..wire.serializer import Serializer
    from .members import Connection, Member
    from .refusals import Refusals


class Replies:
    """Answers to clients, encoded in the server's wire format.

    Attributes:
        encode: Make the frames of one packet; `Serializer.encode`.
    """

    def __init__(self, serializer: Serializer, refusals: Refusals, watch: Watch) -> None:
        self.encode = serializer.encode
        self._refusals = refusals
        self._watch = watch

    def turn_down(self, member: Member, ack_id: int | None, event: str, error: RefusedError) -> None:
        """Refuse an event that no endpoint has answered, and report it."""
        self._watch.refused(member, event, error, None)
        self.refuse(member, ack_id, event, error)

    def refuse(self, member: Member, ack_id: int | None, event: str | None, error: RefusedError) -> None:
        """Answer an event with a refusal: as its ack, or as the event ``exception`` without an ack id."""

        def encode(_: RefusedError, body: Any) -> list[Frame]:
            if ack_id is not None:
                return self.encode(packets.ACK, [body], member.namespace, ack_id=ack_id)
            told = {**body, "event": event} if isinstance(body, dict) and event is not None else body
            payload = ["exception", told]
            if member.trail is not None and isinstance(told, str):  # or clients would take it for an offset
                trail = member.trail
                return with_offset(self.encode, payload, member.namespace, trail.last, trail.form)
            return self.encode(packets.EVENT, payload, member.namespace)

        member.deliver(self._refusals.frames(error, encode, standard=refusal))

    def refuse_connect(self, connection: Connection, namespace: str, body: Any) -> None:
        """Answer a CONNECT with a refusal, or with a body that is used as it is."""

        def encode(error: RefusedError, data: Any) -> list[Frame]:
            return self.encode(packets.CONNECT_ERROR, {"message": error.message, "data": data}, namespace)

        if isinstance(body, RefusedError):
            frames = self._refusals.frames(body, encode, standard=RefusedError.as_json)
        else:
            try:
                frames = self.encode(packets.CONNECT_ERROR, body, namespace)
            except UnencodableError:
                logger.exception("the refusal of a connection has no JSON form")
                frames = self.encode(packets.CONNECT_ERROR, {"message": "Connection refused"}, namespace)
        connection.socket.outbox.deliver(frames)

    def internal(self, error: BaseException, member: Member, event: str | None) -> RefusedError:
        """Log and report a crash at an event or a CONNECT; return the refusal that carries only its reference."""
        name = "connect" if event is None else event
        what = f"handler of {shorten(name)!r} in {shorten(member.namespace)} {describe_crash(error)}"
        refused = internal_error(what, error, logger, about=member.fields(event))
        self._watch.refused(member, event, refused, error)
        return refused

    def unsendable(self, error: UnencodableError, member: Member, event: str) -> RefusedError:
        """Log and report an answer that can't be encoded; return the refusal. A traceback would not show its handler."""
        handler = f"the handler of {shorten(event)!r} in {shorten(member.namespace)}"
        what = f"ack not sent: {handler} returned what can't be encoded: {error}"
        refused = internal_error(what, None, logger, about=member.fields(event))
        self._watch.refused(member, event, refused, error)
        return refused
