"""`Guard`: checks every event of a connection, for as long as it lasts."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Protocol

from ...engine import ConnectionRefusedError as RefusedByHandlerError
from ...errors import SecurityError
from ...reasons import Credential
from .authenticate import authenticate
from .presented import Presented

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ...errors import RefusedError
    from ...spec.model import Security
    from ..socket import Socket
    from .identity import Identity
    from .schemes import Scheme

    Grant = tuple[Socket, float | None] | SecurityError

# The longest timer, so that a clock that was put forward is noticed within this time.
_LONGEST_TIMER = 60.0
# Clients may miss an end that arrives together with the answer to their CONNECT.
_SHORTEST_TIMER = 0.02


class Requirements(Protocol):
    """What one declared namespace requires; `NamespaceRules`, as a guard sees it."""

    @property
    def required(self) -> Security:
        """What a CONNECT must satisfy."""
        ...

    @property
    def reauth(self) -> str | None:
        """The event that carries fresh credentials, or None."""
        ...

    @property
    def schemes(self) -> Mapping[str, Scheme]:
        """The required schemes, by name."""
        ...

    def of_event(self, event: str) -> Security | None:
        """Return what an event requires by itself, or None."""
        ...


class Guard:
    """The identity of one connection, the credentials kept for its events, and its end.

    Args:
        rules: What the namespace requires.
        presented: What the client presented when it connected.
        identity: The client's identity, or None if the namespace is public or its security optional.
        socket: Receives user and token info, now and when they are renewed.
    """

    __slots__ = ("_expires", "_grants", "_lock", "_on_expiry", "_presented", "_rules", "_socket", "_timer")

    def __init__(
        self, rules: Requirements, presented: Presented, identity: Identity | None, socket: Socket
    ) -> None:
        self._rules = rules
        self._presented = presented
        self._socket = socket
        self._expires: float | None = None
        self._grants: dict[int, Grant] = {}  # keyed by id(requirement), which is faster than hashing it
        self._lock = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._on_expiry: Callable[[RefusedError], None] | None = None
        if identity is not None:
            self._take(identity)

    def _take(self, identity: Identity) -> None:
        self._expires = identity.expires
        self._socket.user, self._socket.token_info = identity.user, identity.token_info

    @property
    def satisfied(self) -> frozenset[str]:
        """Names of the schemes that the client's credentials have satisfied so far."""
        verdicts = self._presented.verdicts.items()
        return frozenset(name for (name, _), verdict in verdicts if verdict.info is not None)

    def start(self, on_expiry: Callable[[RefusedError], None]) -> None:
        """Call `on_expiry` once, with what to tell the client, when the session has ended."""
        self._on_expiry = on_expiry
        self._set_timer()

    def close(self) -> None:
        """Forget the timer and the credentials."""
        self._on_expiry = None
        self._presented = Presented({}, None)
        self._grants.clear()
        self._set_timer()

    async def admit(self, event: str, arguments: Sequence[Any]) -> Socket:
        """Admit an event to its handler, or raise.

        Returns:
            The socket for the handler, with the user that the event's own requirement found, if there is one.

        Raises:
            SecurityError: The session has ended, or the credentials don't suffice.
            RefusedError: A security function refused with words of its own, or failed.
        """
        if self._expires is not None and self._expires <= time.time():
            raise _expired()
        if event == self._rules.reauth:
            async with self._lock:
                await self._renew(arguments[0] if arguments else None, self._rules.of_event(event))
        security = self._rules.of_event(event)
        if security is None:
            return self._socket
        grant = self._grants.get(id(security))
        if grant is None:
            async with self._lock:
                grant = self._grants.get(id(security)) or await self._decide(security)
        if isinstance(grant, SecurityError):
            raise _again(grant)
        seen, until = grant
        if until is not None and until <= time.time():
            raise SecurityError(reason=Credential.EXPIRED, detail="it has expired since it was presented")
        return seen

    async def _decide(self, security: Security) -> Grant:
        """Evaluate a requirement, once for each set of credentials."""
        grant: Grant
        try:
            identity = await self._authenticate(security, self._presented)
        except SecurityError as error:
            grant = error.with_traceback(None)
        else:
            grant = (self._seen_as(identity), None if identity is None else identity.expires)
        self._grants[id(security)] = grant
        return grant

    async def _authenticate(
        self, security: Security, presented: Presented, *, fresh: bool = False
    ) -> Identity | None:
        """Authenticate for an event, whose only form of refusal is the standard one.

        Raises:
            SecurityError: The credentials don't suffice.
            RefusedError: A security function refused with words of its own, or failed.
        """
        try:
            return await authenticate(security, self._rules.schemes, presented, fresh=fresh)
        except RefusedByHandlerError as error:
            raise SecurityError(message=error.error_args["message"]) from None

    def _seen_as(self, identity: Identity | None) -> Socket:
        if identity is None:
            return self._socket
        user = self._socket.user if identity.user is None else identity.user
        return self._socket.seen_as(user, identity.token_info)

    async def _renew(self, auth: Any, own: Security | None) -> None:
        """Replace the kept credentials with fresh ones; refused credentials change nothing.

        Args:
            auth: The new auth object; the opening request stays the same.
            own: What the re-authentication event itself requires.

        Raises:
            SecurityError: They don't suffice, are not fresh, or belong to another user.
        """
        presented = Presented(self._presented.scope, auth)
        wanted = [security for security in (self._rules.required, own) if security]
        found = [
            await self._authenticate(security, presented, fresh=security is wanted[0]) for security in wanted
        ]
        identity = found[0] if self._rules.required else None
        if identity is not None and self._socket.user not in (None, identity.user):
            # Its rooms and session belong to the user that connected.
            raise SecurityError("forbidden", reason=Credential.OTHER_USER, detail="it is of another user")
        if self._on_expiry is None:
            raise _expired()  # meanwhile
        if identity is not None:
            self._take(identity)
        self._presented = presented
        self._grants.clear()
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._on_expiry is not None and self._expires is not None:
            delay = min(max(self._expires - time.time(), _SHORTEST_TIMER), _LONGEST_TIMER)
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(delay, self._check, self._expires, self._on_expiry)

    def _check(self, expires: float, on_expiry: Callable[[RefusedError], None]) -> None:
        if expires <= time.time():
            self._on_expiry = None
            on_expiry(_expired())
        else:
            self._set_timer()


def _expired() -> SecurityError:
    return SecurityError(message="the session has expired", reason=Credential.EXPIRED)


def _again(refusal: SecurityError) -> SecurityError:
    """Return a refusal that was kept, without the traceback of its first use."""
    return SecurityError(
        refusal.code,
        refusal.message,
        details=refusal.details,
        scheme=refusal.scheme,
        reason=refusal.reason,
        detail=refusal.detail,
    )
