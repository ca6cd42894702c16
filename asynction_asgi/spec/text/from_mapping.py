"""A mapping given by a program, as the tree of a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .pointer import Pointer
from .yaml_events import MAX_BITS, MAX_DEPTH, SURROGATE, Fault, quote


def copy_plain(value: Any) -> tuple[Any, list[Fault]]:
    """Copy a tree into dicts, lists and JSON's scalars, with every fault found on the way."""
    faults: list[Fault] = []
    above: set[int] = set()

    def fault(code: str, message: str, pointer: str) -> None:
        faults.append(Fault(code=code, message=message, pointer=pointer))

    def walk(item: Any, pointer: str, depth: int) -> Any:
        if item is None or isinstance(item, bool | int):
            if isinstance(item, int) and item.bit_length() > MAX_BITS:
                fault("TYPE", "a number of more than 4,200 digits is too long", pointer)
            return item
        if isinstance(item, str):
            if SURROGATE.search(item):
                fault("YAML_SYNTAX", "a lone surrogate is not a character", pointer)
            return item
        if isinstance(item, float):
            if item - item != 0.0:
                fault("TYPE", f"{item} is not a valid JSON number", pointer)
            return item
        if not isinstance(item, Mapping | list | tuple):
            fault("TYPE", f"Python's {type(item).__name__} is not a JSON type", pointer)
            return None
        if id(item) in above:
            fault("YAML_RECURSIVE_ALIAS", "this value contains itself", pointer)
            return None
        if depth >= MAX_DEPTH:
            fault("YAML_SYNTAX", f"nested more than {MAX_DEPTH} levels deep", pointer)
            return None
        above.add(id(item))
        result: Any
        if isinstance(item, Mapping):
            result = {}
            for key, inner in item.items():
                if isinstance(key, str):
                    result[key] = walk(inner, f"{pointer}/{Pointer.escape(key)}", depth + 1)
                else:
                    fault("YAML_KEY", f"the key {quote(str(key))} is not a string", pointer)
        else:
            result = [walk(inner, f"{pointer}/{index}", depth + 1) for index, inner in enumerate(item)]
        above.discard(id(item))
        return result

    return walk(value, "", 0), faults
