"""AsyncAPI's security schemes: where each credential is, and which function verifies it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...callables import name_function
from ...logs import Throttle
from ...spec.model.schemes import function_of
from ..signatures import UnbindableError
from ..threads import as_coroutine_function
from .jwt_verifier import JWTVerifier
from .presented import (
    basic_part,
    bearer_token,
    cookie,
    find_certificate,
    find_pair,
    find_text,
    header,
    query_parameter,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from ...spec.model import SecurityScheme
    from .presented import Find

FUNCTIONS = ("x-basicInfoFunc", "x-bearerInfoFunc", "x-apiKeyInfoFunc", "x-tokenInfoFunc", "x-x509InfoFunc")
SCOPES_FUNCTION = "x-scopeValidateFunc"
# A misspelling that is widespread, by the right spelling.
_RESPELT = {"x-bearerInfoFunc": "x-basicBearerInfoFunc"}
_IN_REQUEST = {"query": query_parameter, "header": header, "cookie": cookie}
_IN_PAIR = {"user": (0, ("user", "username")), "password": (1, ("password",))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a scheme's fields mean.

    Attributes:
        find: Finds the credential in what a client presented.
        function: The extension that names the function.
        offers: How many values the function is called with.
        named: Values that the function may take by name, besides ``required_scopes``.
        is_token: Whether the credential is a token that a `JWTVerifier` can verify.
    """

    find: Find
    function: str
    offers: int = 1
    named: Mapping[str, Any] = field(default_factory=dict)
    is_token: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A scheme with its functions bound.

    Attributes:
        name: As in the document.
        find: Finds the credential.
        verify: ``(values, required scopes) -> info or None``.
        takes_scopes: Whether the answer of `verify` depends on the required scopes.
        validate_scopes: ``(required, granted) -> bool``, or None to compare the sets.
        leeway: Seconds for which a credential is accepted after ``exp``.
        throttle: Limits what is logged about the answers of `verify`.
    """

    name: str
    find: Find
    verify: Callable[[tuple[Any, ...], tuple[str, ...]], Awaitable[Any]]
    takes_scopes: bool
    validate_scopes: Callable[[list[str], list[str]], Awaitable[Any]] | None = None
    leeway: float = 0.0
    throttle: Throttle = field(default_factory=Throttle)


def kind_of(scheme: SecurityScheme) -> Kind | None:
    """Return what a scheme of the document means over Socket.IO, or None if the loader refuses it."""
    function, find = function_of(scheme), _find_of(scheme)
    if function is None or find is None:
        return None
    is_bearer = function == "x-bearerInfoFunc"
    return Kind(
        find=find,
        function=function,
        offers=2 if function == "x-basicInfoFunc" else 1,
        named={"bearer_format": scheme.fields.get("bearerFormat")} if is_bearer else {},
        is_token=is_bearer or function == "x-tokenInfoFunc",
    )


def _find_of(scheme: SecurityScheme) -> Find | None:
    """Return what finds the credential of a scheme in what a client presented."""
    fields, where, place = scheme.fields, scheme.fields.get("x-authField"), str(scheme.fields.get("in"))
    if scheme.type == "http":
        basic = str(fields.get("scheme", "")).lower() == "basic"
        return find_pair(where) if basic else find_text(bearer_token, where)
    if scheme.type in ("oauth2", "openIdConnect"):
        return find_text(bearer_token, where)
    if scheme.type == "httpApiKey" and place in _IN_REQUEST:
        return find_text(_IN_REQUEST[place](str(fields.get("name", ""))), where)
    if scheme.type == "userPassword":
        return find_pair("" if where is None else where)
    if scheme.type == "apiKey" and place in _IN_PAIR:
        index, members = _IN_PAIR[place]
        return find_text(basic_part(index), where, *members)
    return find_certificate if scheme.type == "X509" else None


def function_name(scheme: SecurityScheme, extension: str) -> tuple[str, str] | None:
    """Return the key by which a scheme names a function, and its dotted path, or None."""
    for key in (extension, _RESPELT.get(extension)):
        if key is not None and isinstance(scheme.fields.get(key), str):
            return key, scheme.fields[key]
    return None


def bind_scheme(
    name: str,
    kind: Kind,
    function: Callable[..., Any],
    validate_scopes: Callable[..., Any] | None = None,
) -> Scheme:
    """Attach a scheme's functions, whose signatures are inspected only here.

    Raises:
        UnbindableError: A function can't be called with the scheme's values.
    """
    if isinstance(function, JWTVerifier) and not kind.is_token:
        raise UnbindableError("a JWTVerifier verifies tokens, and this scheme's credential is not a token")
    x509 = kind.function == "x-x509InfoFunc"
    wanted = _named(
        function, kind.offers, ("required_scopes", *kind.named, *(("chain", "name") if x509 else ()))
    )
    call = function.verify if isinstance(function, JWTVerifier) else as_coroutine_function(function)

    def verify(values: tuple[Any, ...], required: tuple[str, ...]) -> Awaitable[Any]:
        named = {key: value for key, value in kind.named.items() if key in wanted}
        if "required_scopes" in wanted:
            named["required_scopes"] = list(required)
        if x509:
            leaf, chain, subject = values
            named.update({key: part for key, part in (("chain", chain), ("name", subject)) if key in wanted})
            values = (leaf,)
        return call(*values, **named)

    return Scheme(
        name=name,
        find=kind.find,
        verify=verify,
        takes_scopes="required_scopes" in wanted,
        validate_scopes=None if validate_scopes is None else _bind_scopes(validate_scopes),
        leeway=function.leeway if isinstance(function, JWTVerifier) else 0.0,
    )


def _bind_scopes(function: Callable[..., Any]) -> Callable[[list[str], list[str]], Awaitable[Any]]:
    _named(function, 2, ())
    return as_coroutine_function(function)


def _named(function: Callable[..., Any], count: int, offered: Iterable[str]) -> frozenset[str]:
    """Return which of the offered names a function takes, besides `count` values by place."""
    if not callable(function):
        raise UnbindableError(f"{name_function(function)} can't be called")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        raise UnbindableError(f"{name_function(function)} has no signature to inspect") from None
    parameters = list(signature.parameters.values())
    by_place = [parameter for parameter in parameters if parameter.kind is not inspect.Parameter.KEYWORD_ONLY]
    by_name = {
        parameter.name
        for parameter in parameters
        if parameter.kind in (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    } - {parameter.name for parameter in by_place[:count]}
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        by_name |= set(offered)
    named = frozenset(by_name & set(offered))
    try:
        signature.bind(*range(count), **dict.fromkeys(named))
    except TypeError as error:
        values = "1 value" if count == 1 else f"{count} values"
        by = f", and {', '.join(offered)} by name if it takes them" if offered else ""
        raise UnbindableError(f"it is called with {values}{by}: {error}") from None
    return named
