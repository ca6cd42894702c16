"""Checks of which pages may use the server, by the headers of their browser."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from ...logs import Throttle, get_logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Ask = Callable[[str, Mapping[str, Any]], Any]

logger = get_logger("engine")

# RFC 6454, 6.2, in lower case as browsers write it; schemes of applications, such as capacitor, included.
_LOOPBACK = re.compile(r"(?:localhost|127\.[\d.]+|\[::1\])(?::|$)")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s?#@*,A-Z]+")
# Fetch Metadata: values of Sec-Fetch-Site for a page of another origin, and of Sec-Fetch-Mode for requests
# that carry no Origin and that no client of Socket.IO makes: of an <img>, a <script>, a link or a frame.
_FOREIGN_SITES = (b"cross-site", b"same-site")
_BLIND_MODES = (b"no-cors", b"navigate")
_COOKIE, _AUTHORIZATION = "HTTP_COOKIE", "HTTP_AUTHORIZATION"


class Origins:
    """The option ``cors_allowed_origins``: what is admitted besides the server's own origin.

    Args:
        option: An origin, several, a function of ``(origin)`` or ``(origin, environ)`` that answers True or
            False, ``"*"``, or ``[]``, which checks nothing. None admits the own origin only.
        credentials: The option ``cors_credentials``.

    Raises:
        TypeError: The option is of another type, or a function takes other arguments.
        ValueError: A text is not an origin, or credentials are allowed for every origin.
    """

    def __init__(self, option: Any, *, credentials: bool) -> None:
        self._ask = _asker(option) if callable(option) else None
        listed = () if option is None or self._ask is not None else _origins_of(option)
        self.any = "*" in listed
        self.unchecked = option is not None and self._ask is None and not listed
        self._listed = frozenset(listed)
        self._log = Throttle()
        if self.any and credentials:
            raise ValueError("cors_credentials needs cors_allowed_origins to list the origins it trusts")

    async def admit(self, environ: Mapping[str, Any]) -> bool:
        """Return whether a request may come from where it does."""
        if self.unchecked or self.any:
            return True
        fields = _fields(environ)
        if self.admits(environ["wsgi.url_scheme"], fields):
            return True
        origin = fields.get(b"origin", b"").decode("latin-1")
        return self._ask is not None and bool(origin) and await self._asked(self._ask, origin, environ)

    def admits(self, scheme: str, fields: Mapping[bytes, bytes]) -> bool:
        """Return whether a request may come from where it does, without asking a function.

        Args:
            scheme: Of the request, as far as the server knows.
            fields: Its headers by name.
        """
        if self.unchecked or self.any:
            return True
        origin = fields.get(b"origin", b"").decode("latin-1")
        if not origin:
            return not _is_blind(fields)
        return origin in self._listed or origin in _own(scheme, fields)

    async def _asked(self, ask: Ask, origin: str, environ: Mapping[str, Any]) -> bool:
        """Return the function's answer; only True admits."""
        failure: Exception | None = None
        try:
            answer = ask(origin, environ)
            if inspect.isawaitable(answer):
                answer = await answer
            if answer is True or answer is False:
                return answer
            what = f"returned {type(answer).__name__}, which is neither True nor False"
        except Exception as error:  # noqa: BLE001  # the function may raise anything
            failure, what = error, "failed"
        if (unsaid := self._log.admits("failed")) is not None:
            logger.error(
                "refused a request: the function cors_allowed_origins %s%s", what, unsaid, exc_info=failure
            )
        return False

    def without_ambient_credentials(self, environ: dict[str, Any]) -> dict[str, Any]:
        """Return the environ without the credentials that a browser adds for any page, where any page may come.

        CORS has browsers keep the answer to such a request from the page, but a WebSocket is not
        subject to CORS; on it, neither the name and password nor the certificate that a browser keeps count.
        """
        if (
            not self.any
            or "HTTP_ORIGIN" not in environ
            or environ["HTTP_ORIGIN"] in _own(environ["wsgi.url_scheme"], _fields(environ))
        ):
            return environ
        scope = environ["asgi.scope"]
        extensions = dict(scope.get("extensions") or {})
        ambient = {_COOKIE: "cookies"}
        if scope["type"] == "websocket":
            ambient[_AUTHORIZATION] = "Authorization header"
        left_out = [what for key, what in ambient.items() if key in environ]
        if scope["type"] == "websocket" and (extensions.pop("tls", None) or {}).get("client_cert_chain"):
            left_out.append("client certificate")
        if left_out and (unsaid := self._log.admits("ambient")) is not None:
            logger.warning(
                "left out the %s of a request of origin %r: cors_allowed_origins='*' admits every page"
                " without credentials; list the origins to trust instead%s",
                " and the ".join(left_out),
                environ["HTTP_ORIGIN"][:100],
                unsaid,
            )
        names = {key.removeprefix("HTTP_").lower().encode() for key in ambient}
        headers = [(name, value) for name, value in scope["headers"] if name.lower() not in names]
        kept = {key: value for key, value in environ.items() if key not in ambient}
        return {**kept, "asgi.scope": {**scope, "headers": headers, "extensions": extensions}}


