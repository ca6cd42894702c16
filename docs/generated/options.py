"""The options of the server, and its limits."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import engineio
import socketio

from asynction_asgi import AsynctionSocketIO, Limits, Options
from asynction_asgi.engine import create_server
from asynction_asgi.engine.options import ServerOptions, UpstreamOptions
from asynction_asgi.server.option_help import described
from asynction_asgi.server.own_options import OwnOptions

from .markdown import entry, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Option:
    """An option as a reader wants to know it."""

    def __init__(self, name: str, annotation: Any, default: object, text: str) -> None:
        self.name, self.default, self.text = name, default, text
        self.type = annotation.__forward_arg__ if hasattr(annotation, "__forward_arg__") else str(annotation)

    def __str__(self) -> str:
        known = self.default is not inspect.Parameter.empty
        return entry(f"`{self.name}`", self.text, f"`{self.type}`" + (f", {self.default!r}" if known else ""))


def option_groups() -> Mapping[str, list[Option]]:
    """Return the options of `from_spec` under headings, in the order of their declaration."""
    makers = (OwnOptions, create_server, socketio.AsyncServer, engineio.AsyncServer)
    given = _defaults(*makers) | {"cors_credentials": False, "monitor_clients": inspect.Parameter.empty}
    upstream, engine = UpstreamOptions.__annotations__, ServerOptions.__annotations__
    parameters = inspect.signature(AsynctionSocketIO.from_spec).parameters.values()
    own = described(AsynctionSocketIO.from_spec, "Args")
    named = [parameter for parameter in parameters if parameter.name not in Options.__annotations__]

    def group(documented: type, leaving: Mapping[str, Any]) -> list[Option]:
        texts = described(documented)
        annotations = {name: kind for name, kind in documented.__annotations__.items() if name not in leaving}
        return [
            Option(name, kind, given.get(name, inspect.Parameter.empty), texts.get(name, ""))
            for name, kind in annotations.items()
        ]

    return {
        "The document": [
            Option(parameter.name, parameter.annotation, parameter.default, own.get(parameter.name, ""))
            for parameter in named
        ],
        "The server": group(Options, engine),
        "The engine, and several processes": group(ServerOptions, upstream),
        "Options of python-socketio": group(UpstreamOptions, {}),
    }


def _defaults(*makers: Callable[..., Any]) -> dict[str, object]:
    """Return the defaults of keyword arguments; those of earlier functions take precedence."""
    return {
        name: parameter.default
        for maker in reversed(makers)
        for name, parameter in inspect.signature(maker).parameters.items()
        if parameter.default is not parameter.empty
    }


def options() -> str:
    """Return a list of definitions under a heading for each group."""
    return "".join(
        f"## {heading}\n\n{''.join(map(str, group))}" for heading, group in option_groups().items()
    )


def limits() -> str:
    """Return a table of the fields of `Limits`."""
    texts = described(Limits)
    rows = [(f"`{limit.name}`", str(limit.default), texts.get(limit.name, "")) for limit in fields(Limits)]
    return table(("Limit", "Default", "Bounds"), rows)
