"""What the document says of an exchange: pure, so that the same exchange is always judged alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..client.refusals import EXCEPTION
from ..diff.changes import place_of
from ..diff.places import place_of_rule
from ..errors import UndeclaredEventError, shorten
from ..spec.model.by_event import ByEvent
from ..spec.schemas import Mismatch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..client.remote_client import Arrival
    from ..diff.changes import Place
    from ..spec.model import Namespace, Spec
    from ..testing.cases import Case
    from ..testing.contract import NamespaceContract
    from .refusals import Refusal, RefusalReader
    from .session import Exchange

Code = Literal[
    "VALID_REFUSED",
    "INVALID_ACCEPTED",
    "NO_ANSWER",
    "NO_REFUSAL",
    "UNDECLARED_SILENCE",
    "INVALID_ACK",
    "INVALID_EMIT",
    "UNDECLARED_EMIT",
    "OPEN_DOOR",
    "CONNECTION_LOST",
    "RATE_EXCEEDED",
    "SERVER_DOWN",
]
CODES: dict[Code, str] = {
    "VALID_REFUSED": "an event that the document allows was refused",
    "INVALID_ACCEPTED": "an event that the document forbids was acknowledged without a refusal",
    "NO_ANSWER": "an event that the document allows was not acknowledged",
    "NO_REFUSAL": "an event that the document forbids was not acknowledged",
    "UNDECLARED_SILENCE": "an event that the document does not declare was not acknowledged",
    "INVALID_ACK": "an acknowledgement does not match the document",
    "INVALID_EMIT": "the server sent an event that does not match the document",
    "UNDECLARED_EMIT": "the server sent an event that the document does not declare",
    "OPEN_DOOR": "a client was admitted that does not present what the document requires",
    "CONNECTION_LOST": "the connection ended on an event that the document allows",
    "RATE_EXCEEDED": "more events were accepted than a rate of the document lets through",
    "SERVER_DOWN": "the server no longer answers, or floods its clients",
}
# By these a server says that an event which the document allows is wrong, or that it failed itself.
# Any other code, such as `forbidden`, may be about the state that the connection is in.
FAILURES = frozenset({"invalid_payload", "unknown_event", "invalid_ack", "internal_error"})

# Where a server misses a check, it often misses it everywhere; what it sends wrongly has a reason at each place.
_BY_PLACE = frozenset({"INVALID_ACK", "INVALID_EMIT"})

Outcome = Literal["accepted", "refused", "state", "unobservable", "lost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """Something in an exchange that contradicts the document.

    Attributes:
        code: What it is.
        namespace: As declared.
        event: The event that it is about: the one that was sent, or one that the server sent.
        pointer: The place in the value that it is about.
        keyword: The keyword that it is about; ``""`` if it is about none.
        message: One sentence.
        place: Where the document says otherwise.
        is_overheard: Whether another client received it, and not the one that sent the event.
        needs_another: Whether it counts only if the server accepts another value of this event.
    """

    code: Code
    namespace: str
    event: str
    pointer: str = ""
    keyword: str = ""
    message: str
    place: Place
    is_overheard: bool = False
    needs_another: bool = False

    @property
    def group(self) -> tuple[str, ...]:
        """What it shares with those that are reported with it."""
        shared = (self.code, self.namespace, self.event, self.keyword)
        return (*shared, self.place.pointer) if self.code in _BY_PLACE else shared

    @property
    def spot(self) -> tuple[str, ...]:
        """What it shares with itself when it is repeated or made smaller."""
        return (*self.group, self.pointer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What an exchange says.

    Attributes:
        outcome: ``accepted``, ``refused``, refused by ``state``, ``unobservable`` if nothing came back and
            nothing had to, or ``lost`` if the connection ended.
        code: Of the refusal, or None.
        suspects: What contradicts the document.
    """

    outcome: Outcome
    code: str | None = None
    suspects: tuple[Suspect, ...] = ()


