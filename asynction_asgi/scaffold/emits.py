"""A typed function for each event that the server emits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..datatypes.names import Names, pascal, snake
from ..python_source.expressions import ANY, NONE, Named, write
from ..python_source.sending import about, always_given, data_of, laid_out
from ..python_source.signatures import Parameter, function_head
from ..python_source.source import Module, docstring, fits, literal, one_line
from ..spec.model.by_event import WILDCARD
from .bound_emits import write_calls, write_emits_class
from .handlers import slug

if TYPE_CHECKING:
    from ..python_source.signatures import Signatures
    from ..spec.model import Event, Namespace, Spec

_OWN = ("Call", "Calls", "Emit", "Emits")


def write_emits(
    spec: Spec, signatures: Signatures, *, module: str, is_package: bool = False
) -> dict[str, Module]:
    """Write modules by dotted name: one, or a package with one per namespace that the server emits in.

    Args:
        spec: The contract.
        signatures: Reads arguments.
        module: What to call the module, or package.
        is_package: Write a package even for one namespace.
    """
    title = one_line(spec.title) or "the server"
    sending = [
        namespace
        for namespace in spec.namespaces.values()
        if any(name != WILDCARD for name in namespace.sends)
    ]
    if len(sending) == 1 and not is_package:
        return {module: _module(sending[0], signatures, module, title)}
    names = Names()
    found = {module: Module(module, f"What {title} emits, by namespace")} if sending else {}
    for namespace in sending:
        name = f"{module}.{names.take(slug(namespace.name))}"
        found[name] = _module(namespace, signatures, name, title)
    return found


def _module(namespace: Namespace, signatures: Signatures, name: str, title: str) -> Module:
    events = [event for key, event in namespace.sends.items() if key != WILDCARD]
    functions = Names((*_OWN, "Any", "Awaitable", "Callable", "TypeAlias", "annotations", "partial"))
    named = [(functions.take(snake(event.name, "event")), event) for event in events]
    where = "" if namespace.name == "/" else f" in {one_line(namespace.name)}"
    concrete = "socket.namespace" if namespace.parameters else literal(one_line(namespace.name))
    everyone = "app.emit" if namespace.name == "/" else f"partial(app.emit, namespace={concrete})"
    emitting = (
        "The first argument is what sends: socket.emit (to one client), socket.broadcast (to all others), "
        f'socket.to("room").emit, or {everyone} (to all clients). '
    )
    calling = "Where the client answers, it is socket.call."
    module = Module(
        name,
        f"What {title} emits{where}",
        (emitting if any(event.ack is None for event in events) else "")
        + (calling if any(event.ack is not None for event in events) else ""),
        own={*_OWN, *(function for function, _ in named)},
    )
    body = [
        line
        for function, event in named
        for line in ["", "", *_function(function, event, signatures, module)]
    ]
    for write_class, asked in ((write_emits_class, False), (write_calls, True)):
        methods = [
            _function(function, event, signatures, module, method=True)
            for function, event in named
            if (event.ack is not None) is asked
        ]
        if methods:
            body += ["", "", *write_class(namespace, methods, module)]
    for alias, result, used in (
        ("Emit", "None", any(event.ack is None for event in events)),
        ("Call", write(ANY, module), any(event.ack is not None for event in events)),
    ):
        if used:
            function, awaitable = (module.use("collections.abc", word) for word in ("Callable", "Awaitable"))
            text = (
                f"{function}[[{module.use('builtins', 'str')}, {write(ANY, module)}], {awaitable}[{result}]]"
            )
            module.lines.append(f"{alias}: {module.use('typing', 'TypeAlias')} = {text}")
    module.lines += body
    return module


def _function(
    name: str, event: Event, signatures: Signatures, module: Module, *, method: bool = False
) -> list[str]:
    """Return a function whose first parameter sends, or the method of a class that holds what sends."""
    context = pascal(event.name, "Event")
    first = "emit" if event.ack is None else "call"
    kind = Named(module.name, "Emit" if event.ack is None else "Call")
    taken = ["emit", "call", "answer", "self"]
    parameters = always_given(signatures.parameters(event.arguments, context, taken))
    returns = NONE if event.ack is None else signatures.answer(event.ack, f"{context}Ack")
    sender = [] if method else [Parameter(name=first, type=kind)]
    indent = 8 if method else 4
    lines = function_head(name, [*sender, *parameters], returns, module, indent=indent - 4, method=method)
    lines += docstring(*about(event, f'Emit "{one_line(event.name)}"'), indent=indent)
    data = data_of(parameters, is_single=event.arguments.kind in ("single", "union"))
    margin, sends = " " * indent, f"self._{first}" if method else first
    answered = returns != NONE
    start = (
        f"{margin}answer: {write(returns, module)} = await {sends}("
        if answered
        else f"{margin}await {sends}("
    )
    line = f"{start}{literal(event.name)}, {data})"
    if not fits(line):
        inner = [f"{margin[4:]}{text}" for text in laid_out(data)]
        line = "\n".join([start, f"{margin}    {literal(event.name)},", *inner, f"{margin})"])
    return [*lines, *line.split("\n"), *([f"{margin}return answer"] if answered else [])]
