"""Names and texts of a document that mean something to TypeScript stay names and texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.spec import load_spec
from asynction_asgi.typed_clients import write_typescript

from .compiling import COMPILERS, errors, prepare

if TYPE_CHECKING:
    from pathlib import Path

TEXT = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
NAMES = (
    *(
        "Record",
        "Socket",
        "Refusal",
        "string",
        "Contract",
        "Array",
        "Client",
        "Auth",
        "class",
        "await",
        "Blob",
    ),
    *("ClientToServerEvents", "ChatClient", "Arguments", "Binary", "undefined", "any", "Promise", "path"),
)
TEXTS = (
    "*/ export const evil = 1; /*",
    "@deprecated never use this\n@see evil",
    "a\u2028export const evil = 1;",
    "`${evil}`",
    "{@link evil} \u202e reversed \x1b[31m",
    "\\*/ export const evil = 1;",
)
NASTY = (
    "__proto__",
    "constructor",
    "class",
    "*/",
    "a`b",
    "${evil}",
    'quo"te',
    "new\nline",
    "\u2028",
    "",
    "0",
    "Ωmega",
)


def hostile_document() -> dict[str, Any]:
    schemas: dict[str, Any] = {name: {**TEXT, "description": TEXTS[0]} for name in NAMES}
    schemas["Tree"] = {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Tree"}}
    schemas["Nasty"] = {
        "type": "object",
        "properties": {
            name: {
                "enum": [name, 1.5, True, None, {"a": [name]}, 2**70],
                "description": TEXTS[index % len(TEXTS)],
            }
            for index, name in enumerate(NASTY)
        },
    }
    messages = [
        {
            "name": name or "empty",
            "summary": TEXTS[index % len(TEXTS)],
            "payload": {"$ref": f"#/components/schemas/{key}"},
        }
        for index, (name, key) in enumerate(zip([*NASTY, *NAMES], [*schemas, *schemas], strict=False))
        if name not in ("", "constructor")
    ]
    listed = {
        "type": "array",
        "items": [{"$ref": f"#/components/schemas/{name}"} for name in NAMES],
        "additionalItems": False,
    }
    messages.append({"name": "all of them", "payload": {**listed, "minItems": len(NAMES)}})
    return {
        "asyncapi": "2.6.0",
        "info": {"title": 'A "title"\n*/ export const evil = 1;', "version": "1"},
        "channels": {
            "/": {"publish": {"message": {"oneOf": messages}}, "description": TEXTS[0]},
            "/chat": {
                "subscribe": {"message": {"name": "bye", "payload": {"$ref": "#/components/schemas/Nasty"}}}
            },
        },
        "components": {"schemas": schemas},
    }


@pytest.mark.parametrize("compiler", COMPILERS)
def test_hostile_documents_compile_and_export_nothing_of_theirs(
    compiler: str, tmp_path: Path, node_modules: Path
) -> None:
    """Every name gets an identifier of its own, and no text leaves its comment or its string."""
    text = write_typescript(load_spec(hostile_document())).text
    attempt = 'import { evil } from "./module.js";\nexport const found: unknown = evil;\n'
    prepare(tmp_path, {"module.ts": text, "attempt.ts": attempt}, node_modules)
    found = errors(tmp_path, compiler)
    assert list(found) == [("attempt.ts", 1)]
    assert "evil" in found["attempt.ts", 1]
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\u2028" not in text
    assert not [line for line in text.splitlines() if line.strip().startswith("* @deprecated never")]
