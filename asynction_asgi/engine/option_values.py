"""Values of options that would fail only later, such as with the first client, refused when the server is made."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_TRANSPORTS = ("polling", "websocket")
_YEAR_SECONDS = 366 * 86_400


def check_values(options: Mapping[str, Any]) -> None:
    """Refuse values that an option can't have.

    Args:
        options: By name; those that are not listed below pass.

    Raises:
        ValueError: An option has another value than it takes; the message says which it takes.
    """
    for name, value in options.items():
        _check(name, value, *_TAKEN.get(name, _ANYTHING))


def check_switches(**options: Any) -> None:
    """Refuse options that are neither on nor off, such as ``"false"``, which counts as true.

    Raises:
        ValueError: An option has another value than True or False.
    """
    for name, value in options.items():
        _check(name, value, *_SWITCH)


def _check(name: str, value: Any, fits: Callable[[Any], bool], words: str) -> None:
    if not fits(value):
        raise ValueError(f"{name} takes {words}, not {value!r}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf


def _is_above_zero(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_interval(value: Any) -> bool:
    if isinstance(value, tuple):
        return len(value) == 2 and _is_above_zero(value[0]) and _is_number(value[1]) and value[1] >= 0
    return _is_above_zero(value)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_logger(value: Any) -> bool:
    return value is None or isinstance(value, bool) or callable(getattr(value, "isEnabledFor", None))


def _is_serializer(value: Any) -> bool:
    return value in ("default", "msgpack") if isinstance(value, str) else isinstance(value, type)


def _are_transports(value: Any) -> bool:
    names = [value] if isinstance(value, str) else value
    return value is None or (
        isinstance(names, Collection) and len(names) > 0 and all(name in _TRANSPORTS for name in names)
    )


def _are_namespaces(value: Any) -> bool:
    if value is None or isinstance(value, str):
        return value in (None, "*")
    return isinstance(value, Collection) and all(isinstance(name, str) for name in value)


def _is_json(value: Any) -> bool:
    return value is None or all(callable(getattr(value, name, None)) for name in ("dumps", "loads"))


_ANYTHING: tuple[Callable[[Any], bool], str] = (lambda _: True, "")
_SWITCH: tuple[Callable[[Any], bool], str] = (_is_bool, "True or False")
_TAKEN: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "ping_interval": (_is_interval, "seconds above zero, or a pair of seconds and seconds of grace"),
    "ping_timeout": (_is_above_zero, "seconds above zero"),
    "timeout": (_is_above_zero, "seconds above zero"),
    "max_http_buffer_size": (_is_above_zero, "a number of bytes above zero"),
    "compression_threshold": (lambda value: _is_number(value) and value >= 0, "a number of bytes"),
    "http_compression": _SWITCH,
    "allow_upgrades": _SWITCH,
    "cors_credentials": _SWITCH,
    "async_handlers": _SWITCH,
    "monitor_clients": _SWITCH,
    "logger": (_is_logger, "True, False or a logger of the package logging"),
    "engineio_logger": (_is_logger, "True, False or a logger of the package logging"),
    "serializer": (_is_serializer, "'default', 'msgpack' or a packet class"),
    "message_queue_retention": (
        lambda value: _is_above_zero(value) and value <= _YEAR_SECONDS,
        "seconds above zero, up to those of a year",
    ),
    "message_queue": (_is_text, "a URL such as 'redis+stream://localhost'"),
    "route": (lambda value: value is None or isinstance(value, str), "a name"),
    "transports": (_are_transports, "'polling', 'websocket' or a list of both"),
    "ordering": (lambda value: value in ("concurrent", "serial"), "'concurrent' or 'serial'"),
    "channel": (lambda value: isinstance(value, str) and value != "", "a name"),
    "cookie": (
        lambda value: value is None or isinstance(value, str | dict),
        "a name or a dict of attributes",
    ),
    "json": (_is_json, "a module with the functions dumps and loads"),
    "namespaces": (_are_namespaces, "'*' or a list of names of namespaces"),
}
