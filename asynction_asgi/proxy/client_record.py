"""What one client's link writes into the record, or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..client.refusals import refusal_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..client.remote_client import Arrival
    from ..errors import RefusedError
    from ..server import Socket
    from .recorder import Recorder


class ClientRecord:
    """The part of a record that is about one client in one namespace.

    Args:
        recorder: Writes the lines; None writes nothing.
        socket: The client.
        auth: What it sent with its CONNECT.
        most_unanswered: How many events of the upstream server may wait for the client's answers.
    """

    def __init__(self, recorder: Recorder | None, socket: Socket, auth: Any, *, most_unanswered: int) -> None:
        self._recorder = recorder
        self._who = socket.id, socket.namespace
        self._presented = socket.environ["asgi.scope"], auth
        self._unanswered: dict[int, Arrival] = {}
        self._most_unanswered = most_unanswered

    def connected(self, *, refused: bool) -> None:
        """Record that the upstream server accepted the client, or refused it."""
        if self._recorder is not None:
            self._recorder.connected(*self._who, *self._presented, refused=refused)

    def received(
        self,
        event: str,
        arguments: Sequence[Any],
        *,
        asked: bool,
        ack: Sequence[Any] | None,
        refusal: RefusedError | None,
    ) -> None:
        """Record an event of the client, after it was answered."""
        if self._recorder is not None:
            self._recorder.happened(
                *self._who,
                "inbound",
                event,
                arguments,
                asked=asked,
                ack=None if refusal is not None else ack,
                refused=None if refusal is None else refusal.code,
            )

    def asked(self, arrival: Arrival) -> None:
        """Keep an event of the upstream server that wants an answer, before it goes to the client."""
        if self._recorder is not None and arrival.ack_id is not None:
            self._unanswered[arrival.ack_id] = arrival

    def dropped(self, arrival: Arrival) -> None:
        """Forget an event of the upstream server that did not go to the client."""
        if arrival.ack_id is not None:
            self._unanswered.pop(arrival.ack_id, None)

    def sent(self, arrival: Arrival) -> None:
        """Record an event of the upstream server that went to the client; one that was asked, once it is answered.

        When too many are unanswered, the oldest is recorded without an answer: the server has forgotten
        its callback.
        """
        if arrival.ack_id is None:
            refusal = refusal_of(arrival)
            self._write(arrival, asked=False, refused=None if refusal is None else refusal.code)
        elif len(self._unanswered) > self._most_unanswered:
            self._write_oldest()

    def answered(self, arrival: Arrival, answer: Sequence[Any]) -> None:
        """Record an event of the upstream server with the client's answer."""
        if arrival.ack_id is not None and self._unanswered.pop(arrival.ack_id, None) is not None:
            self._write(arrival, asked=True, ack=answer)

    def close(self) -> None:
        """Record the events that were not answered."""
        while self._unanswered:
            self._write_oldest()

    def _write_oldest(self) -> None:
        self._write(self._unanswered.pop(next(iter(self._unanswered))), asked=True)

    def _write(
        self, arrival: Arrival, *, asked: bool, ack: Sequence[Any] | None = None, refused: str | None = None
    ) -> None:
        if self._recorder is not None:
            self._recorder.happened(
                *self._who,
                "outbound",
                arrival.event,
                arrival.arguments,
                asked=asked,
                ack=ack,
                refused=refused,
            )
