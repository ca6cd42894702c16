"""The events that code emits by literal names, found in its source."""

from __future__ import annotations

import ast
import inspect
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..server.places import place_in
from ..server.signatures import NOWHERE, look_up
from .notes import Note

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

    from ..server.places import Place
    from .served import Served


@dataclass(frozen=True, slots=True, kw_only=True)
class Emitted:
    """A place that emits.

    Attributes:
        place: Of the call.
        event: None if the code computes it.
        namespaces: Names; none if the code computes it.
        awaits_ack: Whether it asks for an acknowledgement.
    """

    place: Place
    event: str | None
    namespaces: tuple[str, ...]
    awaits_ack: bool


def modules_of(served: Served) -> list[str]:
    """Return the names of the modules that hold the servers, the namespaces' classes or handlers."""
    of_handlers = {
        getattr(function, "__module__", None)
        for events in served.handlers.values()
        for function in events.values()
    }
    of_classes = {owner.__module__ for owner in _classes(served)}
    return [
        name
        for name, module in sorted(sys.modules.items())
        if name in of_handlers
        or name in of_classes
        or any(value is server for value in _globals(module).values() for server in served.servers)
    ]


def find_emits(served: Served, modules: Iterable[str]) -> Iterator[Emitted | Note]:
    """Yield what the code of modules emits by a server of these, or by ``self`` in a namespace's class.

    Where it is not known what emits, such as an attribute of a request, that is a note.
    """
    for name in modules:
        module = sys.modules[name]
        try:
            tree = ast.parse(inspect.getsource(module))
        except (OSError, TypeError, SyntaxError):
            continue
        yield from _Module(served, module).emits(tree)


class _Module:
    def __init__(self, served: Served, module: ModuleType) -> None:
        self._servers = served.servers
        self._names = _globals(module)
        self._file = getattr(module, "__file__", None) or module.__name__
        # By line of the class in this module: the namespaces that its objects are.
        self._own: dict[str, list[str]] = {}
        for name, namespace in served.namespaces.items():
            for owner in type(namespace).__mro__:
                if owner.__module__ == module.__name__:
                    self._own.setdefault(owner.__qualname__, []).append(name)

    def emits(self, tree: ast.AST, within: str = "", own: tuple[str, ...] = ()) -> Iterator[Emitted | Note]:
        """Yield the emits below a node; `own` are the namespaces of ``self``."""
        for node in ast.iter_child_nodes(tree):
            if isinstance(node, ast.ClassDef):
                qualified = f"{within}{node.name}"
                yield from self.emits(node, f"{qualified}.", tuple(self._own.get(qualified, ())))
                continue
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                yield from self._emit(node, node.func, own)
            yield from self.emits(node, within, own)

    def _emit(
        self, call: ast.Call, function: ast.Attribute, own: tuple[str, ...]
    ) -> Iterator[Emitted | Note]:
        if function.attr not in ("emit", "call", "send"):
            return
        receiver, place = function.value, place_in(self._file, call.lineno)
        is_self = bool(own) and isinstance(receiver, ast.Name) and receiver.id == "self"
        found = look_up(receiver, self._names)
        if not is_self and not any(found is server for server in self._servers):
            event = _text(call.args[0] if call.args else None)
            if found is NOWHERE and function.attr == "emit" and event is not None:
                what = f"what emits {event!r} is not known here; declare the event if clients receive it"
                yield Note(place, what)
            return
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        event = "message"
        if function.attr != "send":
            event = _text(call.args[0] if call.args else keywords.get("event"))
        namespaces = own if is_self else ("/",)
        if "namespace" in keywords and not _is_none(keywords["namespace"]):
            namespace = _text(keywords["namespace"])
            namespaces = () if namespace is None else (namespace,)
        yield Emitted(
            place=place,
            event=event,
            namespaces=namespaces,
            awaits_ack=function.attr == "call" or "callback" in keywords,
        )


def _classes(served: Served) -> Iterator[type]:
    for namespace in served.namespaces.values():
        yield from (owner for owner in type(namespace).__mro__ if not _is_foreign(owner.__module__))


def _is_foreign(module: str) -> bool:
    return module.partition(".")[0] in ("builtins", "socketio")


def _globals(module: Any) -> dict[str, Any]:
    found = getattr(module, "__dict__", {})
    return dict(found) if isinstance(found, dict) else {}


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
