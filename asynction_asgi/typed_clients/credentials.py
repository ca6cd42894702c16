"""Credentials as members of the auth object, for each way in that the contract offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..datatypes import Field, Object, Scalar
from ..spec.text.pointer import Pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..datatypes import DataType
    from ..spec.model import Security, SecurityScheme


def auth_members(security: Security | None, schemes: Mapping[str, SecurityScheme]) -> tuple[Object, ...]:
    """Return what each alternative of a requirement puts into the auth object; ``()`` if none puts anything."""
    alternatives = tuple(
        Object(
            tuple(
                _merged(
                    path
                    for requirement in alternative
                    for path in credential_paths(schemes.get(requirement.scheme))
                )
            ),
            None,
        )
        for alternative in security or ()
    )
    return tuple(dict.fromkeys(alternatives)) if any(option.fields for option in alternatives) else ()


def needs_auth_object(security: Security | None, schemes: Mapping[str, SecurityScheme]) -> bool:
    """Return whether every alternative has a credential that only the auth object can carry."""
    return bool(security) and all(
        any(_is_auth_only(schemes.get(requirement.scheme)) for requirement in alternative)
        for alternative in security or ()
    )


def credential_paths(scheme: SecurityScheme | None) -> Iterator[tuple[str, ...]]:
    """Yield the places in the auth object that carry a scheme's credential, as names from the outside in."""
    if scheme is None:
        return
    field = scheme.fields.get("x-authField")
    if isinstance(field, str):
        yield Pointer.parse(field).tokens if field.startswith("/") else (field,)
    elif scheme.type.lower() == "userpassword":
        yield ("username",)
        yield ("password",)
    elif _is_auth_only(scheme):
        yield ("username" if scheme.fields.get("in") == "user" else "password",)


def _is_auth_only(scheme: SecurityScheme | None) -> bool:
    return scheme is not None and scheme.type.lower() == "apikey" and "x-authField" not in scheme.fields


def _merged(paths: Iterator[tuple[str, ...]]) -> Iterator[Field]:
    """Yield fields for paths; those that begin alike share an object."""
    below: dict[str, list[tuple[str, ...]]] = {}
    for name, *rest in paths:
        below.setdefault(name, []).append(tuple(rest))
    for name, rests in below.items():
        inner = [rest for rest in rests if rest]
        datatype: DataType = Object(tuple(_merged(iter(inner))), None) if inner else Scalar("string")
        yield Field(name, datatype, required=True)
