"""What handlers of python-socketio take and answer, by their signatures and code."""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from ..server.conversion.annotations import UNRESOLVED, resolve_annotation, return_annotation
from ..server.places import place_of
from ..server.signatures import POSITIONAL, UnbindableError, python_function, read_parameters
from ..spec.model.by_event import WILDCARD
from ..spec.readers.reading import LIFECYCLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..server.conversion.converter import Use
    from ..server.places import Place

EMPTY = inspect.Parameter.empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """A parameter that takes an argument.

    Attributes:
        name: The parameter's.
        annotation: Its type, `EMPTY` without one, or `UNRESOLVED`.
        is_required: Whether it has no default.
        takes_rest: Whether it takes all that follow.
    """

    name: str
    annotation: Any
    is_required: bool = True
    takes_rest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form of an answer.

    Attributes:
        annotation: Of the value.
        is_list: Whether the value is a tuple, whose members are the arguments of the acknowledgement.
    """

    annotation: Any
    is_list: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a handler returns.

    Attributes:
        forms: Those that its annotation names.
        may_be_none: Whether it may be None, which is an empty acknowledgement.
        is_open: Whether nothing is known of it.
        why: Why it is open, in words, or ``""`` if the annotation says so.
    """

    forms: tuple[Form, ...] = ()
    may_be_none: bool = False
    is_open: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """The handler of an event.

    Attributes:
        namespace: Its namespace.
        event: Its name.
        function: As python-socketio has it.
        name: The function's, for messages.
        place: Where the function begins.
        arguments: The parameters that take arguments; None if its signature is hidden.
        auth: The parameter of a connect handler that takes the auth, or None.
        answer: What it returns.
    """

    namespace: str
    event: str
    function: Callable[..., Any]
    name: str
    place: Place
    arguments: Sequence[Argument] | None
    auth: Argument | None
    answer: Answer

    def annotations(self) -> Iterator[tuple[Any, Use]]:
        """Yield the annotations whose schemas are wanted, and what for."""
        for argument in (*(self.arguments or ()), *([self.auth] if self.auth else ())):
            if argument.annotation not in (EMPTY, UNRESOLVED):
                yield argument.annotation, "validation"
        for form in self.answer.forms:
            yield form.annotation, "serialization"


def read_handler(namespace: str, event: str, function: Callable[..., Any]) -> Handler:
    """Read the signature of a handler and, where it has no annotation, what its code returns."""
    is_lifecycle = event in LIFECYCLE
    return Handler(
        namespace=namespace,
        event=event,
        function=function,
        name=getattr(function, "__qualname__", type(function).__qualname__),
        place=place_of(function),
        arguments=() if is_lifecycle else _arguments(function, event),
        auth=_auth(function) if event == "connect" else None,
        answer=Answer() if is_lifecycle else _answer(function),
    )


def _arguments(function: Callable[..., Any], event: str) -> list[Argument] | None:
    """Return the parameters that take arguments, those after the sid, or None if its signature is hidden.

    The catch-all ``*`` receives the event's name before the sid.
    """
    try:
        parameters = read_parameters(function)
    except UnbindableError:
        return None
    taken = [
        parameter
        for place, parameter in enumerate(parameters)
        if (parameter.kind in POSITIONAL and place > (1 if event == WILDCARD else 0))
        or parameter.kind is inspect.Parameter.VAR_POSITIONAL
    ]
    return [_read(function, parameter) for parameter in taken]


def _auth(function: Callable[..., Any]) -> Argument | None:
    """Return the parameter of a connect handler that takes the auth, by name or place, or None."""
    try:
        parameters = [parameter for parameter in read_parameters(function) if parameter.kind in POSITIONAL]
    except UnbindableError:
        return None
    by_name = [parameter for parameter in parameters if parameter.name == "auth"]
    found = by_name or parameters[2:3]
    return _read(function, found[0]) if found else None


def _read(function: Callable[..., Any], parameter: inspect.Parameter) -> Argument:
    annotation = parameter.annotation
    return Argument(
        name=parameter.name,
        annotation=EMPTY if annotation is EMPTY else resolve_annotation(function, annotation),
        is_required=parameter.default is EMPTY,
        takes_rest=parameter.kind is inspect.Parameter.VAR_POSITIONAL,
    )


def _answer(function: Callable[..., Any]) -> Answer:
    """Return what a handler answers, by the annotation of what it returns, or else by its code."""
    if "return" not in getattr(python_function(function), "__annotations__", {}):
        if not _returns_value(function):
            return Answer(may_be_none=True)
        return Answer(is_open=True, why="what it returns has no annotation; add one")
    annotation = return_annotation(function)
    if annotation is UNRESOLVED:
        why = "the annotation of what it returns can't be resolved; import its names outside TYPE_CHECKING"
        return Answer(is_open=True, why=why)
    members = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    if any(member in (Any, object, tuple) for member in members):
        return Answer(is_open=True)
    plain = [member for member in members if member is not type(None) and not _is_tuple(member)]
    tuples = [Form(annotation=member, is_list=True) for member in members if _is_tuple(member)]
    # The annotation itself if it is the only form: of a union with names, schemas keep them.
    whole = annotation if len(plain) == len(members) else Union[tuple(plain)] if plain else None  # noqa: UP007  # made at run time
    single = [Form(annotation=whole)] if whole is not None else []
    return Answer(forms=(*single, *tuples), may_be_none=type(None) in members)


def _is_tuple(annotation: Any) -> bool:
    return get_origin(annotation) is tuple or (isinstance(annotation, type) and issubclass(annotation, tuple))


def _returns_value(function: Callable[..., Any]) -> bool:
    """Return whether the code of a function returns something, or can't be read."""
    python = python_function(function)
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(python)))
    except (OSError, TypeError, SyntaxError):
        return True
    if getattr(python, "__name__", "") == "<lambda>":  # any of those in its lines
        lambdas = [node.body for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
        return not all(isinstance(body, ast.Constant) and body.value is None for body in lambdas)
    return any(
        isinstance(node, ast.Return)
        and node.value is not None
        and not (isinstance(node.value, ast.Constant) and node.value.value is None)
        for node in _own_nodes(tree.body)
    )


def _own_nodes(body: Sequence[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes of a function, without those of functions and classes in it."""
    waiting: list[ast.AST] = [node for outer in body for node in ast.iter_child_nodes(outer)]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)
