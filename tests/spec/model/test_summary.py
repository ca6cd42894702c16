"""The contract as plain JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from asynction_asgi.spec.model.summary import summarise

from ..reading import load, v2

if TYPE_CHECKING:
    from pathlib import Path


def test_a_contract_is_summarised(tmp_path: Path) -> None:
    """The summary has namespaces, both directions, argument and ack shapes, security, and rates."""
    spec = load(
        tmp_path,
        v2(
            "{'/rooms/{id}': {x-auth: {type: object}, x-handlers: {connect: h.c}, x-security: [{k: []}], "
            "x-rate: {limit: 9}, publish: {message: {name: say, x-handler: h.say, x-rate: {limit: 1, per: 60, by: user}, payload: {items: [{}, {}], minItems: 1}, x-ack: {args: {type: string}}}}, "
            "subscribe: {message: {oneOf: [{name: said, payload: {type: string}}, {name: said, payload: {maxItems: 0, type: array}}]}}}}",
            "components: {securitySchemes: {k: {type: httpApiKey, in: query, name: k}}}",
        ),
    )
    single = {"kind": "single", "min": 1, "max": 1, "of": []}
    summary = summarise(spec)
    assert json.loads(json.dumps(summary)) == summary
    assert summary == {
        "asyncapi": "2.6.0",
        "path": "/socket.io",
        "namespaces": {
            "/rooms/{id}": {
                "receives": {
                    "say": {
                        "arguments": {"kind": "positional", "min": 1, "max": None, "of": []},
                        "ack": single,
                        "handler": "h.say",
                        "rate": {"limit": 1, "per": 60, "burst": 1, "by": "user"},
                    }
                },
                "sends": {
                    "said": {
                        "arguments": {
                            "kind": "union",
                            "min": 0,
                            "max": 1,
                            "of": [single, {"kind": "positional", "min": 0, "max": 0, "of": []}],
                        },
                        "ack": None,
                        "handler": None,
                    }
                },
                "handlers": {"connect": "h.c"},
                "auth": True,
                "parameters": ["id"],
                "security": [{"k": []}],
                "rate": {"limit": 9, "per": 1, "burst": 9, "by": "connection"},
            }
        },
    }
