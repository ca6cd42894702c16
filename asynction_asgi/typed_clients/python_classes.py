"""One namespace as a class of Python: a method per event of clients, and one to listen to each of the server's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..datatypes.names import Names, pascal, snake
from ..python_source.expressions import ANY, NEVER, NONE, write
from ..python_source.sending import about, always_given, data_of, laid_out
from ..python_source.signatures import function_head
from ..python_source.source import docstring, fits, literal, one_line
from ..spec.model.by_event import WILDCARD
from ..spec.model.templates import PARAMETER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..python_source.expressions import Expression
    from ..python_source.payloads import Payloads
    from ..python_source.signatures import Signatures
    from ..python_source.source import Module
    from ..spec.model import Event, Namespace, Recovery

_OFFSETS = "A string follows the arguments, by which clients that were cut off get what they missed."


def parameter_names(namespace: Namespace) -> Mapping[str, str]:
    """Return what a class calls the parameters of its namespace, by their names in the document."""
    names = Names(("self", "wire"))
    return {parameter.name: names.take(snake(parameter.name, "value")) for parameter in namespace.parameters}


class ClassWriter:
    """Writes classes into a module.

    Args:
        module: The module.
        signatures: Reads what events carry.
        payloads: Makes the types.
        sync: Whether methods block.
    """

    def __init__(self, module: Module, signatures: Signatures, payloads: Payloads, *, sync: bool) -> None:
        self._module = module
        self._signatures = signatures
        self._payloads = payloads
        self._sync = sync

    def lines(self, name: str, namespace: Namespace) -> list[str]:
        """Return the class of a namespace."""
        methods = Names(("namespace", "on_exception"))
        emitted = [
            (methods.take(snake(key, "event")), event)
            for key, event in namespace.receives.items()
            if key != WILDCARD
        ]
        received = [
            (methods.take(f"on_{snake(key, 'event')}"), event)
            for key, event in namespace.sends.items()
            if key not in (WILDCARD, "exception")
        ]
        if namespace.handshake.auth is not None:  # for the user's own annotations
            self._payloads.type_of(namespace.handshake.auth, f"{name}Auth")
        doc = docstring(f'The namespace "{one_line(namespace.name)}"', namespace.description, indent=4)
        return [
            f"class {name}:",
            *doc,
            "",
            *self._init(namespace),
            *(line for method, event in emitted for line in ["", *self._emit(method, event)]),
            *(
                line
                for method, event in received
                for line in [
                    "",
                    *self._on(method, event.name, self._handler(event), event, namespace.recovery),
                ]
            ),
            "",
            *self._on(
                "on_exception", "exception", f"{self._callable()}[[Refusal], {self._result(NONE)}]", None
            ),
        ]

    def _init(self, namespace: Namespace) -> list[str]:
        values = parameter_names(namespace)
        given = [
            f"{values[parameter.name]}: {write(self._signatures.value_type(parameter), self._module)}"
            for parameter in namespace.parameters
        ]
        head = f"    def __init__({', '.join(['self', 'wire: Wire', *(['*', *given] if given else [])])}) -> None:"
        if not fits(head):
            head = "\n".join(
                [
                    "    def __init__(",
                    *(f"        {word}," for word in ("self", "wire: Wire", "*", *given)),
                    "    ) -> None:",
                ]
            )
        pieces = PARAMETER.split(namespace.name)
        parts = [
            f"_segment({values[piece]})" if place % 2 else literal(piece)
            for place, piece in enumerate(pieces)
            if piece
        ]
        address = f"        self.namespace = {' + '.join(parts)}"
        if not fits(address):
            rows = [f"            {'+ ' if index else ''}{part}" for index, part in enumerate(parts)]
            address = "\n".join(["        self.namespace = (", *rows, "        )"])
        summary = "Wrap a client that is, or will be, connected to the namespace"
        return [
            *head.split("\n"),
            *docstring(summary, indent=8),
            address,
            "        self._wire = wire",
        ]

    def _emit(self, name: str, event: Event) -> list[str]:
        context = pascal(event.name, "Event")
        parameters = always_given(self._signatures.parameters(event.arguments, context, ["self", "answer"]))
        returns = NONE if event.ack is None else self._signatures.answer(event.ack, f"{context}Ack")
        if returns == NEVER:  # a function of this type may not return, and it returns what came
            returns = ANY
        lines = function_head(name, parameters, returns, self._module, indent=4, method=True, sync=self._sync)
        lines += docstring(*about(event, f'Emit "{one_line(event.name)}"'), indent=8)
        data = data_of(parameters, is_single=event.arguments.kind in ("single", "union"))
        wait = "" if self._sync else "await "
        if event.ack is None:
            return [*lines, *_call(f"{wait}self._wire.emit", event.name, data, indent=8)]
        lines += _call(f"answer = {wait}self._wire.call", event.name, data, indent=8)
        if returns == NONE:
            return [*lines, "        _answered(answer)"]
        text = write(returns, self._module)
        return [*lines, f"        answered: {text} = _answered(answer)", "        return answered"]

    def _handler(self, event: Event) -> str:
        context = pascal(event.name, "Event")
        parameters = self._signatures.parameters(event.arguments, context, [])
        returns = NONE if event.ack is None else self._signatures.answer(event.ack, f"{context}Ack")
        if any(parameter.optional or parameter.rest for parameter in parameters):
            taken = "..."
        else:
            taken = f"[{', '.join(write(parameter.type, self._module) for parameter in parameters)}]"
        return f"{self._callable()}[{taken}, {self._result(returns)}]"

    def _callable(self) -> str:
        return self._module.use("collections.abc", "Callable")

    def _result(self, returns: Expression) -> str:
        """Return the type of a handler's result: an answer, or what is awaited for one."""
        text = write(returns, self._module)
        if self._sync:
            return text
        return f"{self._module.use('collections.abc', 'Awaitable')}[{text}] | {text}"

    def _on(
        self, method: str, name: str, handler: str, event: Event | None, recovery: Recovery | None = None
    ) -> list[str]:
        head = f"    def {method}(self, handler: {handler}) -> None:"
        if not fits(head):
            head = f"    def {method}(\n        self,\n        handler: {handler},\n    ) -> None:"
        if event is None:
            summary = ("Call a function with each refusal of an event without an acknowledgement", "")
        else:
            answers = "" if event.ack is None else "; what it returns is the answer"
            summary = (f'Call a function with each "{one_line(name)}"{answers}', about(event, "")[0])
        given = "handler"
        if event is not None and recovery is not None and recovery.offset == "argument":
            count = self._count(event)
            given = "handler" if count is None else f"_first({count}, handler)"
            if count is None:
                summary = (summary[0], f"{_OFFSETS}\n\n{summary[1]}")
        return [
            *head.split("\n"),
            *docstring(*summary, indent=8),
            *_call("self._wire.on", name, given, indent=8),
        ]

    def _count(self, event: Event) -> int | None:
        """Return how many arguments an event has, or None if they vary."""
        parameters = self._signatures.parameters(event.arguments, pascal(event.name, "Event"), [])
        varies = any(parameter.optional or parameter.rest for parameter in parameters)
        return None if varies else len(parameters)


def _call(function: str, event: str, data: str, *, indent: int) -> list[str]:
    margin = " " * indent
    line = f"{margin}{function}({literal(event)}, {data}, namespace=self.namespace)"
    if fits(line):
        return [line]
    inner = [f"    {text}" for text in laid_out(data)]
    return [
        f"{margin}{function}(",
        f"{margin}    {literal(event)},",
        *inner,
        f"{margin}    namespace=self.namespace,",
        f"{margin})",
    ]
