"""What a function that sends an event takes, and what it hands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .expressions import either
from .signatures import Parameter
from .source import fits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..spec.model import Event


def about(event: Event, fallback: str) -> tuple[str, str]:
    """Return what the document says of an event: a sentence, and the details."""
    texts = [event.message.get(key) for key in ("summary", "title", "description")]
    summary, title, description = (text.strip() if isinstance(text, str) else "" for text in texts)
    head = summary or title
    if head:
        return head, description
    first, _, rest = description.partition("\n\n")
    return (first, rest) if first and len(first) <= 240 else (fallback, description)


def always_given(parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """Return parameters without optional ones: those are further arguments, so that none is sent for them."""
    given = tuple(parameter for parameter in parameters if not parameter.optional and not parameter.rest)
    others = [parameter for parameter in parameters if parameter.optional or parameter.rest]
    if not others:
        return given
    name = others[0].name if others[0].rest else "others"
    return (*given, Parameter(name=name, type=either(parameter.type for parameter in others), rest=True))


def data_of(parameters: Sequence[Parameter], *, is_single: bool) -> str:
    """Write the event's arguments as `emit` takes them: a tuple is several arguments, None is no argument."""
    if not parameters:
        return "None"
    if len(parameters) == 1 and (is_single or parameters[0].rest):
        return parameters[0].name
    words = [f"*{parameter.name}" if parameter.rest else parameter.name for parameter in parameters]
    return f"({', '.join(words)}{',' if len(words) == 1 else ''})"


def laid_out(data: str) -> list[str]:
    """Return lines of that text as an argument of a call."""
    if fits(data, indent=9) or not data.startswith("("):
        return [f"        {data},"]
    return ["        (", *(f"            {word}," for word in data[1:-1].split(", ")), "        ),"]
