"""Addresses of channels: which namespace each one is, and with which parameters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..model import Parameter
from ..schemas.formats import FORMATS
from ..text.hints import did_you_mean

if TYPE_CHECKING:
    from ..text.document import Node
    from .reading import Reader

# Valid parameters and others.
_BRACES = re.compile(r"\{([^{}]*)\}")

_SIMPLE = re.compile(r"[\w%-][\w%.-]*", re.ASCII)
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]*/?(.*)")
# How other routers write a parameter.
_ANGLES = re.compile(r"<(?:\w+:)?([\w-]+)>")
_COLON = re.compile(r"(?<=/):([A-Za-z_][\w-]*)")


def namespace_name(reader: Reader, address: str, place: Node) -> str:
    """Return the Socket.IO namespace of a channel's address; what can't be one is reported.

    A document with such an error is never served, so the name then only keeps its channel in the search for
    more errors.
    """
    _check_address(reader, address, place)
    return address if address.startswith("/") else f"/{address}"


def _check_address(reader: Reader, address: str, place: Node) -> None:
    """Report the first reason why an address can't be served as it is meant.

    Source: AsyncAPI 2.6, Channels Object: a relative URI Template; 3.0, Channel Address Expressions.
    """
    if "?" in address or "#" in address:
        message = f"an address cannot have a query or a fragment: {address!r}"
        reader.error(place, "CHANNEL_QUERY", message, layer="document", key=True)
        return
    if (url := _URL.match(address)) is not None:
        message = (
            f"{address!r} is a URL: a channel's address is a namespace, such as '/{url[1]}';"
            " put the host in 'servers'"
        )
        reader.warn(place, "ADDRESS", message, key=True)
    is_template = _is_template(address)
    if not is_template and reader.traits_win:
        message = f"{address!r} is not a URI template (RFC 6570){_meant(address)}"
        reader.error(place, "ADDRESS", message, layer="document", key=True)
        return
    names = _BRACES.findall(address)
    rest = _BRACES.sub("", address)
    if "{" in rest or "}" in rest or not all(names) or len(set(names)) != len(names):
        reader.error(place, "ADDRESS", f"the parameters of {address!r} can't be told apart", key=True)
    elif not is_template:
        message = f"{address!r} holds characters that are not allowed in an address{_meant(address)}"
        reader.warn(place, "ADDRESS", message, key=True)
    elif (other := next((name for name in names if not _SIMPLE.fullmatch(name)), None)) is not None:
        message = f"{{{other}}} cannot be a parameter of a namespace; use {{name}}, which is one segment"
        reader.error(place, "ADDRESS", message, key=True)
    elif (colon := _COLON.search(address)) is not None:
        message = f"':{colon[1]}' is not a parameter but literal text; did you mean {_braced(address)!r}?"
        reader.warn(place, "ADDRESS", message, key=True)


def _is_template(address: str) -> bool:
    """Return whether an address is a URI template; names may have a hyphen, as AsyncAPI's pattern allows."""
    return FORMATS["uri-template"](_BRACES.sub(lambda found: found[0].replace("-", "_"), address))


def _meant(address: str) -> str:
    """Return ``; did you mean '/room/{id}'?`` if that would be a URI template."""
    meant = _ANGLES.sub(r"{\1}", address)
    meant = _BRACES.sub(lambda found: f"{{{re.sub(r'[^A-Za-z0-9]+', '_', found[1].strip())}}}", meant)
    meant = _braced(re.sub(r"\s+", "-", meant.strip()))
    names = _BRACES.findall(meant)
    if meant == address or not all(names) or not _is_template(meant):
        return ""
    return f"; did you mean {meant!r}?"


def _braced(address: str) -> str:
    return _COLON.sub(r"{\1}", address)


def read_parameters_of(
    reader: Reader, address: str | None, declared: dict[str, Parameter], nodes: dict[str, Node]
) -> tuple[Parameter, ...]:
    """Return the parameters of an address, in its order; a declared one that it lacks is reported.

    Args:
        reader: Takes the findings.
        address: As written, or None if it is not known.
        declared: By name.
        nodes: Where each one is declared.

    Source: AsyncAPI 2.6, Channel Item Object: parameters SHOULD be there only with expressions;
    3.0, Channel Object: the map MUST contain those of the address.
    """
    names = _BRACES.findall(address or "")
    for name, node in nodes.items():
        if name in names or address is None:
            continue
        message = f"the address has no {{{name}}}{did_you_mean(name, names)}"
        if reader.traits_win:
            reader.warn(node, "CHANNEL", message, key=True)
        else:
            reader.error(node, "CHANNEL", message, layer="document", key=True)
    return tuple(declared.get(name) or Parameter(name=name) for name in names)