def describe(environ: Mapping[str, Any]) -> str:
    """Return the origin of a request that was not admitted, and what would admit it."""
    origin = _fields(environ).get(b"origin", b"").decode("latin-1")
    if not origin:
        return "a page of another origin sent it in a mode in which the page can't read the answer"
    return f"{origin[:100]!r}; admit it by cors_allowed_origins, or --cors of run, mock run and proxy"


def _fields(environ: Mapping[str, Any]) -> Mapping[bytes, bytes]:
    """Return the headers by name; the values of one that came several times are joined (RFC 9110, 5.3).

    The environ would have them, too, and takes ten times as long to make, which no other part of a connection needs.
    """
    headers = environ["asgi.scope"]["headers"]
    fields: dict[bytes, bytes] = dict(headers)
    if len(fields) < len(headers):
        values: dict[bytes, list[bytes]] = {}
        for name, value in headers:
            values.setdefault(name, []).append(value)
        fields = {name: b",".join(several) for name, several in values.items()}
    return fields


def _is_blind(fields: Mapping[bytes, bytes]) -> bool:
    """Return whether a browser says that a foreign page made this request and can't read the answer."""
    return fields.get(b"sec-fetch-site") in _FOREIGN_SITES and fields.get(b"sec-fetch-mode") in _BLIND_MODES


def _own(scheme: str, fields: Mapping[bytes, bytes]) -> tuple[str, ...]:
    """Return the server's own origins: as it was addressed, and as a proxy in front of it was."""
    host = fields.get(b"host")
    if host is None:
        return ()
    proto = _first(fields.get(b"x-forwarded-proto", scheme.encode()))
    forwarded = _first(fields.get(b"x-forwarded-host", host))
    return _origin(scheme.encode(), host), _origin(proto, forwarded)


def _origin(scheme: bytes, host: bytes) -> str:
    return (scheme + b"://" + host).decode("latin-1").lower()


def _first(values: bytes) -> bytes:
    return values.partition(b",")[0].strip()


def _asker(function: Callable[..., Any]) -> Ask:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a builtin may have no signature
        return lambda origin, _: function(origin)
    for count in (2, 1):
        try:
            signature.bind(*range(count))
        except TypeError:
            continue
        return function if count == 2 else lambda origin, _: function(origin)
    raise TypeError("the function cors_allowed_origins must take (origin) or (origin, environ)")


def _origins_of(option: Any) -> Iterable[str]:
    origins = [option] if isinstance(option, str) else option
    if not isinstance(origins, list | tuple | set | frozenset):
        raise TypeError(f"cors_allowed_origins takes origins, a function or '*', not {type(option).__name__}")
    for origin in origins:
        if not isinstance(origin, str):
            raise TypeError(f"cors_allowed_origins takes texts, not {type(origin).__name__}")
        if origin not in ("*", "null") and not _ORIGIN.fullmatch(origin):
            raise ValueError(f"cors_allowed_origins: {origin!r} is not an origin; {_advice(origin)}")
    return origins


def _advice(text: str) -> str:
    scheme, separator, rest = text.strip().lower().rpartition("://")
    host = re.split("[/?#]", rest)[0]
    if not separator:
        scheme = "http" if _LOOPBACK.match(host) else "https"
    suggestion = f"{scheme}://{host}"
    if _ORIGIN.fullmatch(suggestion):
        return f"use {suggestion!r}"
    return "write scheme://host or scheme://host:port, or pass a function that decides"
