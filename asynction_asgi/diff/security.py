"""Who may connect and emit: alternatives of schemes and scopes, and what presents a credential."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..spec.model.schemes import required_schemes
from .changes import Change, place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..spec.model import Event, Namespace, Requirement, Security, SecurityScheme, Spec
    from ..spec.text.document import Node
    from .changes import Level

_OPEN: Security = ((),)
_FIELDS = ("type", "in", "name", "scheme", "x-authField")
_NARROWED = ("issuer", "audience", "algorithms")
_KEYS = ("jwks", "secretEnv")
_LEEWAY = 10.0  # seconds, unless x-jwt says otherwise


def compare_security(
    old: tuple[Security | None, Spec, Node],
    new: tuple[Security | None, Spec, Node],
    subject: str,
    namespace: str,
    event: str | None = None,
) -> Change | None:
    """Return how the requirements changed, or None if exactly the same credentials satisfy them.

    Args:
        old: The requirements in effect, their contract, and where they are declared.
        new: The same of the new contract.
        subject: What is required for, in the words of the message.
        namespace: The namespace.
        event: The event, or None if they are those of the namespace.
    """
    before, after = old[0] or _OPEN, new[0] or _OPEN
    names = _renamed(old[1], new[1])
    refused = next(
        (held for held in before if not any(_covers(held, wanted, names) for wanted in after)),
        None,
    )

    def change(level: Level, code: str, message: str) -> Change:
        return Change(
            level=level,
            code=code,
            message=message,
            namespace=namespace,
            event=event,
            part="security",
            old=place_of(old[2]),
            new=place_of(new[2]),
        )

    if refused is not None:
        held = " and ".join(map(_named, refused))
        whom = f"clients with {held}" if refused else "clients without credentials"
        return change("breaking", "SECURITY_TIGHTENED", f"{subject} no longer admits {whom}")
    if () in after and () not in before:
        return change("info", "SECURITY_OPENED", f"{subject} is open to anybody now")
    backwards = {new_name: old_name for old_name, new_name in names.items()}
    if all(any(_covers(held, wanted, backwards) for wanted in before) for held in after):
        return None
    return change("compatible", "SECURITY_LOOSENED", f"{subject} admits more credentials than today")


def compare_event_security(
    old: tuple[Event, Namespace, Spec],
    new: tuple[Event, Namespace, Spec],
    subject: str,
) -> Change | None:
    """Return how the requirements of an event changed, or None if the requirements in effect are unchanged.

    A client that emits has met those of the namespace as well.
    """
    (before, old_within, old_spec), (after, new_within, new_spec) = old, new
    name, namespace = before.name, old_within.name
    alone = [(event.security, spec, event.node) for event, _, spec in (old, new)]
    if compare_security(alone[0], alone[1], subject, namespace, name) is None:
        return None
    return compare_security(
        (_both(old_spec.security_of(old_within), before.security), old_spec, before.node),
        (_both(new_spec.security_of(new_within), after.security), new_spec, after.node),
        subject,
        namespace,
        name,
    )


def _both(first: Security, second: Security | None) -> Security:
    """Return what a client must present that meets two requirements."""
    return tuple(_merged((*one, *other)) for one, other in itertools.product(first or _OPEN, second or _OPEN))


def _merged(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """Return requirements with one for each scheme, with all scopes that it must have."""
    merged: dict[str, Requirement] = {}
    for requirement in requirements:
        known = merged.setdefault(requirement.scheme, requirement)
        scopes = tuple(dict.fromkeys((*known.scopes, *requirement.scopes)))
        merged[requirement.scheme] = replace(known, scopes=scopes)
    return tuple(merged.values())


def _covers(held: tuple[Requirement, ...], wanted: tuple[Requirement, ...], names: dict[str, str]) -> bool:
    """Return whether a client that presents what is `held` presents all that is `wanted`."""
    scopes: dict[str, set[str]] = {}
    for requirement in held:
        scopes.setdefault(names.get(requirement.scheme, requirement.scheme), set()).update(requirement.scopes)
    return all(
        requirement.scheme in scopes and scopes[requirement.scheme].issuperset(requirement.scopes)
        for requirement in wanted
    )


def _named(requirement: Requirement) -> str:
    scopes = f" ({', '.join(requirement.scopes)})" if requirement.scopes else ""
    return f"{requirement.scheme!r}{scopes}"


def _renamed(old: Spec, new: Spec) -> dict[str, str]:
    """Return the names of schemes in the new contract by those in the old one."""
    names: dict[str, str] = {}
    for name, scheme in old.schemes.items():
        if name in new.schemes:
            names[name] = name
            continue
        alike = (
            other for other, candidate in new.schemes.items() if _identity(candidate) == _identity(scheme)
        )
        names[name] = next((other for other in alike if other not in old.schemes), name)
    return names


def _identity(scheme: SecurityScheme) -> tuple[Any, ...]:
    """How a credential is presented."""
    return tuple(
        str(value).lower() if field == "scheme" and value is not None else value
        for field in _FIELDS
        for value in (scheme.fields.get(field),)
    )


def compare_schemes(old: Spec, new: Spec) -> Iterator[Change]:
    """Yield how the schemes in use changed that both contracts have, under whichever name."""
    names, used, used_now = _renamed(old, new), required_schemes(old), required_schemes(new)
    for name in (name for name in old.schemes if name in used and names[name] in used_now):
        before, after = old.schemes[name], new.schemes[names[name]]
        reason = _reason(before, after)
        doubt = "" if reason else _doubt(before, after)
        if reason or doubt:
            yield Change(
                level="breaking" if reason else "unknown",
                code="SCHEME_CHANGED",
                message=f"the security scheme {name!r} {reason or doubt}",
                part="security",
                old=place_of(before.node),
                new=place_of(after.node),
            )


def _reason(before: SecurityScheme, after: SecurityScheme) -> str:
    """Return why credentials of today may be refused, or ``""``."""
    for field, old, new in zip(_FIELDS, _identity(before), _identity(after), strict=True):
        if old != new:
            return f"takes another {field!r}: {old!r} has become {new!r}"
    old_jwt, new_jwt = before.fields.get("x-jwt"), after.fields.get("x-jwt")
    if not isinstance(new_jwt, dict) or not isinstance(old_jwt, dict):
        return ""
    for field in _NARROWED:
        admitted, wanted = _admitted(old_jwt, field), _admitted(new_jwt, field)
        if wanted is not None and (admitted is None or not admitted <= wanted):
            gone = sorted((admitted or set()) - wanted)
            return f"no longer admits {field} {', '.join(gone)}" if gone else f"now asks for {field}"
    leeway, lower = (jwt.get("leeway", _LEEWAY) for jwt in (old_jwt, new_jwt))
    if isinstance(leeway, int | float) and isinstance(lower, int | float) and lower < leeway:
        return f"admits tokens for {lower:g} seconds after they expire, and no longer for {leeway:g}"
    return ""


def _doubt(before: SecurityScheme, after: SecurityScheme) -> str:
    """Return why it is not known whether credentials of today are admitted, or ``""``."""
    old_jwt, new_jwt = before.fields.get("x-jwt"), after.fields.get("x-jwt")
    if (old_jwt is None) is not (new_jwt is None):
        how = "by a function" if new_jwt is None else "by 'x-jwt'"
        return f"is verified {how} now; it is not known whether that admits the tokens of today"
    if not isinstance(new_jwt, dict) or not isinstance(old_jwt, dict):
        return ""
    keys = [key for key in _KEYS if old_jwt.get(key) != new_jwt.get(key)]
    if keys:
        return f"has another {' and '.join(keys)}; it is not known whether the keys of today are there"
    return ""


def _admitted(jwt: dict[str, Any], field: str) -> set[str] | None:
    """Return the words of which a token must have one, or None if any will do."""
    given = jwt.get(field)
    if field == "algorithms" and not given and "secretEnv" in jwt:
        return {"HS256"}
    return _words(given)


def _words(value: object) -> set[str] | None:
    if value is None:
        return None
    return {str(word) for word in value} if isinstance(value, list) else {str(value)}
