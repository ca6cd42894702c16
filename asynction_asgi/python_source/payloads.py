"""The types of everything that travels: one module, made of the document's schemas."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..datatypes.members import (
    implied_types,
    is_closed,
    is_typed_dict,
    only_reference,
    other_members,
    pattern_members,
    types_beside,
)
from ..datatypes.names import Names, pascal, singular
from ..datatypes.own_names import LONGEST_NAME, MOST_CHOICES, is_component, name_or_message, own_name
from ..spec.schemas.shape import merge_shapes
from ..spec.schemas.shape_reader import Shapes, is_never
from .expressions import ANY, NEVER, NONE, Either, Literal, Named, builtin, either, write
from .source import WIDTH, Module, fits
from .typed_dicts import Alias, TypedDict, write_definitions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..spec.model import Spec
    from ..spec.schemas.shape import Shape
    from ..spec.text.document import Document, Node
    from .expressions import Expression

# Longer expressions get a name, and so do those below this depth.
_LONGEST = 44
_DEEPEST = 12
_HUGE = 2**63  # mypy takes no larger number for a literal
_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
# In the order in which a reader expects them.
_ORDER = ("object", "array", "string", "integer", "number", "boolean", "null")
_OBJECT = ("object",)
_MAP = builtin("dict", builtin("str"), ANY)
_IMPORTED = ("Any", "Literal", "Never", "NotRequired", "TypeAlias", "TypedDict", "Union")


@dataclass(frozen=True, slots=True)
class _Task:
    """A type that has its name and not yet its definition."""

    name: str
    node: Node
    shape: Shape[Node]


class Payloads:
    """Makes types of schemas, and the module that defines them.

    Args:
        spec: The contract.
        module: The name of the module.
        taken: Names that it has for other things.
    """

    def __init__(self, spec: Spec, module: str, *, taken: Iterable[str] = ()) -> None:
        self.module = module
        self._shapes = Shapes(spec.resolver)
        self._names = Names((*_IMPORTED, *taken))
        self._known: dict[tuple[Document, str], Expression] = {}
        self._open: dict[tuple[Document, str], str | None] = {}
        self._definitions: dict[str, TypedDict | Alias] = {}
        self._waiting: deque[_Task] = deque()
        self._scratch = Module(module, "")

    def type_of(self, node: Node, context: str) -> Expression:
        """Return the type of a schema's values, short enough for an annotation.

        Args:
            node: The schema.
            context: What to call the type where the document has no name for it.
        """
        found = self.alias(self._type(node, context, 0), context)
        while self._waiting:
            self._define(self._waiting.popleft())
        return found

    def name_of(self, node: Node) -> str:
        """Return what the document calls a schema: as a component, or by its title; ``""`` for neither."""
        return own_name(self._shapes.follow(node))

    def alias(self, expression: Expression, context: str) -> Expression:
        """Return the expression, under a name of its own unless it is short."""
        text = write(expression, self._scratch)
        if isinstance(expression, Named) or fits(text, indent=WIDTH - _LONGEST):
            return expression
        name = self._names.take(context)
        self._definitions[name] = Alias(expression, "")
        return Named(self.module, name)

    @property
    def is_needed(self) -> bool:
        """Whether there is anything in the module."""
        return bool(self._definitions)

    def source(self, title: str) -> Module:
        """Write the module."""
        module = Module(self.module, f"The types of what {title} sends and receives")
        self.define(module)
        return module

    def define(self, module: Module) -> None:
        """Write the types into a module of that name."""
        write_definitions(self._definitions, module)

    # -- expressions -----------------------------------------------------------------------

    def _type(self, node: Node, context: str, depth: int) -> Expression:
        target = self._shapes.follow(node)
        if target is not None and is_never(target.value):
            return NEVER
        if target is None or not isinstance(target.value, dict):
            return ANY
        known = self._known.get(target.identity)
        if known is not None:
            return known
        own = name_or_message(target)
        wanted = pascal(own, "Payload") if own and len(own) <= LONGEST_NAME else context
        if target.identity in self._open:  # it contains itself: only a name can say so
            name = self._open[target.identity] or self._names.take(wanted)
            self._open[target.identity] = name
            return Named(self.module, name)
        only = only_reference(target)
        if only is not None and self._shapes.follow(only) is not target:
            self._open[target.identity] = None
            found = self._type(only, context, depth + 1)
            return self._settled(target, found, wanted)
        shape = self._shapes.of(target)
        if depth > _DEEPEST:
            return self._later(target, shape, wanted)
        self._open[target.identity] = None
        found = self._expression(target, shape, wanted, depth)
        if is_component(target) and isinstance(found, Literal | Either):
            self._open[target.identity] = self._open[target.identity] or self._names.take(wanted)
        return self._settled(target, found, wanted)

    def _settled(self, target: Node, found: Expression, wanted: str) -> Expression:
        name = self._open.pop(target.identity)
        if name is not None:
            self._definitions[name] = Alias(found, _description(target))
            found = Named(self.module, name)
        else:
            found = self.alias(found, wanted)
        self._known[target.identity] = found
        return found

    def _later(self, node: Node, shape: Shape[Node], wanted: str) -> Expression:
        name = self._names.take(wanted)
        self._waiting.append(_Task(name, node, shape))
        found = Named(self.module, name)
        self._known[node.identity] = found
        return found

    def _define(self, task: _Task) -> None:
        shape = task.shape
        if is_typed_dict(shape) and shape.types in (None, _OBJECT) and not shape.choices:
            self._definitions[task.name] = self._typed_dict(task.name, shape, _description(task.node))
        else:
            found = self._expression(task.node, shape, task.name, 0)
            self._definitions[task.name] = Alias(found, _description(task.node))

    def _typed_dict(self, name: str, shape: Shape[Node], description: str) -> TypedDict:
        # The place is kept while fields are read: definitions come in the order of their names' making.
        self._definitions[name] = TypedDict({}, frozenset(), "")
        fields = {
            key: self.alias(self._type(node, pascal(f"{name} {key}", name), 1), f"{name}Field")
            for key, node in shape.properties.items()
        }
        for key in sorted(set(shape.required) - fields.keys()):
            other = other_members(shape)
            fields[key] = ANY if other is None else self._type(other, f"{name}Value", 1)
        return TypedDict(fields, frozenset(shape.required), description)

    def _expression(self, node: Node, shape: Shape[Node], context: str, depth: int) -> Expression:
        if shape.values is not None:
            return _values(shape)
        if shape.choices:
            chosen = self._chosen(node, shape, context, depth)
            if chosen != ANY:
                return chosen
        types = shape.types if shape.types is not None else implied_types(shape)
        if types is None:
            return ANY
        return either(
            self._of_type(kind, node, shape, context, depth) for kind in _ORDER if kind in types or ()
        )

    def _chosen(self, node: Node, shape: Shape[Node], context: str, depth: int) -> Expression:
        """Return the type of one of several branches, alone or merged with what surrounds them."""
        branches = shape.choices[0]
        own = replace(shape, choices=())
        shapes = [self._shapes.of(branch) for branch in branches]
        if not (
            shape.properties
            or pattern_members(shape)
            or other_members(shape)
            or shape.positions
            or shape.rest
        ):
            chosen = either(
                self._type(branch, _numbered(context, branch, index), depth + 1)
                for index, branch in enumerate(branches)
            )
            beside = () if chosen == ANY else types_beside(shape, self._shapes)
            others = (self._of_type(kind, node, own, context, depth) for kind in _ORDER if kind in beside)
            return either((chosen, *others))
        if (
            not shape.properties
            or len(branches) > MOST_CHOICES
            or not any(branch.properties for branch in shapes)
        ):
            return ANY
        options: list[Expression] = []
        for index, branch in enumerate(shapes):
            name = self._names.take(_numbered(context, branches[index], index))
            self._waiting.append(
                _Task(name, branches[index], replace(merge_shapes([own, branch]), choices=()))
            )
            options.append(Named(self.module, name))
        return either(options)

    def _of_type(self, kind: str, node: Node, shape: Shape[Node], context: str, depth: int) -> Expression:
        if kind == "null":
            return NONE
        if kind == "string" and shape.is_binary:
            return builtin("bytes")
        if kind in _SCALARS:
            return builtin(_SCALARS[kind])
        if kind == "array":
            return builtin("list", self._items(shape, context, depth))
        if is_typed_dict(shape):
            if shape.types is None or len(shape.types) == 1:
                return self._object(node, shape, context)
            # Beside other types: the name is for the object alone.
            name = self._names.take(context)
            self._waiting.append(_Task(name, node, replace(shape, types=_OBJECT, choices=())))
            return Named(self.module, name)
        return builtin("dict", builtin("str"), self._entries(shape, context, depth))

    def _object(self, node: Node, shape: Shape[Node], context: str) -> Expression:
        name = self._open.get(node.identity) or self._names.take(context)
        if node.identity in self._open:
            self._open[node.identity] = None  # a class is a name by itself
        self._known[node.identity] = Named(self.module, name)
        self._waiting.append(_Task(name, node, replace(shape, types=_OBJECT, choices=())))
        return Named(self.module, name)

    def _items(self, shape: Shape[Node], context: str, depth: int) -> Expression:
        item = singular(context)
        if shape.positions is None:
            return ANY if shape.rest is None else self._type(shape.rest, item, depth + 1)
        parts = [
            self._type(position, _numbered(item, position, index), depth + 1)
            for index, position in enumerate(shape.positions)
        ]
        if shape.rest is None or not is_never(shape.rest.value):
            parts.append(ANY if shape.rest is None else self._type(shape.rest, item, depth + 1))
        return either(parts)

    def _entries(self, shape: Shape[Node], context: str, depth: int) -> Expression:
        others = other_members(shape)
        if shape.properties or (others is None and not is_closed(shape)):
            return ANY
        held = [*pattern_members(shape), *([others] if others is not None else [])]
        return either(self._type(schema, f"{context}Value", depth + 1) for schema in held)


def _numbered(context: str, node: Node, index: int) -> str:
    title = node.value.get("title") if isinstance(node.value, dict) else None
    if isinstance(title, str) and title.strip():
        return pascal(f"{context} {title}", context)
    return f"{context}{index + 1}"


def _description(node: Node) -> str:
    found = node.value.get("description") if isinstance(node.value, dict) else None
    return found if isinstance(found, str) else ""


def _values(shape: Shape[Node]) -> Expression:
    """Return a type for the values of ``enum`` and ``const``; values that can't be literals by their type."""
    options: list[Expression] = []
    for value in filter(shape.admits, shape.values or ()):
        if value is None:
            options.append(NONE)
        elif isinstance(value, str) or (isinstance(value, int) and abs(value) < _HUGE):
            options.append(Literal(((type(value), value),)))
        elif isinstance(value, int | float):
            options.append(builtin(type(value).__name__))
        else:
            options.append(builtin("list", ANY) if isinstance(value, list) else _MAP)
    return either(options)
