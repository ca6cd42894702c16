"""Whether what a client presented satisfies a list of alternatives, and who it is by that.

OR across the list, AND within an alternative. Every alternative is tried, the one that asks for
nothing last; the first failure is what the client is refused with.
"""

from __future__ import annotations

import logging
import secrets
import time
import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...errors import RefusedError, SecurityError
from .identity import Identity, Verified, expiry_of, scopes_of

if TYPE_CHECKING:
    from ...spec.model import Requirement, Security
    from .presented import Presented
    from .schemes import Scheme

__all__ = ["authenticate"]

logger = logging.getLogger("asynction_asgi")


async def authenticate(
    security: Security, schemes: Mapping[str, Scheme], presented: Presented
) -> Identity | None:
    """Find the first alternative that the client satisfies.

    Returns:
        The identity; None where an empty alternative admits anybody.

    Raises:
        SecurityError: ``unauthorized`` or ``forbidden``; the message says no more.
        RefusedError: a security function refused with words of its own, or failed.
    """
    refusal: RefusedError | None = None
    for alternative in sorted(security, key=lambda one: not one):
        try:
            verified = [await _verify(schemes[one.scheme], one, presented) for one in alternative]
        except RefusedError as error:
            refusal = refusal or error
        else:
            return Identity.of(verified) if verified else None
    raise refusal or SecurityError()


async def _verify(scheme: Scheme, requirement: Requirement, presented: Presented) -> Verified:
    found = scheme.find(presented)
    if found is None:
        raise SecurityError
    # A credential is verified once per connection, however many alternatives and events ask for it.
    key = (scheme.name, requirement.scopes if scheme.takes_scopes else ())
    if key not in presented.verified:
        presented.verified[key] = await _ask(scheme, found.values, requirement.scopes)
    info, expires, granted = presented.verified[key]
    if info is None or (expires is not None and expires <= time.time()):
        raise SecurityError
    if requirement.scopes and not await _suffices(scheme, requirement.scopes, granted):
        raise SecurityError("forbidden")
    return Verified(scheme=scheme.name, info=info, expires=expires, fresh=found.fresh)


async def _ask(
    scheme: Scheme, values: tuple[Any, ...], scopes: tuple[str, ...]
) -> tuple[Mapping[str, Any] | None, float | None, frozenset[str]]:
    """The function's answer: its info, when that ends, the scopes it grants."""
    try:
        info = await scheme.verify(values, scopes)
        if info is None or info is False:
            return None, None, frozenset()
        if not isinstance(info, Mapping):
            raise TypeError("a security function returns a mapping, or None")
        expires = expiry_of(info)
        return info, None if expires is None else expires + scheme.leeway, scopes_of(info)
    except RefusedError:
        raise
    except Exception as error:  # noqa: BLE001 - a security function may raise anything
        failure = error
    raise _failed(scheme, failure)


async def _suffices(scheme: Scheme, required: tuple[str, ...], granted: frozenset[str]) -> bool:
    if scheme.validate_scopes is None:
        return granted.issuperset(required)
    try:
        return bool(await scheme.validate_scopes(list(required), sorted(granted)))
    except RefusedError:
        raise
    except Exception as error:  # noqa: BLE001 - a security function may raise anything
        failure = error
    raise _failed(scheme, failure)


def _failed(scheme: Scheme, error: Exception) -> RefusedError:
    """Log that a function failed, and where, but not with which words: they may quote a credential."""
    ref = secrets.token_hex(6)
    places = "".join(traceback.format_tb(error.__traceback__))
    logger.error(
        "security function of %r failed [ref %s]: %s\n%s", scheme.name, ref, type(error).__name__, places
    )
    return RefusedError("internal_error", "the server failed to handle this", ref=ref)
