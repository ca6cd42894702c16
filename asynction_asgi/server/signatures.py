"""What a handler's signature says, and whether its first parameter takes the connection.

The first parameter takes it if it is annotated with `Socket`, is called ``socket``, or has a name that
ends in ``sid``. A signature that leaves the question open is refused at start-up, since the wrong answer
hands the payload over as an id, or refuses every event.
"""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import sys
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from ..callables import is_async_generator_function, is_generator_function, name_function
from .socket import Socket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Lead = Literal["sid", "socket"]
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
NOWHERE = object()


class UnbindableError(Exception):
    """A handler's signature fits no form; the message says why."""


def read_parameters(function: Any) -> list[inspect.Parameter]:
    """Return the parameters of a handler.

    Raises:
        UnbindableError: It is not callable, has no signature or hides that of another function, or is
            a method without its instance.
    """
    if not callable(function):
        raise UnbindableError(f"{name_function(function)} can't be called")
    if is_generator_function(function) or is_async_generator_function(function):
        raise UnbindableError(
            f"{name_function(function)} is a generator, whose body would never run; return the answer instead"
        )
    try:
        parameters = list(signature_of(function).parameters.values())
    except (TypeError, ValueError):
        raise UnbindableError(f"{name_function(function)} has no signature to inspect") from None
    first = parameters[0] if parameters else None
    if first is not None and first.kind in POSITIONAL and first.name in ("self", "cls"):
        raise UnbindableError(
            f"{name_function(function)} is a method without its instance; use instance.method"
        )
    if first is not None and first.kind is inspect.Parameter.VAR_POSITIONAL and _hides(function, parameters):
        raise UnbindableError(
            f"{name_function(function)} takes {', '.join(map(str, parameters))}, which does not tell whether it wants the"
            " sid: decorate a wrapper with functools.wraps(function), or begin its parameters with sid or socket"
        )
    return parameters


def read_lead(function: Any, parameter: inspect.Parameter) -> Lead | None:
    """Return what a positional parameter takes of the connection, or None if it takes an argument."""
    if _is_socket(parameter.annotation, getattr(python_function(function), "__globals__", {})):
        return "socket"
    name = parameter.name.strip("_").lower()
    if name == "socket":
        return "socket"
    return "sid" if name.endswith("sid") else None


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Return a signature, in which annotations that can't be resolved yet are left as they are."""
    if sys.version_info >= (3, 14):
        from annotationlib import Format  # noqa: PLC0415  # older Pythons have none

        # Names that are imported for type checkers alone stay unresolved.
        return inspect.signature(function, annotation_format=Format.FORWARDREF)
    return inspect.signature(function)


def _hides(function: Any, parameters: Sequence[inspect.Parameter]) -> bool:
    """Return whether ``(*args, …)`` stands for the parameters of another function.

    A function with ``**kwargs`` that closes over another one is a decorator's wrapper. Anything else, such
    as a mock or a function that closes over a helper, is one only if what it holds takes the connection.
    """
    enclosed = [_content(cell) for cell in getattr(python_function(function), "__closure__", None) or ()]
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters) and any(
        inspect.isroutine(content) for content in enclosed
    ):
        return True
    held = () if inspect.isroutine(function) else getattr(function, "__dict__", {}).values()
    return any(_takes_connection(content) for content in (*enclosed, *held) if inspect.isroutine(content))


def _takes_connection(function: Any) -> bool:
    try:
        parameters = list(signature_of(function).parameters.values())
    except (TypeError, ValueError):
        return False
    first = parameters[0] if parameters else None
    return first is not None and first.kind in POSITIONAL and read_lead(function, first) is not None


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it is not filled yet
        return None


def _is_socket(annotation: Any, names: Mapping[str, Any]) -> bool:
    """Return whether an annotation is `Socket`, alone or in a union; texts in it are looked up in `names`."""
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__forward_arg__", None)
    if isinstance(text, str):
        return _names_socket(text, names)
    return annotation is Socket or any(_is_socket(member, names) for member in _members(annotation))


def _members(annotation: Any) -> Sequence[Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return arguments[:1]
    return arguments if origin in (Union, UnionType) else ()


def _names_socket(text: str, names: Mapping[str, Any]) -> bool:
    try:
        expression = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        return False
    return _expresses_socket(expression, names)


def _expresses_socket(expression: ast.expr, names: Mapping[str, Any]) -> bool:
    """Look the names up; one that is not there, as under ``TYPE_CHECKING``, counts by its spelling."""
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        return _names_socket(expression.value, names)
    if isinstance(expression, ast.BinOp):
        return _expresses_socket(expression.left, names) or _expresses_socket(expression.right, names)
    if isinstance(expression, ast.Subscript):
        kind = _spelling(expression.value)
        inner = expression.slice.elts if isinstance(expression.slice, ast.Tuple) else [expression.slice]
        if kind not in ("Annotated", "Optional", "Union"):
            return False
        return any(_expresses_socket(member, names) for member in inner[: 1 if kind == "Annotated" else None])
    found = look_up(expression, names)
    if found is NOWHERE:
        return _spelling(expression) == Socket.__name__
    return _is_socket(found, {}) if not isinstance(found, str) else False


def _spelling(expression: ast.expr) -> str:
    if isinstance(expression, ast.Attribute):
        return expression.attr
    return expression.id if isinstance(expression, ast.Name) else ""


def look_up(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """Return what a name, or a dotted one, stands for among `names` and the builtins, or `NOWHERE`."""
    if isinstance(node, ast.Name):
        return names.get(node.id, getattr(builtins, node.id, NOWHERE))
    if isinstance(node, ast.Attribute):
        owner = look_up(node.value, names)
        return NOWHERE if owner is NOWHERE else getattr(owner, node.attr, NOWHERE)
    return NOWHERE


def python_function(function: Any) -> Any:
    """Return the function behind partials, decorators, bound methods and instances with ``__call__``."""
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif inspect.ismethod(function):
            function = function.__func__
        elif inspect.isroutine(function) or inspect.isclass(function):
            return function
        else:
            function = type(function).__call__
