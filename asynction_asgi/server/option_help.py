"""What ``help()`` shows of a function that takes options by ``**options: Unpack[…]``."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ENTRY = re.compile(r"^    (\w+): ((?:.|\n(?!    \w+: ))*)", re.MULTILINE)


class _Unset:
    """The default of an option that says in words what holds without it."""

    def __repr__(self) -> str:
        return "..."


_UNSET = _Unset()


def described(documented: object, section: str = "Attributes") -> dict[str, str]:
    """Return what a section of a docstring says about each name, each text on one line."""
    _, _, rest = inspect.cleandoc(getattr(documented, "__doc__", None) or "").partition(f"{section}:\n")
    entries = _ENTRY.findall(rest.partition("\n\n")[0])
    return {name: " ".join(text.split()) for name, text in entries}


def show_options(function: Any, groups: Iterable[type], defaults: Mapping[str, inspect.Parameter]) -> None:
    """Show each option of some TypedDicts in the signature and the docstring of a function.

    Args:
        function: Its ``**`` parameter is replaced in the signature, which is only shown.
        groups: TypedDicts, each before those that it extends.
        defaults: Parameters with the defaults of some options.
    """
    texts: dict[str, str] = {}
    kinds: dict[str, Any] = {}
    for group in groups:
        texts |= described(group)
        kinds |= group.__annotations__
    signature = inspect.signature(function)
    named = [
        parameter
        for parameter in signature.parameters.values()
        if parameter.kind is not parameter.VAR_KEYWORD
    ]
    shown = [_parameter(name, kinds[name], defaults) for name in texts]
    function.__signature__ = signature.replace(parameters=[*named, *shown])
    if function.__doc__ is not None:  # as it is with `python -OO`
        lines = [f"    {option.name} ({option.annotation}): {texts[option.name]}" for option in shown]
        function.__doc__ = "\n".join((inspect.cleandoc(function.__doc__), "", "Options:", *lines, ""))


def _parameter(name: str, kind: Any, defaults: Mapping[str, inspect.Parameter]) -> inspect.Parameter:
    known = defaults.get(name)
    default = known.default if known is not None and known.default is not known.empty else _UNSET
    annotation = getattr(kind, "__forward_arg__", kind)
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
