"""A typed function for each event that the server emits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..datatypes.names import Names, pascal, snake
from ..python_source.expressions import ANY, NONE, Named, write
from ..python_source.sending import about, always_given, data_of, laid_out
from ..python_source.signatures import Parameter, function_head
from ..python_source.source import Module, docstring, fits, literal, one_line
from .handlers import slug

if TYPE_CHECKING:
    from ..python_source.signatures import Signatures
    from ..spec.model import Event, Namespace, Spec

__all__ = ["write_emits"]


def write_emits(spec: Spec, signatures: Signatures, *, module: str) -> dict[str, Module]:
    """Write modules by dotted name: one, or a package with one per namespace that the server emits in."""
    title = one_line(spec.title) or "the server"
    sending = [
        namespace for namespace in spec.namespaces.values() if any(name != "*" for name in namespace.sends)
    ]
    if len(sending) == 1:
        return {module: _module(sending[0], signatures, module, title)}
    names = Names()
    found = {module: Module(module, f"What {title} emits, by namespace")} if sending else {}
    for namespace in sending:
        name = f"{module}.{names.take(slug(namespace.name))}"
        found[name] = _module(namespace, signatures, name, title)
    return found


def _module(namespace: Namespace, signatures: Signatures, name: str, title: str) -> Module:
    events = [event for key, event in namespace.sends.items() if key != "*"]
    functions = Names(("Emit", "Call", "Any", "Awaitable", "Callable", "TypeAlias", "annotations"))
    named = [(functions.take(snake(event.name, "event")), event) for event in events]
    where = "" if namespace.name == "/" else f" in {one_line(namespace.name)}"
    concrete = "socket.namespace" if namespace.parameters else literal(one_line(namespace.name))
    everybody = "app.emit" if namespace.name == "/" else f"partial(app.emit, namespace={concrete})"
    emitting = (
        "The first argument is what sends: socket.emit (to one client), socket.broadcast (to all others), "
        f'socket.to("room").emit, or {everybody} (to everybody). '
    )
    calling = "Where the client answers, it is socket.call."
    module = Module(
        name,
        f"What {title} emits{where}",
        (emitting if any(event.ack is None for event in events) else "")
        + (calling if any(event.ack is not None for event in events) else ""),
        own={"Emit", "Call", *(function for function, _ in named)},
    )
    body = [
        line
        for function, event in named
        for line in ["", "", *_function(function, event, signatures, module)]
    ]
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


def _function(name: str, event: Event, signatures: Signatures, module: Module) -> list[str]:
    context = pascal(event.name, "Event")
    first = "emit" if event.ack is None else "call"
    kind = Named(module.name, "Emit" if event.ack is None else "Call")
    parameters = always_given(signatures.parameters(event.arguments, context, ["emit", "call", "answer"]))
    returns = NONE if event.ack is None else signatures.answer(event.ack, f"{context}Ack")
    lines = function_head(name, [Parameter(name=first, type=kind), *parameters], returns, module)
    lines += docstring(*about(event, f'Emit "{one_line(event.name)}"'), indent=4)
    data = data_of(parameters, is_single=event.arguments.kind in ("single", "union"))
    answered = returns != NONE
    start = f"    answer: {write(returns, module)} = await {first}(" if answered else f"    await {first}("
    line = f"{start}{literal(event.name)}, {data})"
    if not fits(line):
        line = "\n".join([start, f"        {literal(event.name)},", *laid_out(data), "    )"])
    return [*lines, *line.split("\n"), *(["    return answer"] if answered else [])]
