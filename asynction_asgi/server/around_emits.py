"""Hooks around emits: they measure, drop, and pass other data."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from .around import check_hook

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from ..engine import Audience

    Proceed: TypeAlias = "Callable[..., Awaitable[Any]]"
    AroundEmit: TypeAlias = "Callable[[Emission, Proceed], Awaitable[Any]]"
    Send: TypeAlias = "Callable[[Emission], Awaitable[Any]]"
    Check: TypeAlias = "Callable[[str, Any, str, Any], Any]"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Emission:
    """One emit, call or question to many, once for all recipients, whose data match the document.

    A hook that wants other data passes them to ``proceed``, which checks them.

    Attributes:
        kind: ``emit``, or ``call`` where the answer is waited for, or ``ask`` where those of many are.
        event: The event's name.
        data: A tuple of its arguments.
        namespace: The concrete namespace.
        to: The sid or room addressed, several, or None for all clients.
        skip_sid: Who is left out.
    """

    kind: Literal["emit", "call", "ask"]
    event: str
    data: Any
    _: KW_ONLY
    namespace: str
    to: Audience | None
    skip_sid: str | Collection[str] | None = None

    def __repr__(self) -> str:
        return f"<Emission {self.kind} {self.event!r} in {self.namespace}>"


class AroundEmits:
    """The hooks of an application around what it sends; the first that is registered is outermost."""

    def __init__(self) -> None:
        self._hooks: list[AroundEmit] = []

    def __bool__(self) -> bool:
        return bool(self._hooks)

    def add(self, hook: AroundEmit) -> None:
        """Register a hook.

        Raises:
            TypeError: It is not a coroutine function that takes an emission and ``proceed``.
        """
        check_hook(hook, "around_emit", "emission")
        self._hooks.append(hook)

    async def run(self, emission: Emission, check: Check, send: Send) -> Any:
        """Run the hooks, and `send` inside them.

        Args:
            emission: What is sent.
            check: Checks other data that a hook passes on, and returns them as they are sent.
            send: Sends the emission.
        """
        run = send
        for hook in reversed(self._hooks):
            run = _link(hook, run, check)
        return await run(emission)


def _link(hook: AroundEmit, run: Send, check: Check) -> Send:
    async def linked(emission: Emission) -> Any:
        async def proceed(*data: Any) -> Any:
            if data:
                (other,) = data
                checked = check(emission.event, other, emission.namespace, emission.to)
                return await run(replace(emission, data=checked))
            return await run(emission)

        return await hook(emission, proceed)

    return linked
