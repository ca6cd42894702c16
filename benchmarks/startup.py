"""The cost of start-up: seconds to compile messages over shared schemas, relative to half as many.

``python -m benchmarks.startup [--rounds N]``. The schemas refer to each other in circles, so that
compiling message by message would grow with messages times schemas. Twice the messages should cost
about twice as much: a ratio of 2 is linear.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

from asynction_asgi.spec.schemas import compile_bundle
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver

from .report import Pair, heading, row

if TYPE_CHECKING:
    from asynction_asgi.spec.schemas.bundle import Backend

_SCHEMAS = 60
_MESSAGES = 500
_BACKENDS: tuple[Backend, ...] = ("fastjsonschema", "jsonschema-rs")


def _document(messages: int) -> dict[str, Any]:
    def shared(number: int) -> dict[str, Any]:
        others = {
            f"other{at}": {"$ref": f"#/schemas/{(number * 7 + at * 3 + 1) % _SCHEMAS}"} for at in range(3)
        }
        following = {"type": "array", "items": {"$ref": f"#/schemas/{(number + 1) % _SCHEMAS}"}}
        own = {"id": {"type": "string", "minLength": 1}, "count": {"type": "integer", "minimum": 0}}
        return {
            "type": "object",
            "properties": {**own, **others, "following": following},
            "required": ["id"],
            "additionalProperties": False,
        }

    def message(number: int) -> dict[str, Any]:
        body = {"$ref": f"#/schemas/{number % _SCHEMAS}"}
        at = {"type": "string", "format": "date-time"}
        return {"type": "object", "properties": {"body": body, "at": at}, "required": ["body"]}

    return {
        "schemas": [shared(number) for number in range(_SCHEMAS)],
        "messages": [message(number) for number in range(messages)],
    }


def _seconds(messages: int, backend: Backend) -> float:
    document = load_document(_document(messages))
    roots = list(document.root.child("messages").elements())
    started = time.process_time()
    bundle, _ = compile_bundle(roots, Resolver(document), backend=backend)
    bundle.check(roots[0])  # compiles all messages
    return time.process_time() - started


def measure(rounds: int) -> None:
    """Print a row per backend."""
    heading(f"Start-up, {_MESSAGES} messages over {_SCHEMAS} schemas", "milliseconds")
    for backend in _BACKENDS:
        _seconds(_MESSAGES // 2, backend)  # warm-up: imports and caches of patterns
        pairs = [
            Pair(cost=_seconds(_MESSAGES, backend), baseline=_seconds(_MESSAGES // 2, backend))
            for _ in range(rounds)
        ]
        row("", f"{backend}, relative to {_MESSAGES // 2} messages", pairs, scale=1e3)


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    measure(parser.parse_args().rounds)


if __name__ == "__main__":
    main()
