"""What an event carries as the parameters of a function, and its acknowledgement as a return type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..datatypes.names import Names, is_plain, pascal, singular, snake
from ..spec.schemas.shape_reader import Shapes, is_never
from .expressions import ANY, NEVER, NONE, Either, Literal, Named, Of, builtin, either, write
from .source import fits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..spec.model import Arguments, Namespace, Spec
    from ..spec.model import Parameter as NamespaceParameter
    from ..spec.text.document import Node
    from .expressions import Expression
    from .payloads import Payloads
    from .source import Module

_WORDS = {
    "str": "text",
    "int": "number",
    "float": "number",
    "bool": "flag",
    "bytes": "content",
    "list": "items",
}
_MOST_OPTIONAL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of a function.

    Attributes:
        name: An identifier.
        type: Its annotation.
        optional: Whether it has the default None.
        rest: Whether it takes all further arguments.
        keyword: Whether it is given by name.
    """

    name: str
    type: Expression
    optional: bool = False
    rest: bool = False
    keyword: bool = False


ANYTHING = (Parameter(name="arguments", type=ANY, rest=True),)


def function_head(
    name: str,
    parameters: Sequence[Parameter],
    returns: Expression,
    module: Module,
    *,
    indent: int = 0,
    method: bool = False,
    sync: bool = False,
) -> list[str]:
    """Write the lines of ``async def name(…) -> …:``; with `sync`, of a plain function."""
    define = "def" if sync else "async def"
    words = ["self"] if method else []
    starred = False
    for parameter in parameters:
        if parameter.keyword and not starred:
            words.append("*")
        starred = starred or parameter.rest or parameter.keyword
        text = write(either([parameter.type, NONE]) if parameter.optional else parameter.type, module)
        words.append(
            f"{'*' if parameter.rest else ''}{parameter.name}: {text}{' = None' if parameter.optional else ''}"
        )
    answer = write(returns, module)
    margin = " " * indent
    line = f"{margin}{define} {name}({', '.join(words)}) -> {answer}:"
    if fits(line) or not words:
        return [line]
    return [
        f"{margin}{define} {name}(",
        *(f"{margin}    {word}," for word in words),
        f"{margin}) -> {answer}:",
    ]


class Signatures:
    """Reads arguments and acknowledgements as Python would take and give them."""

    def __init__(self, spec: Spec, payloads: Payloads) -> None:
        self._shapes = Shapes(spec.resolver)
        self._payloads = payloads
        self._answers: dict[int, Expression] = {}

    def parameters(self, arguments: Arguments, context: str, taken: Sequence[str]) -> tuple[Parameter, ...]:
        """Return the parameters that take an event's arguments.

        Args:
            arguments: What the event carries.
            context: What to call types without a name.
            taken: Names of other parameters.
        """
        names = Names(taken)
        if arguments.kind == "single" and arguments.schema is not None:
            found = self._payloads.type_of(arguments.schema, context)
            name = self._name(arguments.schema, found, context)
            return (Parameter(name=names.take(name), type=found),)
        if arguments.kind == "positional" and arguments.schema is not None:
            return tuple(self._positional(arguments, context, names))
        if arguments.kind == "union" and all(alternative.kind == "single" for alternative in arguments.of):
            found = self.answer(arguments, context)
            return (Parameter(name=names.take(_word(found, self._payloads.module, context)), type=found),)
        return (Parameter(name=names.take("arguments"), type=ANY, rest=True),)

    def answer(self, ack: Arguments | None, context: str) -> Expression:
        """Return what a handler or a call returns: a tuple is several arguments, None is no argument."""
        if ack is None or ack.maximum == 0:
            return NONE
        if id(ack) not in self._answers:  # an event of several namespaces has one
            self._answers[id(ack)] = self._payloads.alias(self._answer(ack, context), context)
        return self._answers[id(ack)]

    def of_namespace(self, namespace: Namespace, taken: Sequence[str]) -> tuple[Parameter, ...]:
        """Return parameters for the values in a dynamic namespace, which the server passes by name."""
        return tuple(
            Parameter(name=parameter.name, type=self.value_type(parameter), keyword=True)
            for parameter in namespace.parameters
            if is_plain(parameter.name) and parameter.name not in taken
        )

    def value_type(self, parameter: NamespaceParameter) -> Expression:
        """Return the type of a value in a dynamic namespace."""
        context = pascal(parameter.name, "Parameter")
        if parameter.enum is not None:
            return self._payloads.alias(Literal(tuple((str, value) for value in parameter.enum)), context)
        if parameter.schema is None:
            return builtin("str")
        found = self._payloads.type_of(parameter.schema, context)
        return builtin("str") if found == ANY else found

    def _answer(self, ack: Arguments, context: str) -> Expression:
        if ack.maximum == 0:
            return NONE
        if ack.kind == "union":
            return either(self._answer(alternative, context) for alternative in ack.of)
        if ack.kind == "single" and ack.schema is not None:
            return self._payloads.type_of(ack.schema, context)
        if ack.kind != "positional" or ack.schema is None:
            return ANY
        parts = [parameter.type for parameter in self._positional(ack, context, Names())]
        optional = len(parts) - ack.minimum
        if ack.maximum is None or ack.maximum != len(parts) or optional > _MOST_OPTIONAL:
            return Of(Named("builtins", "tuple"), (ANY, Named("builtins", "...")))
        return either(
            builtin("tuple", *parts[:count]) if count else NONE
            for count in range(ack.minimum, len(parts) + 1)
        )

    def _positional(self, arguments: Arguments, context: str, names: Names) -> list[Parameter]:
        schema = arguments.schema
        if schema is None or arguments.maximum == 0:
            return []
        shape = self._shapes.of(schema)
        if shape.choices and shape.positions is None:
            return [Parameter(name=names.take("arguments"), type=ANY, rest=True)]
        positions = list(shape.positions or ())[: arguments.maximum]
        found = []
        for index, position in enumerate(positions):
            own = self._payloads.name_of(position)
            wanted = pascal(f"{context} {own}", context) if own else f"{context}{index + 1}"
            kind = self._payloads.type_of(position, wanted)
            name = names.take(self._name(position, kind, wanted))
            found.append(Parameter(name=name, type=kind, optional=index >= arguments.minimum))
        if arguments.maximum is None or arguments.maximum > len(positions):
            kind = (
                ANY
                if shape.rest is None or is_never(shape.rest.value)
                else self._payloads.type_of(shape.rest, singular(context))
            )
            found.append(Parameter(name=names.take("others" if found else "items"), type=kind, rest=True))
        return found

    def _name(self, schema: Node, kind: Expression, context: str) -> str:
        own = self._payloads.name_of(schema)
        return snake(own, "value") if own and len(own) <= 40 else _word(kind, self._payloads.module, context)


def _word(kind: Expression, module: str, context: str) -> str:
    """Return a sensible word for a value of a type that says nothing more."""
    if isinstance(kind, Either):
        rest = [option for option in kind.options if option != NONE]
        kind = rest[0] if len(rest) == 1 else NEVER
    if isinstance(kind, Of):
        kind = kind.base
    if isinstance(kind, Named) and kind.module == module:
        return "message" if kind.name == context else snake(kind.name, "message")
    return _WORDS.get(kind.name, "value") if isinstance(kind, Named) else "choice"
