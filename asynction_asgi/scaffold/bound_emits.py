"""Classes that hold what sends, with a method for each event that the server emits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..python_source.source import docstring, fits, literal, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..python_source.source import Module
    from ..spec.model import Namespace


def write_emits_class(namespace: Namespace, methods: Sequence[list[str]], module: Module) -> list[str]:
    """Return the lines of ``Emits``, which is bound to an application, a socket or recipients.

    Args:
        namespace: Where the events are emitted.
        methods: The lines of each method.
        module: The module.
    """
    senders = [module.use("asynction_asgi", name) for name in ("AsynctionSocketIO", "Emitter")]
    others = [module.use("asynction_asgi", name) for name in ("Recipients", "Socket")]
    parameters = ["self", f"sender: {' | '.join([*senders, *others])}"]
    if namespace.parameters:
        parameters.append("namespace: str | None = None")
    head = f"    def __init__({', '.join(parameters)}) -> None:"
    if not fits(head):
        head = "\n".join(
            ["    def __init__(", *(f"        {text}," for text in parameters), "    ) -> None:"]
        )
    summary = docstring("Emit by an application, a socket or the recipients of socket.to()", indent=8)
    return [
        "class Emits:",
        *docstring(f"What the server emits{_where(namespace)}, bound to what sends it", indent=4),
        "",
        *head.split("\n"),
        *summary,
        *_bind(namespace, " | ".join(senders), module),
        *(line for method in methods for line in ["", *method]),
    ]


def write_calls(namespace: Namespace, methods: Sequence[list[str]], module: Module) -> list[str]:
    """Return the lines of ``Calls``, which is bound to a socket; the arguments are those of `write_emits_class`."""
    return [
        "class Calls:",
        *docstring(f"What the server asks a client{_where(namespace)}, bound to its socket", indent=4),
        "",
        f"    def __init__(self, socket: {module.use('asynction_asgi', 'Socket')}) -> None:",
        *docstring("Ask the client of a socket", indent=8),
        "        self._call: Call = socket.call",
        *(line for method in methods for line in ["", *method]),
    ]


def _where(namespace: Namespace) -> str:
    return "" if namespace.name == "/" else f" in {one_line(namespace.name)}"


def _bind(namespace: Namespace, applications: str, module: Module) -> list[str]:
    """Return the body of ``__init__``: an application needs the name of a namespace other than ``/``."""
    if namespace.name == "/":
        return ["        self._emit: Emit = sender.emit"]
    partial = module.use("functools", "partial")
    concrete = "namespace" if namespace.parameters else literal(namespace.name)
    check = [
        "            if namespace is None:",
        '                raise TypeError("pass the namespace in which to emit")',
    ]
    return [
        f"        if isinstance(sender, {applications}):",
        *(check if namespace.parameters else []),
        *_assign(f"self._emit: Emit = {partial}", ["sender.emit", f"namespace={concrete}"]),
        "        else:",
        "            self._emit = sender.emit",
    ]


def _assign(call: str, arguments: Sequence[str]) -> list[str]:
    """Return a call within a block, over as many lines as it takes."""
    margin = " " * 12
    line = f"{margin}{call}({', '.join(arguments)})"
    if fits(line):
        return [line]
    inner = f"{margin}    {', '.join(arguments)}"
    rows = [inner] if fits(inner) else [f"{margin}    {argument}," for argument in arguments]
    return [f"{margin}{call}(", *rows, f"{margin})"]
