"""Who a client was found to be, for how long, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FOR_EVER = 1e15  # seconds; more than any clock counts, and exact as a float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What one scheme's function vouched for.

    Attributes:
        scheme: The scheme's name.
        info: What the function returned.
        expires: Epoch seconds, or None for no end.
        fresh: Whether the credential stood in the auth object.
    """

    scheme: str
    info: Mapping[str, Any] = field(repr=False)
    expires: float | None
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a client is, by one alternative of the document's security.

    Attributes:
        user: ``sub``, else ``uid``, of the first scheme whose info has one; None without either.
        token_info: What the security function returned. Where several schemes were required
            together, a mapping from each scheme's name to its info.
        scopes: Every scope granted.
        expires: Epoch seconds at which the first of the credentials ends; None for no end.
        schemes: Names of the schemes satisfied.
        fresh: Whether one of the credentials stood in the auth object.
    """

    user: Any
    token_info: Mapping[str, Any] = field(repr=False)
    scopes: frozenset[str]
    expires: float | None
    schemes: tuple[str, ...]
    fresh: bool

    @classmethod
    def of(cls, verified: Sequence[Verified]) -> Identity:
        """The identity that schemes required together amount to; there is at least one."""
        users = (user for one in verified if (user := _user_of(one.info)) is not None)
        ends = [one.expires for one in verified if one.expires is not None]
        return cls(
            user=next(users, None),
            token_info=verified[0].info if len(verified) == 1 else {one.scheme: one.info for one in verified},
            scopes=frozenset().union(*(scopes_of(one.info) for one in verified)),
            expires=min(ends, default=None),
            schemes=tuple(one.scheme for one in verified),
            fresh=any(one.fresh for one in verified),
        )


def _user_of(info: Mapping[str, Any]) -> Any:
    user = info.get("sub")
    return info.get("uid") if user is None else user


def scopes_of(info: Mapping[str, Any]) -> frozenset[str]:
    """The scopes in ``scope``, ``scopes`` or ``scp``: a list, or text with spaces between them.

    Raises:
        ValueError: They are neither.
    """
    granted = next((info[name] for name in ("scope", "scopes", "scp") if info.get(name) is not None), ())
    if isinstance(granted, str):
        return frozenset(granted.split())
    if isinstance(granted, list | tuple | set | frozenset) and all(isinstance(one, str) for one in granted):
        return frozenset(granted)
    raise ValueError("the scopes are neither a text nor a list of texts")


def expiry_of(info: Mapping[str, Any]) -> float | None:
    """``exp`` in epoch seconds; None where there is none.

    Raises:
        ValueError: It is not a finite number.
    """
    expires = info.get("exp")
    if expires is None:
        return None
    if isinstance(expires, bool) or not isinstance(expires, int | float) or not abs(expires) < _FOR_EVER:
        raise ValueError("exp is not a finite number")
    return float(expires)
