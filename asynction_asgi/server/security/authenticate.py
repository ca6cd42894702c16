"""Check credentials against a list of alternatives, and find out who the client is.

An alternative is satisfied if all of its schemes are, and the list if one alternative is. All alternatives
are tried, the empty one last; the client is refused for the first failure.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ...engine import ConnectionRefusedError as RefusedByHandlerError
from ...engine.crashes import describe_crash, is_refusal_by_hand, must_pass
from ...errors import RefusedError, SecurityError, internal_error
from ...logs import get_logger
from .identity import Identity, Verified, expiry_of, scopes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...spec.model import Requirement, Security
    from .presented import Presented
    from .schemes import Scheme

logger = get_logger()


class _NonsenseError(TypeError):
    """A function returned a value without a meaning; the message does not quote it."""


class _Unquoted(Exception):  # noqa: N818  # it is shown in place of an error of user code
    """The place of an error whose own message is not logged."""


async def authenticate(
    security: Security, schemes: Mapping[str, Scheme], presented: Presented
) -> Identity | None:
    """Find the first alternative that the client satisfies.

    Returns:
        The identity, or None if an empty alternative admits every client.

    Raises:
        SecurityError: ``unauthorized`` or ``forbidden``; the message says no more.
        RefusedError: A security function refused with words of its own, or failed.
        RefusedByHandlerError: A security function refused in python-socketio's way.
    """
    refusal: RefusedError | RefusedByHandlerError | None = None
    for alternative in sorted(security, key=lambda alternative: not alternative):
        try:
            verified = [
                await _verify(schemes[requirement.scheme], requirement, presented)
                for requirement in alternative
            ]
        except (RefusedError, RefusedByHandlerError) as error:
            refusal = refusal or error
        else:
            return Identity.of(verified) if verified else None
    try:
        raise refusal or SecurityError()
    finally:
        del refusal  # it refers to this frame


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
    """Return the info that the function returns, when that ends, and the scopes that it grants."""
    with _refusing(scheme, "unauthorized"):
        info = await scheme.verify(values, scopes)
        if info is None or info is False:
            return None, None, frozenset()
        if not isinstance(info, Mapping):
            raise _NonsenseError(f"a security function returns a mapping or None, not {type(info).__name__}")
        if not info:
            _warn_of_nothing(scheme)
            return None, None, frozenset()
        expires = expiry_of(info)
        return info, None if expires is None else expires + scheme.leeway, scopes_of(info)


async def _suffices(scheme: Scheme, required: tuple[str, ...], granted: frozenset[str]) -> bool:
    if scheme.validate_scopes is None:
        return granted.issuperset(required)
    with _refusing(scheme, "forbidden"):
        verdict = await scheme.validate_scopes(list(required), sorted(granted))
        if verdict is not None and not isinstance(verdict, bool):
            # An unawaited generator or coroutine is true, whatever it would have returned.
            raise _NonsenseError(f"a scope function returns True or False, not {type(verdict).__name__}")
        return verdict is True


@contextlib.contextmanager
def _refusing(scheme: Scheme, code: str) -> Iterator[None]:
    """Turn whatever a function of a scheme raises into a refusal.

    Raises:
        RefusedError: The function refused, or failed.
        RefusedByHandlerError: The function refused in python-socketio's way.
    """
    task = asyncio.current_task()
    try:
        yield
    except (RefusedError, RefusedByHandlerError):
        raise
    except BaseException as error:
        if must_pass(error, task):
            raise
        if is_refusal_by_hand(error):
            raise SecurityError(code) from None
        raise _failed(scheme, error) from None


def _warn_of_nothing(scheme: Scheme) -> None:
    unsaid = scheme.throttle.admits("nothing")
    if unsaid is not None:
        logger.warning(
            "security function of %r returned an empty mapping, which admits no client:"
            " return what is known of the client, such as its sub, or None to refuse it%s",
            *(scheme.name, unsaid),
        )


def _failed(scheme: Scheme, error: BaseException) -> RefusedError:
    """Log that a function failed, and where, but not its message, which may quote a credential."""
    text = str(error) if isinstance(error, _NonsenseError) else "its text may quote a credential"
    placed = _Unquoted(text).with_traceback(error.__traceback__)
    what = f"security function of {scheme.name!r} {describe_crash(error)}: {type(error).__name__}"
    return internal_error(what, placed, logger)
