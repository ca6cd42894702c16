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
from ...reasons import Credential
from .identity import Identity, Verdict, Verified, expiry_of, scopes_of
from .jwt_verifier import RefusedTokenError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...spec.model import Requirement, Security
    from .presented import Presented
    from .schemes import Scheme

logger = get_logger()


class _NonsenseError(TypeError):
    """A function returned a value without a meaning; the message does not quote it."""


class _Unquoted(Exception):  # noqa: N818  # it is shown in place of an error of user code
    """The place of an error whose own message is not logged."""


async def authenticate(
    security: Security, schemes: Mapping[str, Scheme], presented: Presented, *, fresh: bool = False
) -> Identity | None:
    """Find the first alternative that the client satisfies.

    Args:
        security: The alternatives.
        schemes: The schemes that they name.
        presented: What the client presented.
        fresh: Whether a credential must come from the auth object. An alternative that the opening request
            satisfies alone then counts as refused.

    Returns:
        The identity, or None if an empty alternative admits every client.

    Raises:
        SecurityError: ``unauthorized`` or ``forbidden``; the message says no more.
        RefusedError: A security function refused with words of its own, or failed.
        RefusedByHandlerError: A security function refused in python-socketio's way.
    """
    refusals: list[RefusedError | RefusedByHandlerError] = []
    for alternative in sorted(security, key=lambda alternative: not alternative):
        try:
            verified = [
                await _verify(schemes[requirement.scheme], requirement, presented)
                for requirement in alternative
            ]
        except (RefusedError, RefusedByHandlerError) as error:
            refusals.append(error)
        else:
            identity = Identity.of(verified) if verified else None
            if not fresh or (identity is not None and identity.fresh):
                return identity
            detail = "the auth object has no fresh one"
            refusals.append(SecurityError(reason=Credential.MISSING, detail=detail))
    refusal = _explained(refusals)
    refusals.clear()
    try:
        raise refusal
    finally:
        del refusal  # it refers to this frame


def _explained(refusals: Sequence[RefusedError | RefusedByHandlerError]) -> BaseException:
    """Return the first refusal; for the log, it explains why a credential that was there was refused."""
    if not refusals:
        return SecurityError()
    first = refusals[0]
    if isinstance(first, SecurityError) and first.reason is Credential.MISSING:
        for other in refusals:
            if isinstance(other, SecurityError) and other.reason is not Credential.MISSING:
                first.scheme, first.reason, first.detail = other.scheme, other.reason, other.detail
                break
    return first


async def _verify(scheme: Scheme, requirement: Requirement, presented: Presented) -> Verified:
    found = scheme.find(presented)
    if found is None:
        raise _refused(scheme, Credential.MISSING, "it is missing or malformed")
    # A credential is verified once per connection, however many alternatives and events ask for it.
    key = (scheme.name, requirement.scopes if scheme.takes_scopes else ())
    if key not in presented.verdicts:
        presented.verdicts[key] = await _ask(scheme, found.values, requirement.scopes)
    verdict = presented.verdicts[key]
    if verdict.info is None:
        raise _refused(scheme, verdict.reason, verdict.detail)
    if verdict.expires is not None and (since := time.time() - verdict.expires) >= 0:
        raise _refused(scheme, Credential.EXPIRED, f"it expired {int(since)} s ago")
    if requirement.scopes and not await _suffices(scheme, requirement.scopes, verdict.scopes):
        lacks = f"it does not grant all of {', '.join(requirement.scopes)}"
        raise _refused(scheme, Credential.SCOPE, lacks, "forbidden")
    return Verified(scheme=scheme.name, info=verdict.info, expires=verdict.expires, fresh=found.fresh)


def _refused(scheme: Scheme, reason: Credential, detail: str, code: str = "unauthorized") -> SecurityError:
    return SecurityError(code, scheme=scheme.name, reason=reason, detail=detail)


async def _ask(scheme: Scheme, values: tuple[Any, ...], scopes: tuple[str, ...]) -> Verdict:
    """Return what the function of a scheme says of a credential."""
    with _refusing(scheme, "unauthorized", Credential.REVOKED):
        try:
            info = await scheme.verify(values, scopes)
        except RefusedTokenError as error:
            return Verdict(reason=error.reason, detail=error.detail)
        if info is None or info is False:
            return Verdict(detail=f"the security function returned {info}")
        if not isinstance(info, Mapping):
            raise _NonsenseError(f"a security function returns a mapping or None, not {type(info).__name__}")
        if not info:
            _warn_of_nothing(scheme)
            return Verdict(detail="the security function returned an empty mapping")
        expires = expiry_of(info)
        ends = None if expires is None else expires + scheme.leeway
        return Verdict(info=info, expires=ends, scopes=scopes_of(info))


async def _suffices(scheme: Scheme, required: tuple[str, ...], granted: frozenset[str]) -> bool:
    if scheme.validate_scopes is None:
        return granted.issuperset(required)
    with _refusing(scheme, "forbidden", Credential.SCOPE):
        verdict = await scheme.validate_scopes(list(required), sorted(granted))
        if verdict is not None and not isinstance(verdict, bool):
            # An unawaited generator or coroutine is true, whatever it would have returned.
            raise _NonsenseError(f"a scope function returns True or False, not {type(verdict).__name__}")
        return verdict is True


@contextlib.contextmanager
def _refusing(scheme: Scheme, code: str, reason: Credential) -> Iterator[None]:
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
            raise _refused(scheme, reason, "a function of the scheme refused it", code) from None
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
