"""One bench after the other: the namespaces of a server, and those that do not admit the user's client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..client.refusals import connect_refusal
from ..client.remote_client import ClosedError, ConnectRefusedError
from ..client.remote_http import UnreachableError
from ..diff.changes import place_of
from ..errors import RefusedError, shorten
from ..spec.instances import Choices, Instances, UnsatisfiableError
from ..spec.model.by_event import ByEvent
from ..testing.contract import Contract
from .before import LeadError
from .bench import Bench
from .doors import is_demanding
from .judge import FAILURES, Judge, Suspect
from .report import Finding
from .supply import Supply
from .target import ServerDownError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..client.remote_client import Address
    from ..spec.model import Namespace, Spec
    from .commands import Commands
    from .refusals import RefusalReader
    from .report import Report
    from .target import Target


class Benches:
    """Connects to the namespaces of a server, one at a time.

    Args:
        spec: The contract, as it is served.
        target: The server.
        addresses: Of each declared namespace that is tested, with what a client presents there.
        refusals: Reads what counts as a refusal.
        commands: Writes the lines that show findings.
        report: Receives what is found about the namespaces themselves.

    Attributes:
        open: The bench whose connections are open, or None.
    """

    def __init__(
        self,
        spec: Spec,
        target: Target,
        addresses: Mapping[str, Address],
        *,
        refusals: RefusalReader,
        commands: Commands,
        report: Report,
    ) -> None:
        self._spec = spec
        self._target = target
        self._addresses = addresses
        self._refusals = refusals
        self._commands = commands
        self._report = report
        self._contract = Contract(spec)
        self._instances = Instances(spec)
        self._supplies = {name: Supply(spec.namespaces[name]) for name in addresses}
        self.open: Bench | None = None
        self._closed: set[str] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """The declared namespaces that are tested."""
        return tuple(self._addresses)

    async def at(self, name: str) -> Bench | None:
        """Return the bench of a declared namespace, or None if the namespace does not admit the client.

        Raises:
            UnreachableError: The server could not be reached at the start.
            ConnectRefusedError: No namespace admits the client.
            ClosedError: The connection ended during the steps to the first namespace.
            LeadError: The server refused a step in the first namespace.
            ServerDownError: The server could not be reached later on.
        """
        if name in self._closed:
            return None
        if self.open is not None:
            if self.open.judge.name == name:
                return self.open
            await self.close()
        declared, address = self._spec.namespaces[name], self._addresses[name]
        judge = Judge(self._spec, declared, self._contract.of_namespace(address.namespace), self._refusals)
        supply = self._supplies[name]
        bench = Bench(self._target, address, judge, self._answers(declared), supply, self._report)
        try:
            await bench.start()
        except ConnectRefusedError as error:
            self._closed.add(name)
            self._refused(declared, connect_refusal(error.answer))
            if len(self._closed) == len(self._addresses) and not self._report.findings:
                raise
            return None
        except (UnreachableError, ClosedError, LeadError) as error:
            if self._report.sent:
                raise ServerDownError(str(error)) from None
            raise
        self._report.count_connection(name, "accepted")
        self.open = bench
        return bench

    async def close(self) -> None:
        """Close the connections of the bench that is open."""
        if self.open is not None:
            await self.open.close()
            self.open = None

    def _refused(self, declared: Namespace, refusal: RefusedError) -> None:
        """Report a namespace that refuses the client, as a finding if the document demands nothing of it."""
        reason = shorten(str(refusal))
        is_by_state = refusal.code not in (*FAILURES, RefusedError.code)
        if is_by_state or is_demanding(declared, self._spec):
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
        """Return what answers the server's events as the document has it."""
        sends = ByEvent(declared.sends, None)

        def answer(event: str) -> Sequence[Any]:
            sent = sends[event]
            if sent is None or sent.ack is None:
                return ()
            try:
                return self._instances.arguments(sent.ack, Choices.simplest())
            except UnsatisfiableError:
                return ()

        return answer
