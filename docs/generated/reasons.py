"""The closed sets of reasons, with where each one is seen."""

from __future__ import annotations

import inspect
from enum import StrEnum

from asynction_asgi import reasons as module

# By the set: where logs, observers and metrics have its values.
SEEN = {
    "Code": "`code` of a line of the log and of `Observer.refused`; `outcome` of `asynction_connects`,"
    " `asynction_events` and `asynction_emits`",
    "Close": "`Observer.closing`; `reason` of `asynction_closed`",
    "Rejection": "`Observer.rejected`; `reason` of `asynction_rejected`",
    "Credential": "`reason` of a line of the log, of `SecurityError` and of `asynction_credentials_refused`",
    "Connect": "`reason` of a line of the log",
    "Dropped": "`app.queue.dropped`; `reason` of `asynction_queue_dropped`",
    "Lost": "`app.queue.lost`; `reason` of `asynction_queue_lost`",
    "Unanswered": "`Observer.unanswered`; `reason` of a line of the log; `outcome` of `asynction_acks`",
}


def sets() -> dict[str, type[StrEnum]]:
    """Return the sets by their names, in the order of the module."""
    return {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, StrEnum) and value is not StrEnum
    }


def reasons() -> str:
    """Return a section for each set: what it is about, its values and where they are seen."""
    return "".join(_section(name, members) for name, members in sets().items())


def _section(name: str, members: type[StrEnum]) -> str:
    about = inspect.getdoc(members) or ""
    values = ", ".join(f"`{member.value}`" for member in members)
    return f"## {name}\n\n{about}\n\n- Seen as {SEEN[name]}\n- Values: {values}\n\n"
