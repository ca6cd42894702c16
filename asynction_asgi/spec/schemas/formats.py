"""Checks for the values of ``format``: linear in the text, bounded in length, never raising.

A name that is not listed in `FORMATS` is an annotation (JSON Schema draft-07, section 7.2).
Where a standard and its common use differ, the standard is followed; each check names its own.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from ..patterns import PatternError, check_syntax
from .expressions import Expression
from .hostnames import is_hostname, is_idn_hostname

if TYPE_CHECKING:
    from collections.abc import Callable

_DATE = Expression(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", re.ASCII)
_TIME = Expression(
    r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,32})?(?:[zZ]|([+-])([0-9]{2}):([0-9]{2}))", re.ASCII
)
_DURATION = Expression(
    r"P(?:[0-9]+W"
    r"|(?=[0-9T])(?:[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?|[0-9]+M(?:[0-9]+D)?|[0-9]+D)?"
    r"(?:T(?:[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?|[0-9]+M(?:[0-9]+S)?|[0-9]+S))?)"
)
_UUID = Expression(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")
_POINTER = Expression(r"(?:/(?:[^/~]|~[01])*)*")
_RELATIVE_POINTER = Expression(r"(?:0|[1-9][0-9]{0,18})(?:[+-][1-9][0-9]{0,18})?(?:#|(?:/(?:[^/~]|~[01])*)*)")
_GROUPS = Expression(r"[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4})*")  # of an IPv6 address
_ATOMS = Expression(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_ATOMS_INTERNATIONAL = Expression(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.\x80-\U0010ffff-]+")
_QUOTED = Expression(r'"(?:[\t !#-\[\]-~]|\\[\t -~])*"')
_QUOTED_INTERNATIONAL = Expression(r'"(?:[\t !#-\[\]-~\x80-\U0010ffff]|\\[\t -~])*"')

# RFC 3986, appendix A. One pass per component; no component's class holds its own delimiter.
_SCHEME = Expression(r"[A-Za-z][A-Za-z0-9+.-]*")
_PORT = Expression(r"[0-9]*")
_FUTURE = Expression(r"[vV][0-9A-Fa-f]+\.[A-Za-z0-9._~!$&'()*+,;=:-]+")
_UNRESERVED = r"A-Za-z0-9._~!$&'()*+,;=\-"
_OTHERS = r"\xa0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U000e0fff"  # RFC 3987, ucschar
_PRIVATE = r"\ue000-\uf8ff\U000f0000-\U0010fffd"  # RFC 3987, iprivate: queries only
_TEMPLATE = Expression(
    r"(?:[^\x00-\x20\x7f\"<>\\^`{|}%]|%[0-9A-Fa-f]{2}"
    r"|\{[+#./;?&=,!@|]?(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})(?:\.?(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2}))*(?::[1-9][0-9]{0,3}|\*)?"
    r"(?:,(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})(?:\.?(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2}))*(?::[1-9][0-9]{0,3}|\*)?)*\})*"
)
_BASE64 = Expression(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_LONGEST_URI = 65_536
_LONGEST_EMAIL = 320  # RFC 3696: 64 + "@" + 255
_LONGEST_PATTERN = 2_000
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def _component(characters: str) -> Expression:
    return Expression(rf"(?:[{characters}]|%[0-9A-Fa-f]{{2}})*")


_ASCII_PARTS = {
    "user": _component(_UNRESERVED + ":"),
    "host": _component(_UNRESERVED),
    "path": _component(_UNRESERVED + ":@/"),
    "query": _component(_UNRESERVED + ":@/?"),
    "fragment": _component(_UNRESERVED + ":@/?"),
}
_INTERNATIONAL_PARTS = {
    "user": _component(_UNRESERVED + ":" + _OTHERS),
    "host": _component(_UNRESERVED + _OTHERS),
    "path": _component(_UNRESERVED + ":@/" + _OTHERS),
    "query": _component(_UNRESERVED + ":@/?" + _OTHERS + _PRIVATE),
    "fragment": _component(_UNRESERVED + ":@/?" + _OTHERS),
}


def _matcher(pattern: Expression, longest: int) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        return len(text) <= longest and pattern.fullmatch(text) is not None

    return check


def is_date(text: str) -> bool:
    """Return whether a text is a full-date (RFC 3339)."""
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    year, month, day = int(found[1]), int(found[2]), int(found[3])
    if not (1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]):
        return False
    return (month, day) != (2, 29) or (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0))


def is_time(text: str) -> bool:
    """Return whether a text is a full-time (RFC 3339), with a leap second only at 23:59 UTC."""
    found = _TIME.fullmatch(text)
    if found is None:
        return False
    hour, minute, second = int(found[1]), int(found[2]), int(found[3])
    offset = 0
    if found[4]:
        if int(found[5]) > 23 or int(found[6]) > 59:
            return False
        offset = (int(found[5]) * 60 + int(found[6])) * (1 if found[4] == "+" else -1)
    if hour > 23 or minute > 59 or second > 60:
        return False
    return second < 60 or (hour * 60 + minute - offset) % 1440 == 1439


def is_date_time(text: str) -> bool:
    """Return whether a text is a date-time (RFC 3339)."""
    return text[10:11] in ("T", "t") and is_date(text[:10]) and is_time(text[11:])


def is_ipv4(text: str) -> bool:
    """Return whether a text is an IPv4 address (RFC 2673, section 3.2)."""
    parts = text.split(".", 4)
    return len(parts) == 4 and all(
        0 < len(part) <= 3
        and part.isascii()
        and part.isdecimal()
        and str(int(part)) == part
        and int(part) < 256
        for part in parts
    )


def is_ipv6(text: str) -> bool:
    """Return whether a text is an IPv6 address (RFC 4291, section 2.2) without a zone."""
    if len(text) > 45:
        return False
    if "." in text:
        text, colon, address = text.rpartition(":")
        if not is_ipv4(address):
            return False
        text += f"{colon}0:0"
    before, gap, after = text.partition("::")
    if not gap:
        return text.count(":") == 7 and _GROUPS.fullmatch(text) is not None
    if text.count(":") - (not before) - (not after) > 7:
        return False
    return all(not part or _GROUPS.fullmatch(part) for part in (before, after))


def is_email(text: str) -> bool:
    """Return whether a text is a Mailbox (RFC 5321, section 4.1.2)."""
    return _mailbox(text, _ATOMS, _QUOTED, is_hostname)


def is_idn_email(text: str) -> bool:
    """Return whether a text is an internationalized mailbox (RFC 6531, section 3.3), whose domain is folded."""
    return _mailbox(text, _ATOMS_INTERNATIONAL, _QUOTED_INTERNATIONAL, _is_domain)


def _is_domain(text: str) -> bool:
    return is_idn_hostname(unicodedata.normalize("NFC", text.lower()))


def _mailbox(text: str, atoms: Expression, quoted: Expression, hostname: Callable[[str], bool]) -> bool:
    if len(text) > _LONGEST_EMAIL:
        return False
    local, at, domain = text.rpartition("@")
    if not at or not 0 < len(local) <= 64:
        return False
    if local[0] == '"':
        if not quoted.fullmatch(local):
            return False
    elif not atoms.fullmatch(local) or local[0] == "." or local[-1] == "." or ".." in local:
        return False
    if domain[:1] == "[" and domain[-1:] == "]":
        literal = domain[1:-1]
        return is_ipv6(literal[5:]) if literal[:5].lower() == "ipv6:" else is_ipv4(literal)
    return hostname(domain)


def _reference(text: str, parts: dict[str, Expression], *, absolute: bool) -> bool:
    """Return whether a text is a URI-reference (RFC 3986, section 4.1) or a URI (section 3)."""
    if len(text) > _LONGEST_URI:
        return False
    text, hash_, fragment = text.partition("#")
    text, question, query = text.partition("?")
    if hash_ and not parts["fragment"].fullmatch(fragment):
        return False
    if question and not parts["query"].fullmatch(query):
        return False
    scheme, colon, rest = text.partition(":")
    if colon and _SCHEME.fullmatch(scheme):
        text = rest
    elif absolute or (colon and "/" not in scheme):
        return False  # the first segment of a relative path holds no colon
    if not text.startswith("//"):
        return parts["path"].fullmatch(text) is not None
    authority, slash, path = text[2:].partition("/")
    return parts["path"].fullmatch(slash + path) is not None and _authority(authority, parts)


def _authority(text: str, parts: dict[str, Expression]) -> bool:
    user, at, place = text.rpartition("@")
    if at and not parts["user"].fullmatch(user):
        return False
    if place.startswith("["):
        literal, bracket, port = place[1:].partition("]")
        if not bracket or (port and port[0] != ":") or not _PORT.fullmatch(port[1:]):
            return False
        return is_ipv6(literal) or _FUTURE.fullmatch(literal) is not None
    host, _, port = place.partition(":")
    return parts["host"].fullmatch(host) is not None and _PORT.fullmatch(port) is not None


def is_uri(text: str) -> bool:
    """Return whether a text is a URI with a scheme (RFC 3986)."""
    return _reference(text, _ASCII_PARTS, absolute=True)


def is_uri_reference(text: str) -> bool:
    """Return whether a text is a URI, absolute or relative (RFC 3986)."""
    return _reference(text, _ASCII_PARTS, absolute=False)


def is_iri(text: str) -> bool:
    """Return whether a text is an IRI with a scheme (RFC 3987)."""
    return _reference(text, _INTERNATIONAL_PARTS, absolute=True)


def is_iri_reference(text: str) -> bool:
    """Return whether a text is an IRI, absolute or relative (RFC 3987)."""
    return _reference(text, _INTERNATIONAL_PARTS, absolute=False)


def is_regex(text: str) -> bool:
    """Return whether a text is an ECMA-262 pattern that a document may hold."""
    if len(text) > _LONGEST_PATTERN:
        return False
    try:
        check_syntax(text)
    except PatternError:
        return False
    return True


FORMATS: dict[str, Callable[[str], bool]] = {
    "date": is_date,
    "date-time": is_date_time,
    "time": is_time,
    "duration": _matcher(_DURATION, 1_024),  # RFC 3339, appendix A
    "email": is_email,
    "idn-email": is_idn_email,
    "hostname": is_hostname,
    "idn-hostname": is_idn_hostname,
    "ipv4": is_ipv4,
    "ipv6": is_ipv6,
    "uri": is_uri,
    "uri-reference": is_uri_reference,
    "iri": is_iri,
    "iri-reference": is_iri_reference,
    "uri-template": _matcher(_TEMPLATE, _LONGEST_URI),  # RFC 6570, section 2
    "uuid": _matcher(_UUID, 36),  # RFC 4122, section 3
    "json-pointer": _matcher(_POINTER, _LONGEST_URI),  # RFC 6901, section 5
    "relative-json-pointer": _matcher(_RELATIVE_POINTER, _LONGEST_URI),
    "regex": is_regex,
    "byte": lambda text: _BASE64.fullmatch(text) is not None,  # OpenAPI 3.0; RFC 4648, section 4
}
