"""Lines for a shell that show a finding, in which variables stand for what the user presents."""

from __future__ import annotations

import json
import re
import shlex
from itertools import zip_longest
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from ..client.remote_client import TRANSPORTS
from ..spec.model import DEFAULT_PATH
from ..spec.readers.examples import written_bytes
from .handshake import cookies_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..client.remote_client import Address
    from ..testing.cases import Case
    from .confirm import Repeated

_PROGRAM = "asynction-asgi"
_FOLLOW = ("--follow", "1")
_LISTENING = 5  # seconds, in which another client connects and leaves
# Private characters, which JSON writes as they are; a value that is not a text loses its quotes.
_MARK = re.compile('(\ue000\\d+\ue000|"\ue001\\d+\ue001")')


class Commands:
    """Writes commands for one server.

    Args:
        address: Of the server, with what the user presents.
        checking: The options that name the document.
        path: The path of Socket.IO that the document names.
        addresses: Of each declared namespace, with what a client presents there.
        before: The file whose events lead every connection, or None.

    Attributes:
        variables: Names of the variables in lines so far, with what they stand for.
    """

    def __init__(
        self,
        address: Address,
        *,
        checking: Sequence[str],
        path: str,
        addresses: Mapping[str, Address],
        before: str | None = None,
    ) -> None:
        self._address = address
        self._checking = [shlex.quote(word) for word in checking]
        self._names_path = {DEFAULT_PATH} != {path, address.path}
        self._addresses = addresses
        self._before = [] if before is None else ["--before", shlex.quote(before)]
        self.variables: dict[str, str] = {}

    def of(self, repeated: Repeated) -> str:
        """Return the line that shows a suspect again."""
        suspect, case = repeated.suspect, repeated.case
        if case is None:
            shows = self.listen(suspect.namespace, checked=not suspect.is_overheard)
            return self._overhear(suspect.namespace, shows) if suspect.is_overheard else shows
        if suspect.code in ("INVALID_EMIT", "UNDECLARED_EMIT"):
            options = (*_FOLLOW, "--others") if suspect.is_overheard else _FOLLOW
            return self.call(case, *options, checked=case.is_valid)
        return self.call(case, checked=suspect.code == "INVALID_ACK")

    def call(self, case: Case, *options: str, checked: bool = False) -> str:
        """Return the line that sends a case.

        Args:
            case: What to send.
            options: More options.
            checked: Check what comes back against the document.
        """
        arguments = [_json(value) for value in case.arguments]
        words = [*self._before, *options, *(self._checking if checked else ())]
        return self._line("call", case.namespace, None, [case.event, *arguments], words)

    def listen(self, namespace: str, address: Address | None = None, *, checked: bool = False) -> str:
        """Return the line that connects to a declared namespace, for a second.

        Args:
            namespace: As declared.
            address: With what to present, or None for what is presented there.
            checked: Check what the server sends against the document.
        """
        words = ["--seconds", "1", *(self._checking if checked else ())]
        return self._line("listen", namespace, address, [], words)

    def _overhear(self, namespace: str, shows: str) -> str:
        words = ["--seconds", str(_LISTENING), *self._checking]
        return f"({self._line('listen', namespace, None, [], words)} & sleep 2; {shows}; wait)"

    def _line(
        self,
        command: str,
        namespace: str,
        address: Address | None,
        arguments: list[str],
        options: list[str],
    ) -> str:
        address = address or self._addresses[namespace]
        words = [_PROGRAM, command, self._url(address), *map(shlex.quote, arguments)]
        if address.namespace != "/":
            words += ["-n", shlex.quote(address.namespace)]
        if self._names_path:
            words += ["--path", shlex.quote(address.path)]
        words += self._presented(address)
        if address.transports != TRANSPORTS:
            words += ["--transport", address.transports[0]]
        if not address.verify:
            words.append("--insecure")
        return " ".join([*words, *options])

    def _url(self, address: Address) -> str:
        parts = urlsplit(address.url)
        credentials, _, host = parts.netloc.rpartition("@")
        if not credentials:
            return shlex.quote(f"{parts.scheme}://{host}")
        return f"{parts.scheme}://{self._variable('URL_CREDENTIALS', 'user and password of the URL')}@{host}"

    def _presented(self, address: Address) -> Iterator[str]:
        own = self._address
        known_headers = {(name.lower(), value) for name, value in own.headers}
        known_cookies = {cookie for pair in own.headers for cookie in _cookies(*pair)}
        for name, value in address.headers:
            yield "-H"
            cookies = _cookies(name, value)
            if cookies:
                shown = [self._cookie(*cookie, cookie in known_cookies) for cookie in cookies]
                yield shlex.quote(f"{name}: ") + shlex.quote("; ").join(shown)
            else:
                given = (name.lower(), value) in known_headers
                yield shlex.quote(f"{name}: ") + self._shown(
                    f"HEADER_{name}", f"the header {name!r}", value, given
                )
        known = _query(own)
        for name, value in _query(address):
            yield "--query"
            given = (name, value) in known
            yield shlex.quote(f"{name}=") + self._shown(
                f"QUERY_{name}", f"the query's {name!r}", value, given
            )
        if address.auth is not None:
            yield "--auth"
            yield self._auth(address.auth)

    def _cookie(self, name: str, value: str, given: bool) -> str:  # noqa: FBT001  # as `_shown`
        shown = self._shown(f"COOKIE_{name}", f"the cookie {name!r}", value, given)
        return f"{shlex.quote(f'{name}=')}{shown}" if name else shown

    def _shown(self, name: str, what: str, value: str, given: bool) -> str:  # noqa: FBT001  # one of two ways
        return self._variable(name, what) if given else shlex.quote(value)

    def _auth(self, auth: Any) -> str:
        """Return an auth object as one word, in which variables stand for the values that the user gave."""
        variables: list[str] = []

        def masked(value: Any, own: Any, path: str) -> Any:
            if isinstance(value, dict):
                known = own if isinstance(own, dict) else {}
                return {
                    name: masked(inner, known.get(name), f"{path}_{name}") for name, inner in value.items()
                }
            if isinstance(value, list):
                pairs = zip_longest(value, own[: len(value)] if isinstance(own, list) else ())
                return [masked(inner, given, f"{path}_{index}") for index, (inner, given) in enumerate(pairs)]
            if value in (None, "") or type(value) is not type(own) or value != own:
                return value
            mark = "\ue000" if isinstance(value, str) else "\ue001"
            variables.append(self._variable(path, "a value in --auth"))
            return f"{mark}{len(variables) - 1}{mark}"

        text = json.dumps(masked(auth, self._address.auth, "AUTH"), ensure_ascii=False)
        return "".join(
            variables[int(piece.strip('"\ue000\ue001'))]
            if _MARK.fullmatch(piece)
            else shlex.quote(_escaped(piece))
            for piece in _MARK.split(text)
            if piece
        )

    def _variable(self, name: str, what: str) -> str:
        name = re.sub(r"\W", "_", name, flags=re.ASCII).upper()
        self.variables[name] = what
        return f'"${name}"'


def _cookies(name: str, value: str) -> list[tuple[str, str]]:
    return cookies_of(value) if name.lower() == "cookie" else []


def _query(address: Address) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(address.url).query, keep_blank_values=True)


def _json(value: Any) -> str:
    return _escaped(json.dumps(value, default=written_bytes, ensure_ascii=False))


def _escaped(text: str) -> str:
    """Return JSON in which escapes stand for what a terminal does not print."""
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in text)
