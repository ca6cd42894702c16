"""The run: every case of a plan is sent, and what contradicts the document is looked into at once."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any

from ..client.refusals import connect_refusal
from ..client.remote import ClosedError, ConnectRefusedError, FloodError, UnreachableError
from ..diff.changes import place_of
from ..errors import RefusedError, shorten
from ..spec.instances import Choices, Instances, UnsatisfiableError
from ..spec.model.arguments import compile_arguments
from ..testing.contract import Contract
from .before import LeadError
from .bench import Bench
from .confirm import confirm, shrink
from .doors import doors_of, is_demanding, try_door
from .judge import FAILURES, Judge, Suspect
from .report import Finding
from .session import Exchange
from .target import ServerDownError
from .wire import packets, survives

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..client.remote import Address
    from ..spec.model import Namespace, Spec
    from ..testing.cases import Case
    from .commands import Commands
    from .confirm import Repeated
    from .judge import Judgement
    from .plan import Batch
    from .refusals import Refusals
    from .report import Report
    from .target import Target

__all__ = ["Run"]

_EQUAL = 3  # suspects of a keyword at a place, before its other cases are left out
_ATTEMPTS = 3  # to confirm what does not repeat
_SHOWN = 5  # events before a server's end
_EARLIER = 3  # cases that may have caused what arrives with the next one
# What is about an event as a whole until the server has shown that it knows better.
_BROAD = frozenset({"NO_ANSWER", "VALID_REFUSED", "CONNECTION_LOST", "NO_REFUSAL"})
# What says something of the case's own place and keyword, unlike what the server sends.
_ABOUT_CASE = frozenset({*_BROAD, "INVALID_ACCEPTED"})


class Run:
    """Sends the cases of a plan to a server.

    Args:
        spec: The contract, as it is served.
        target: The server.
        addresses: Of each declared namespace that is tested, with what a client presents there.
        refusals: Reads what counts as a refusal.
        commands: Writes the lines that show findings.
        report: Filled as the run goes on.
        progress: Receives a line about what is being done.
    """

    def __init__(
        self,
        spec: Spec,
        target: Target,
        addresses: Mapping[str, Address],
        *,
        refusals: Refusals,
        commands: Commands,
        report: Report,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._spec = spec
        self._target = target
        self._addresses = addresses
        self._refusals = refusals
        self._commands = commands
        self._report = report
        self._progress = progress
        self._contract = Contract(spec)
        self._instances = Instances(spec)
        self._bench: Bench | None = None
        self._untested: set[str] = set()
        self._equal: Counter[tuple[str, str, str, str]] = Counter()
        self._attempts: Counter[tuple[str, ...]] = Counter()
        self._accepted: dict[tuple[str, str], Case] = {}
        self._refused: set[tuple[str, str]] = set()
        self._pending: list[tuple[Suspect, Case]] = []
        self._packet = ""
        self._recent: deque[Case] = deque(maxlen=_SHOWN)

    async def run(self, batches: Sequence[Batch], *, wire: bool = False) -> None:
        """Send all cases, or as many as the time allows.

        Args:
            batches: In this order.
            wire: Send broken packets as well, after everything else.

        Raises:
            UnreachableError: The server could not be reached at the start.
            ConnectRefusedError: Every namespace refused the connection.
            ClosedError: The connection ended during the steps to the first namespace.
            LeadError: The server refused a step.
        """
        report, target = self._report, self._target
        report.planned = sum(len(batch.cases) for batch in batches)
        try:
            await self._send_all(batches)
            for name in self._addresses if wire else ():
                await self._send_packets(name)
        except ServerDownError as error:
            self._down(
                f"the server no longer answers{f' after {self._packet}' if self._packet else ''}: {error}"
            )
        except FloodError as error:
            self._down(f"the server floods: {error}")
        finally:
            report.seconds = target.elapsed
            if self._bench is not None:
                await self._bench.close()

    async def _send_all(self, batches: Sequence[Batch]) -> None:
        report, target = self._report, self._target
        for batch in batches:
            if batch.namespace in self._untested:
                continue
            bench = await self._at(batch.namespace)
            if bench is None:
                continue
            if batch.phase == "faults":
                await self._try_doors(bench)
            for number, case in enumerate(batch.cases):
                if target.is_over:
                    report.stopped = f"the time of {target.budget:g} s is up"
                    return
                self._progress(
                    f"{batch.phase} of {batch.namespace}: {number} of {len(batch.cases)},"
                    f" {len(report.findings)} found"
                )
                await self._send(bench, case)
            await self._look_at_pending(bench)

    async def _at(self, name: str) -> Bench | None:
        """Return the bench of a declared namespace, or None if it can't be tested."""
        if self._bench is not None:
            if self._bench.judge.name == name:
                return self._bench
            await self._bench.close()
            self._bench = None
        declared = self._spec.namespaces[name]
        address = self._addresses[name]
        judge = Judge(self._spec, declared, self._contract.of_namespace(address.namespace), self._refusals)
        bench = Bench(self._target, address, judge, self._answers(declared), self._report)
        try:
            await bench.start()
        except ConnectRefusedError as error:
            self._untested.add(name)
            self._not_admitted(declared, connect_refusal(error.answer))
            if len(self._untested) == len(self._addresses) and not self._report.findings:
                raise
            return None
        except (UnreachableError, ClosedError, LeadError) as error:
            if self._report.sent:
                raise ServerDownError(str(error)) from None
            raise
        self._report.count_connection(name, "accepted")
        self._bench = bench
        self._recent.clear()
        return bench

    def _not_admitted(self, declared: Namespace, refusal: RefusedError) -> None:
        reason = shorten(str(refusal))
        if is_demanding(declared, self._spec) or (
            refusal.code not in FAILURES and refusal.code != RefusedError.code
        ):
            self._report.untested[declared.name] = reason
            return
        suspect = Suspect(
            code="VALID_REFUSED",
            namespace=declared.name,
            event="connect",
            message=f"the connection to {declared.name!r} was refused, though the document demands nothing of"
            f" clients: {reason}",
            place=place_of(declared.node),
        )
        self._report.add(Finding(suspect=suspect, command=self._commands.listen(declared.name)))

    def _answers(self, declared: Namespace) -> Callable[[str], Sequence[Any]]:
        def answer(event: str) -> Sequence[Any]:
            sent = declared.sends.get(event) or declared.sends.get("*")
            if sent is None or sent.ack is None:
                return ()
            try:
                return self._instances.arguments(sent.ack, Choices.simplest())
            except UnsatisfiableError:
                return ()

        return answer

    async def _send(self, bench: Bench, case: Case) -> None:
        key = (case.namespace, case.event, case.pointer, case.keyword)
        if case.keyword and self._equal[key] >= _EQUAL:
            self._report.skipped += 1
            return
        reason = bench.why_ended()
        if reason is not None and self._recent and self._recent[-1].is_valid:
            last = self._recent[-1]
            await self._look_into(bench, last, bench.judge.judge(last, Exchange(ended=reason)), Exchange())
        self._recent.append(case)
        exchange, overheard = await bench.send(case)
        judgement = bench.judge.judge(case, exchange, overheard)
        self._report.count_case(case, exchange, judgement)
        if judgement.outcome == "accepted" and case.is_valid:
            self._accepted.setdefault((case.namespace, case.event), case)
        elif judgement.outcome == "refused" and not case.is_valid:
            self._refused.add((case.namespace, case.event))
        if any(suspect.code in _ABOUT_CASE for suspect in judgement.suspects):
            self._equal[key] += 1
        await self._look_into(bench, case, judgement, exchange)

    async def _look_into(self, bench: Bench, case: Case, judgement: Judgement, exchange: Exchange) -> None:
        """Confirm each suspect that is new, make it small and report it."""
        for suspect in judgement.suspects:
            key = (suspect.namespace, suspect.event)
            is_broad = suspect.code in _BROAD and key not in (
                self._refused if suspect.code == "NO_REFUSAL" else self._accepted
            )
            known = self._report.known(suspect, of_event=is_broad)
            if known is not None and (known.is_confirmed or self._attempts[suspect.group] >= _ATTEMPTS):
                self._report.count_again(known, suspect)
            elif suspect.needs_another and key not in self._accepted:
                self._pending.append((suspect, case))
            else:
                await self._confirm(bench, suspect, case, exchange)

    async def _confirm(self, bench: Bench, suspect: Suspect, case: Case, exchange: Exchange) -> None:
        self._attempts[suspect.group] += 1
        self._progress(f"repeating {suspect.code} of {suspect.event!r}")
        earlier = [recent for recent in list(self._recent)[::-1] if recent is not case][:_EARLIER]
        another = self._accepted.get((case.namespace, case.event))
        repeated = await confirm(bench, suspect, case, earlier, another)
        if repeated is None:
            if not suspect.needs_another:
                self._report.add(Finding(suspect=suspect, case=case, exchange=exchange, is_confirmed=False))
            return
        if repeated.case is not None and repeated.case.declared is not None:
            check = compile_arguments(repeated.case.declared.arguments, self._spec.bundle)
            repeated = await shrink(bench, repeated, check, is_over=lambda: self._target.is_over)
        known = self._report.known(repeated.suspect)
        if known is not None and known.is_confirmed:  # an earlier case's
            self._report.count_again(known, repeated.suspect)
        else:
            self._report.add(self._finding(repeated))

    def _finding(self, repeated: Repeated) -> Finding:
        return Finding(
            suspect=repeated.suspect,
            case=repeated.case,
            exchange=repeated.exchange,
            command=self._commands.of(repeated),
        )

    async def _look_at_pending(self, bench: Bench) -> None:
        """Look again at refusals without a code: a server that accepts nothing may not be in the right state."""
        pending, self._pending = self._pending, []
        for suspect, case in pending:
            if (suspect.namespace, suspect.event) not in self._accepted:
                self._report.by_state["no code"] += 1
            elif (known := self._report.known(suspect)) is not None:
                self._report.count_again(known, suspect)
            elif not self._target.is_over:
                await self._confirm(bench, suspect, case, Exchange())

    async def _try_doors(self, bench: Bench) -> None:
        """Connect with what the document does not admit."""
        declared = self._spec.namespaces[bench.judge.name]
        for door in doors_of(declared, self._spec, bench.address, seed=self._report.seed):
            if self._target.is_over:
                return
            self._progress(f"connecting to {declared.name} {door.what}")
            await self._target.pace()
            if not await try_door(door, seconds=self._target.seconds):
                self._report.count_connection(declared.name, "refused")
                continue
            suspect = Suspect(
                code="OPEN_DOOR",
                namespace=declared.name,
                event="connect",
                keyword=door.keyword,
                message=f"a client was admitted to {declared.name!r} {door.what}",
                place=door.place,
            )
            known = self._report.known(suspect)
            if known is not None:
                self._report.count_again(known, suspect)
            else:
                self._report.add(
                    Finding(suspect=suspect, command=self._commands.listen(declared.name, door.address))
                )

    async def _send_packets(self, name: str) -> None:
        bench = None if name in self._untested else await self._at(name)
        for what, packet in packets(bench.address.namespace) if bench is not None else ():
            if bench is None or self._target.is_over:
                return
            self._progress(f"sending {what} to {name}")
            self._report.tried[name, "", "wire"] += 1
            self._packet = what
            reason = await survives(bench, packet)
            if reason is not None:
                suspect = Suspect(
                    code="CONNECTION_LOST",
                    namespace=name,
                    event="",
                    keyword="wire",
                    message=f"the connection of another client ended on {what}, {packet!r}: {reason}",
                    place=place_of(self._spec.namespaces[name].node),
                )
                self._report.add(Finding(suspect=suspect))
        self._packet = ""

    def _down(self, reason: str) -> None:
        last = self._recent[-1] if self._recent else None
        name = next(iter(self._addresses)) if last is None else last.namespace
        node = (
            self._spec.namespaces[name].node if last is None or last.declared is None else last.declared.node
        )
        suspect = Suspect(
            code="SERVER_DOWN",
            namespace=name,
            event="connect" if last is None else last.event,
            message=reason,
            place=place_of(node),
        )
        self._report.stopped = reason.partition(":")[0]
        recent = tuple(self._recent)
        self._report.add(
            Finding(
                suspect=suspect,
                case=last,
                before=recent,
                command="\n".join(self._commands.call(case) for case in recent),
            )
        )
