"""YAML 1.2 to plain values, with or without positions, and back.

With `composer`, the only importer of ruamel.yaml: the C parser where ``ruamel.yaml.clib`` is
installed, the pure one elsewhere, with the same result.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from .yaml_events import EXPANDED, Composed, Composer, Fault, Places, StopError
from .yaml_words import explain

try:
    from _ruamel_yaml import CParser
except ImportError:  # the wheel is optional; the pure parser is ten times slower
    CParser = None

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .yaml_events import Place

# Section 5.1 of YAML 1.2.2: what is not printable.
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def compose(text: str, *, places: Places | None) -> Composed:
    """Build the tree of one YAML document; where `places` is given, fill it."""
    if control := _CONTROL.search(text):
        line, column = _offset(text, control.start())
        what = f"the control character U+{ord(control[0]):04X} is not allowed here"
        return Composed(None, [Fault(code="YAML_SYNTAX", message=what, line=line, column=column)])
    most = EXPANDED + len(text)
    if CParser is not None:
        # libyaml implements YAML 1.1 and rejects valid 1.2, such as {a: b:c}; the pure parser decides.
        try:
            return _compose(_fast_events(text), places, most)
        except YAMLError:
            pass
    try:
        return _compose(YAML(typ="safe", pure=True).parse(text), places, most)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(part for part in (error.context, error.problem) if part)
        at = (mark.line, mark.column) if mark is not None else (None, None)
        if mark is not None:
            message = explain(error.problem or "", text, mark.line, mark.column) or message
        fault = Fault(code="YAML_SYNTAX", message=message, line=at[0], column=at[1])
    except YAMLError as error:
        fault = Fault(code="YAML_SYNTAX", message=str(error).splitlines()[0])
    return Composed(None, [fault])


def _compose(events: Iterator[Any], places: Places | None, most: int) -> Composed:
    composer = Composer(events, places, most=most)
    try:
        return Composed(composer.document(), composer.faults)
    except StopError as stop:
        return Composed(None, [*composer.faults, stop.fault])


def _fast_events(text: str) -> Iterator[Any]:
    parser = CParser(text)
    while (event := parser.get_event()) is not None:
        yield event


def _offset(text: str, offset: int) -> Place:
    before = text[:offset]
    return before.count("\n"), offset - before.rfind("\n") - 1


def dump_yaml(value: Any) -> str:
    """Write plain values as YAML for the wire: order kept, no aliases, no line folding."""
    emitter = YAML(typ="safe", pure=True)
    emitter.default_flow_style = False
    emitter.sort_base_mapping_type_on_output = False  # type: ignore[assignment]  # annotated as None upstream
    emitter.allow_unicode = True
    emitter.width = 4096
    emitter.representer.ignore_aliases = lambda _: True
    stream = io.StringIO()
    emitter.dump(value, stream)
    return stream.getvalue()
