"""The cost of a valid value: µs per call, relative to the validator that plain fastjsonschema generates.

``python -m benchmarks.validators [--rounds N]``. Every round times all variants one after the other.
"""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

import fastjsonschema

from asynction_asgi.spec.schemas import compile_bundle
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver

from .report import Pair, heading, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from asynction_asgi.spec.schemas.bundle import Backend

    Check = Callable[[Any], object]

_SECONDS = 0.02  # per variant and round
_TEXT = {"type": "string"}


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}


def _tree(depth: int) -> dict[str, Any]:
    return {
        "name": f"node {depth}",
        "value": depth,
        "children": [_tree(depth - 1) for _ in range(2)] if depth else [],
    }


FLAT = {
    **_object(
        ["id", "name", "email", "role"],
        id={"type": "integer", "minimum": 1},
        name={"type": "string", "minLength": 1, "maxLength": 100},
        email=_TEXT,
        active={"type": "boolean"},
        role={"enum": ["admin", "user", "guest"]},
        score={"type": "number"},
        tags={"type": "array", "items": _TEXT, "maxItems": 10},
        note={"type": ["string", "null"]},
        text=_TEXT,
    ),
    "additionalProperties": False,
}
ADDRESS = {
    **_object(
        ["street"],
        street={"type": "string", "maxLength": 80},
        zip={"type": "string", "pattern": "^[0-9]{5}$"},
    ),
    "additionalProperties": False,
}
ITEM = _object(
    ["sku", "count"],
    sku=_TEXT,
    count={"type": "integer", "minimum": 1},
    price={"type": "number"},
    options={"type": "object", "additionalProperties": _TEXT},
)
ORDER = _object(
    ["user", "items"],
    user=_object(["name"], name=_TEXT, address={"$ref": "#/address"}),
    items={"type": "array", "items": {"$ref": "#/item"}},
)
SHAPES = [
    _object(["kind", "x"], kind={"const": f"shape {number}"}, x={"type": "number"}, label=_TEXT)
    for number in range(8)
]
DRAWING = {"type": "array", "items": {"oneOf": [{"$ref": f"#/shapes/{number}"} for number in range(8)]}}
NODE = _object(
    ["name", "children"],
    name=_TEXT,
    value={"type": "integer"},
    children={"type": "array", "items": {"$ref": "#/node"}},
)
COMPONENTS = {"address": ADDRESS, "item": ITEM, "shapes": SHAPES, "node": NODE}

CASES: dict[str, tuple[dict[str, Any], Any]] = {
    "flat": (
        FLAT,
        {
            "id": 7,
            "name": "Ada Lovelace",
            "email": "ada@example.org",
            "active": True,
            "role": "admin",
            "score": 99.5,
            "tags": ["a", "b", "c"],
            "note": None,
            "text": "x" * 220,
        },
    ),
    "nested": (
        ORDER,
        {
            "user": {"name": "Ada", "address": {"street": "Main Street 1", "zip": "12345"}},
            "items": [
                {"sku": f"A{number}", "count": 2, "price": 9.5, "options": {"color": "red", "size": "L"}}
                for number in range(14)
            ],
        },
    ),
    "oneOf of 8": (
        DRAWING,
        [{"kind": f"shape {number % 8}", "x": 1.5, "label": "a label"} for number in range(20)],
    ),
    "tree": ({"$ref": "#/node"}, _tree(5)),
}


def _compiled(schema: dict[str, Any], backend: Backend) -> Check:
    root = load_document({"schema": schema, **COMPONENTS}).root.child("schema")
    bundle, _ = compile_bundle([root], Resolver(root.document), backend=backend)
    return bundle.check(root)


def _seconds(check: Check, value: Any) -> float:
    """Return the seconds per call, over enough calls for a stable figure."""
    calls, ends = 0, time.process_time() + _SECONDS
    started = time.process_time()
    while (now := time.process_time()) < ends:
        for _ in range(10):
            check(value)
        calls += 10
    return (now - started) / calls


def measure(rounds: int) -> None:
    """Print a row per shape and validator."""
    heading("Validators", "µs per valid value")
    for name, (schema, value) in CASES.items():
        plain = fastjsonschema.compile(
            {"$ref": "#/schema", "schema": schema, **COMPONENTS}, use_default=False
        )
        variants: dict[str, Check] = {
            "plain fastjsonschema": plain,
            "ours, generated": _compiled(schema, "fastjsonschema"),
            "ours, jsonschema-rs in front": _compiled(schema, "jsonschema-rs"),
        }
        pairs_by_title: dict[str, list[Pair]] = {title: [] for title in variants}
        for _ in range(rounds):
            baseline = _seconds(plain, value)
            for title, check in variants.items():
                cost = baseline if check is plain else _seconds(check, value)
                pairs_by_title[title].append(Pair(cost=cost, baseline=baseline))
        for title, pairs in pairs_by_title.items():
            row(name, f"{title}, {len(json.dumps(value)):,} B", pairs, scale=1e6)


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    measure(parser.parse_args().rounds)


if __name__ == "__main__":
    main()
