"""The run: every case of a plan is sent, and what contradicts the document is looked into at once."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ..client.remote_client import FloodError
from ..diff.changes import place_of
from .doors import doors_of, try_door
from .inquiry import Inquiry
from .judge import Judgement, Suspect
from .rate_trial import exceed, trials_of
from .report import Finding
from .session import Exchange
from .target import ServerDownError
from .wire import packets, survives

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..spec.model import Spec
    from ..testing.cases import Case
    from .bench import Bench
    from .benches import Benches
    from .commands import Commands
    from .plan import Batch
    from .report import Report
    from .target import Target

_SHOWN = 5  # events before a server's end


class Run:
    """Sends the cases of a plan to a server.

    Args:
        spec: The contract, as it is served.
        target: The server.
        benches: Connects to its namespaces.
        commands: Writes the lines that show findings.
        report: Filled as the run goes on.
        progress: Receives a line about what is being done.
    """

    def __init__(
        self,
        spec: Spec,
        target: Target,
        benches: Benches,
        *,
        commands: Commands,
        report: Report,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._spec = spec
        self._target = target
        self._commands = commands
        self._report = report
        self._progress = progress
        self._benches = benches
        self._inquiry = Inquiry(spec, commands=commands, report=report, is_over=lambda: target.is_over)
        self._tried_doors: set[str] = set()
        self._rated: dict[str, None] = {}  # in order
        self._packet = ""
        self._recent: deque[Case] = deque(maxlen=_SHOWN)

    async def run(self, batches: Iterable[Batch], *, wire: bool = False) -> None:
        """Send all cases, or as many as the time allows.

        Args:
            batches: In this order; each is made when the one before it was sent.
            wire: Send broken packets as well, after everything else.

        Raises:
            UnreachableError: The server could not be reached at the start.
            ConnectRefusedError: Every namespace refused the connection.
            ClosedError: The connection ended during the steps to the first namespace.
            LeadError: The server refused a step.
        """
        try:
            for batch in batches:
                self._report.planned += len(batch.cases)
                await self._await_late(unless=batch.namespace)
                await self._send_batch(batch)
                if self._report.stopped:
                    break
            await self._await_late()
            for name in self._rated:  # at the end, since nothing passes for a while after it
                await self._try_rates(name)
            for name in self._benches.names if wire else ():
                await self._send_packets(name)
        except ServerDownError as error:
            after = f" after {self._packet}" if self._packet else ""
            self._down(f"the server no longer answers{after}: {error}")
        except FloodError as error:
            self._down(f"the server floods: {error}")
        finally:
            self._inquiry.give_up()
            self._report.seconds = self._target.elapsed
            await self._benches.close()

    async def _send_batch(self, batch: Batch) -> None:
        report = self._report
        bench = await self._benches.at(batch.namespace)
        if bench is None:
            return
        if batch.phase == "faults":
            await self._try_doors(bench)
            self._rated[batch.namespace] = None
        for number, case in enumerate(batch.cases):
            if self._target.is_over:
                report.stopped = f"the time of {self._target.budget:g} s is up"
                return
            self._progress(
                f"{batch.phase} of {case.event!r} in {batch.namespace}: {number} of {len(batch.cases)},"
                f" {len(report.findings)} found"
            )
            await self._send(bench, case)
        await self._inquiry.look_at_pending(bench)

    async def _send(self, bench: Bench, case: Case) -> None:
        if self._inquiry.is_needless(case):
            self._report.skipped += 1
            return
        last = self._recent[-1] if self._recent else None
        reason = bench.why_ended()
        if reason is not None and last is not None and last.namespace == case.namespace and last.is_valid:
            judgement = bench.judge.judge(last, Exchange(ended=reason))
            await self._inquiry.look_into(bench, last, judgement, Exchange(ended=reason), self._recent)
        if not await bench.may_send(case.event):
            self._report.limited += 1
            return
        self._recent.append(case)
        exchange, overheard = await bench.send(case)
        judgement = bench.judge.judge(case, exchange, overheard)
        self._report.count_case(case, exchange, judgement)
        self._inquiry.note(case, judgement)
        await self._inquiry.look_into(bench, case, judgement, exchange, self._recent)

    async def _await_late(self, *, unless: str | None = None) -> None:
        """Look into what the server sends late, before a namespace is left for another one than `unless`."""
        bench = self._benches.open
        last = self._recent[-1] if self._recent else None
        if bench is None or last is None or self._target.is_over:
            return
        if last.namespace == bench.judge.name != unless:
            exchange, overheard = await bench.await_late()
            suspects = tuple(bench.judge.judge_emits(exchange.arrivals, overheard))
            judgement = Judgement(outcome="unobservable", suspects=suspects)
            await self._inquiry.look_into(bench, last, judgement, exchange, self._recent)

    async def _try_doors(self, bench: Bench) -> None:
        """Connect with what the document does not admit, once per namespace."""
        if bench.judge.name in self._tried_doors:
            return
        self._tried_doors.add(bench.judge.name)
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

    async def _try_rates(self, name: str) -> None:
        """Exceed each rate of a namespace once."""
        bench = await self._benches.at(name)
        declared = self._spec.namespaces[name]
        if bench is None:
            return
        for trial in trials_of(declared, self._inquiry.accepted(name)):
            if self._target.is_over:
                return
            self._progress(f"exceeding the rate of {trial.what} in {name}")
            verdict = await exceed(bench, trial)
            if verdict.is_refused:
                self._report.count_refused(name, trial.case.event)
            elif verdict.problem:
                suspect = Suspect(
                    code="RATE_EXCEEDED",
                    namespace=name,
                    event=trial.case.event,
                    keyword="x-rate",
                    message=f"{verdict.problem}, though the rate of {trial.what} is {trial.rate}",
                    place=place_of(trial.rate.node),
                )
                command = self._commands.call(trial.case)
                self._report.add(Finding(suspect=suspect, case=trial.case, command=command))

    async def _send_packets(self, name: str) -> None:
        bench = await self._benches.at(name)
        if bench is None:
            return
        for what, packet in packets(bench.address.namespace):
            if self._target.is_over:
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
        name = self._benches.names[0] if last is None else last.namespace
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
