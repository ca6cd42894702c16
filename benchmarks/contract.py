"""The contract of the servers under measurement: payloads of three sizes, their schemas, and a document.

The same schemas are compiled by every variant that validates, in Python and in Node. Payloads are
ASCII, so that every JSON encoder produces the same number of bytes.
"""

from __future__ import annotations

import json
from typing import Any

NEWS = "news"
SHOUT = "shout"
WHISPER = "whisper"
WHISPERS = 100
COLLECT = "collect"


def _strings(*names: str, longest: int = 60) -> dict[str, Any]:
    return {name: {"type": "string", "minLength": 1, "maxLength": longest} for name in names}


def _object(properties: dict[str, Any], *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


_FLAT = _object(
    {
        **_strings("id", "room", "user"),
        "text": {"type": "string", "maxLength": 500},
        "at": {"type": "integer", "minimum": 0},
        "edited": {"type": "boolean"},
    },
    optional=("edited",),
)

_ADDRESS = _object({**_strings("street", "city", "postcode", "country"), "verified": {"type": "boolean"}})

_NESTED = _object(
    {
        "order": {"type": "integer", "minimum": 1},
        "status": {"enum": ["open", "paid", "shipped", "cancelled"]},
        "customer": _object(
            {
                **_strings("name", "email"),
                "billing": _ADDRESS,
                "delivery": {"anyOf": [_ADDRESS, {"type": "null"}]},
            }
        ),
        "lines": {
            "type": "array",
            "minItems": 1,
            "maxItems": 100,
            "items": _object(
                {
                    **_strings("sku", "title"),
                    "quantity": {"type": "integer", "minimum": 1, "maximum": 999},
                    "price": {"type": "number", "minimum": 0},
                    "tags": {"type": "array", "items": {"type": "string", "maxLength": 20}, "maxItems": 8},
                },
                optional=("tags",),
            ),
        },
        "total": {"type": "number", "minimum": 0},
        "note": {"type": ["string", "null"], "maxLength": 200},
    }
)

_LIST = _object(
    {
        "page": {"type": "integer", "minimum": 1},
        "items": {
            "type": "array",
            "maxItems": 200,
            "items": _object(
                {
                    "id": {"type": "integer", "minimum": 1},
                    **_strings("author", "title"),
                    "body": {"type": "string", "maxLength": 500},
                    "score": {"type": "number"},
                    "votes": {"type": "integer", "minimum": 0},
                    "parent": {"type": ["integer", "null"]},
                    "state": {"enum": ["draft", "live", "hidden"]},
                    "pinned": {"type": "boolean"},
                    "tags": {"type": "array", "items": {"type": "string", "maxLength": 20}, "maxItems": 8},
                }
            ),
        },
    }
)

SCHEMAS: dict[str, dict[str, Any]] = {"flat": _FLAT, "nested": _NESTED, "list": _LIST}


def _address(number: int) -> dict[str, Any]:
    return {
        "street": f"{number} Upper Marchmont Crescent",
        "city": "Edinburgh",
        "postcode": f"EH9 {number}HN",
        "country": "GB",
        "verified": True,
    }


PAYLOADS: dict[str, Any] = {
    "flat": {
        "id": "m-104729",
        "room": "general",
        "user": "ada",
        "text": "Is the build green again?",
        "at": 1764000000,
    },
    "nested": {
        "order": 88123,
        "status": "paid",
        "customer": {
            "name": "Ada Lovelace",
            "email": "ada@example.com",
            "billing": _address(1),
            "delivery": _address(2),
        },
        "lines": [
            {
                "sku": f"SKU-{1000 + 7 * number}",
                "title": f"Difference engine, part {number}",
                "quantity": number,
                "price": 19.5 * number,
                "tags": ["brass", "spare"],
            }
            for number in range(1, 7)
        ],
        "total": 1774.5,
        "note": None,
    },
    "list": {
        "page": 1,
        "items": [
            {
                "id": 5000 + number,
                "author": f"author {number % 7}",
                "title": f"On the engine, {number}",
                "body": "A line, as ever.",
                "score": number * 1.25 + 0.5,
                "votes": number * 3,
                "parent": None if number % 3 else number,
                "state": ("draft", "live", "hidden")[number % 3],
                "pinned": number % 10 == 0,
                "tags": ["notes"],
            }
            for number in range(60)
        ],
    },
}

SIZES: dict[str, int] = {
    name: len(json.dumps(payload, separators=(",", ":"))) for name, payload in PAYLOADS.items()
}


def document() -> dict[str, Any]:
    """Return a document in which each size is an event, whose ack has the payload's schema."""

    def message(name: str, schema: str) -> dict[str, Any]:
        reference = {"$ref": f"#/components/schemas/{schema}"}
        return {"name": name, "payload": reference, "x-ack": {"args": reference}}

    received = [message(name, name) for name in SCHEMAS]
    flat = {"$ref": "#/components/schemas/flat"}
    received += [{"name": name, "payload": flat, "x-ack": True} for name in (SHOUT, WHISPER)]
    received.append({"name": COLLECT, "payload": {"type": "null"}, "x-ack": True})
    sent = {"name": NEWS, "payload": flat}
    return {
        "asyncapi": "2.6.0",
        "info": {"title": "Benchmarks", "version": "1.0.0"},
        "channels": {"/": {"publish": {"message": {"oneOf": received}}, "subscribe": {"message": sent}}},
        "components": {"schemas": SCHEMAS},
    }