class Judge:
    """Judges the exchanges of one namespace.

    Args:
        spec: The contract, as it is served.
        declared: The namespace.
        contract: Its checks.
        refusals: Reads what counts as a refusal.
    """

    def __init__(
        self, spec: Spec, declared: Namespace, contract: NamespaceContract, refusals: RefusalReader
    ) -> None:
        self._spec = spec
        self._declared = declared
        self._sends = ByEvent(declared.sends, None)
        self._contract = contract
        self._refusals = refusals

    @property
    def name(self) -> str:
        """The namespace, as declared."""
        return self._declared.name

    def is_answer(self, arrival: Arrival, event: str) -> bool:
        """Return whether an event of the server's refuses another one."""
        return EXCEPTION not in self._declared.sends and self._refusals.in_event(arrival, event) is not None

    def judge(self, case: Case, exchange: Exchange, overheard: Sequence[Arrival] = ()) -> Judgement:
        """Return what an exchange says.

        Args:
            case: What was sent.
            exchange: What came back.
            overheard: What another client received meanwhile.
        """
        refusal = self._refusal(case, exchange)
        answer = (
            self._valid(case, exchange, refusal) if case.is_valid else self._faulty(case, exchange, refusal)
        )
        suspects = list(answer.suspects)
        if case.is_valid and exchange.ended is not None and answer.outcome != "lost":
            suspects.append(self._lost(case, exchange.ended))
        suspects += self.judge_emits(exchange.arrivals, overheard)
        return Judgement(outcome=answer.outcome, code=answer.code, suspects=tuple(suspects))

    def judge_emits(self, arrivals: Sequence[Arrival], overheard: Sequence[Arrival]) -> list[Suspect]:
        """Return what contradicts the document in events that the server sent, each once.

        Args:
            arrivals: To the client that sends.
            overheard: To another client.
        """
        found = [*self._emits(arrivals, is_overheard=False), *self._emits(overheard, is_overheard=True)]
        return list({suspect.spot: suspect for suspect in reversed(found)}.values())[::-1]

    def _refusal(self, case: Case, exchange: Exchange) -> Refusal | None:
        if exchange.answer is not None:
            refusal = self._refusals.in_answer(exchange.answer)
            if refusal is None or refusal.is_standard or not case.is_valid:
                return refusal
            # The document may declare answers that look like this.
            return refusal if self._ack_mismatch(case, exchange.answer) is not None else None
        answering = (arrival for arrival in exchange.arrivals if self.is_answer(arrival, case.event))
        return next((self._refusals.in_event(arrival, case.event) for arrival in answering), None)

    def _valid(self, case: Case, exchange: Exchange, refusal: Refusal | None) -> Judgement:
        if refusal is not None:
            return self._refused(case, refusal)
        assert case.declared is not None  # noqa: S101  # it is valid
        if exchange.answer is not None:
            mismatch = self._ack_mismatch(case, exchange.answer)
            if mismatch is None:
                return Judgement(outcome="accepted")
            violation = mismatch.violations[0] if mismatch.violations else None
            suspect = Suspect(
                code="INVALID_ACK",
                namespace=self._declared.name,
                event=case.event,
                pointer="" if violation is None else violation.pointer,
                keyword="" if violation is None else violation.keyword,
                message=f"the acknowledgement of {case.event!r} does not match the document: "
                + ("none is declared" if violation is None else _about(violation)),
                place=place_of_rule(mismatch, self._spec) or place_of(case.declared.node),
            )
            return Judgement(outcome="accepted", suspects=(suspect,))
        if exchange.ended is not None:
            return Judgement(outcome="lost", suspects=(self._lost(case, exchange.ended),))
        if case.declared.ack is None:
            return Judgement(outcome="accepted")
        return Judgement(
            outcome="unobservable",
            suspects=(self._suspect("NO_ANSWER", case, f"{case.event!r} was not acknowledged"),),
        )

    def _refused(self, case: Case, refusal: Refusal) -> Judgement:
        code = refusal.code
        if code is not None and code not in FAILURES:
            return Judgement(outcome="state", code=code)
        why = "" if code is None else f" as {code}"
        suspect = self._suspect(
            "VALID_REFUSED",
            case,
            f"{case.event!r} was refused{why}, though the document accepts it",
            needs_another=code is None,
        )
        return Judgement(outcome="refused", code=code, suspects=(suspect,))

    def _faulty(self, case: Case, exchange: Exchange, refusal: Refusal | None) -> Judgement:
        if refusal is not None:
            return Judgement(outcome="refused", code=refusal.code)
        if exchange.answer is not None:
            message = f"{case.event!r} was accepted, {self._why(case)}"
            return Judgement(outcome="accepted", suspects=(self._suspect("INVALID_ACCEPTED", case, message),))
        if exchange.ended is not None:
            return Judgement(outcome="lost")
        if case.declared is None:
            message = f"{case.event!r} was neither refused nor acknowledged, {self._why(case)}"
            return Judgement(
                outcome="unobservable", suspects=(self._suspect("UNDECLARED_SILENCE", case, message),)
            )
        if case.declared.ack is None:
            return Judgement(outcome="unobservable")
        message = f"{case.event!r} was neither refused nor acknowledged, {self._why(case)}"
        return Judgement(outcome="unobservable", suspects=(self._suspect("NO_REFUSAL", case, message),))

    def _lost(self, case: Case, reason: str) -> Suspect:
        return self._suspect("CONNECTION_LOST", case, f"the connection ended on {case.event!r}: {reason}")

    def _why(self, case: Case) -> str:
        if case.mismatch is None:
            return "though the document does not declare it"
        return f"though it does not match the document: {_about(case.mismatch.violations[0])}"

    def _suspect(self, code: Code, case: Case, message: str, *, needs_another: bool = False) -> Suspect:
        node = self._declared.node if case.declared is None else case.declared.node
        place = None if case.mismatch is None else place_of_rule(case.mismatch, self._spec)
        return Suspect(
            code=code,
            namespace=self._declared.name,
            event=case.event,
            pointer=case.pointer,
            keyword=case.keyword,
            message=message,
            place=place or place_of(node),
            needs_another=needs_another,
        )

    def _ack_mismatch(self, case: Case, answer: Sequence[Any]) -> Mismatch | None:
        if case.declared is None:
            return None
        _, check = self._contract.find("inbound", case.event)
        if check is None:
            return Mismatch(()) if answer else None
        try:
            check(answer)
        except Mismatch as mismatch:
            return mismatch
        return None

    def _emits(self, arrivals: Sequence[Arrival], *, is_overheard: bool) -> Iterator[Suspect]:
        for arrival in arrivals:
            name = shorten(arrival.event)
            try:
                check, _ = self._contract.find("outbound", arrival.event)
                check(arrival.arguments)
            except UndeclaredEventError as error:
                if arrival.event != EXCEPTION:
                    yield Suspect(
                        code="UNDECLARED_EMIT",
                        namespace=self._declared.name,
                        event=name,
                        message=f"the server sent {name!r}: {shorten(error.message, 300)}",
                        place=place_of(self._declared.node),
                        is_overheard=is_overheard,
                    )
            except Mismatch as mismatch:
                violation = mismatch.violations[0]
                yield Suspect(
                    code="INVALID_EMIT",
                    namespace=self._declared.name,
                    event=name,
                    pointer=violation.pointer,
                    keyword=violation.keyword,
                    message=f"the server sent {name!r}, which does not match the document:"
                    f" {_about(violation)}",
                    place=place_of_rule(mismatch, self._spec)
                    or place_of((self._sends[arrival.event] or self._declared).node),
                    is_overheard=is_overheard,
                )


def _about(violation: Any) -> str:
    return f"{violation.pointer or 'the arguments'}: {violation.message}"
