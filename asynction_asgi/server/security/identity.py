"""Who a client is, for how long, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...reasons import Credential

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FOR_EVER = 1e15  # seconds; more than any clock counts, and exact as a float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The result of one scheme's function.

    Attributes:
        scheme: The scheme's name.
        info: What the function returned.
        expires: Epoch seconds, or None if it does not expire.
        fresh: Whether the credential came from the auth object.
    """

    scheme: str
    info: Mapping[str, Any] = field(repr=False)
    expires: float | None
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a scheme's function says of a credential.

    Attributes:
        info: What it returned; None if it refused the credential.
        expires: Epoch seconds, or None if it does not expire.
        scopes: What it grants.
        reason: Why it refused.
        detail: The same in words.
    """

    info: Mapping[str, Any] | None = field(default=None, repr=False)
    expires: float | None = None
    scopes: frozenset[str] = frozenset()
    reason: Credential = Credential.REVOKED
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a client is, by one alternative of the document's security.

    Attributes:
        user: ``sub``, else ``uid``, of the first scheme whose info has one, or None.
        token_info: What the security function returned; if several schemes were required together, a
            mapping from each scheme's name to its info.
        scopes: Every scope granted.
        expires: Epoch seconds at which the first of the credentials expires, or None.
        schemes: Names of the schemes satisfied.
        fresh: Whether one of the credentials came from the auth object.
    """

    user: Any
    token_info: Mapping[str, Any] = field(repr=False)
    scopes: frozenset[str]
    expires: float | None
    schemes: tuple[str, ...]
    fresh: bool

    @classmethod
    def of(cls, verified: Sequence[Verified]) -> Identity:
        """Combine the results of schemes that were required together; there is at least one."""
        users = (user for result in verified if (user := _user_of(result.info)) is not None)
        ends = [result.expires for result in verified if result.expires is not None]
        infos = {result.scheme: result.info for result in verified}
        return cls(
            user=next(users, None),
            token_info=infos[verified[0].scheme] if len(verified) == 1 else infos,
            scopes=frozenset().union(*(scopes_of(result.info) for result in verified)),
            expires=min(ends, default=None),
            schemes=tuple(result.scheme for result in verified),
            fresh=any(result.fresh for result in verified),
        )


def _user_of(info: Mapping[str, Any]) -> Any:
    user = info.get("sub")
    return info.get("uid") if user is None else user


def scopes_of(info: Mapping[str, Any]) -> frozenset[str]:
    """Return the scopes in ``scope``, ``scopes`` or ``scp``: a list, or a text separated by spaces.

    Raises:
        ValueError: They have another type.
    """
    granted = next((info[name] for name in ("scope", "scopes", "scp") if info.get(name) is not None), ())
    if isinstance(granted, str):
        return frozenset(granted.split())
    if isinstance(granted, list | tuple | set | frozenset) and all(
        isinstance(scope, str) for scope in granted
    ):
        return frozenset(granted)
    raise ValueError("the scopes are neither a text nor a list of texts")


def expiry_of(info: Mapping[str, Any]) -> float | None:
    """Return ``exp`` in epoch seconds, or None if there is no ``exp``.

    Raises:
        ValueError: It is not a finite number.
    """
    expires = info.get("exp")
    if expires is None:
        return None
    if isinstance(expires, bool) or not isinstance(expires, int | float) or not abs(expires) < _FOR_EVER:
        raise ValueError("exp is not a finite number")
    return float(expires)
