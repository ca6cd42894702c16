"""Merging the ``x-ack`` of a message with that of its traits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.spec.model.arguments import compile_arguments
from asynction_asgi.spec.schemas import Mismatch
from tests.cases import each_case

from ..reading import check, load, v2, v3

if TYPE_CHECKING:
    from pathlib import Path

    from asynction_asgi.spec import Spec

COMPONENTS = (
    "components: {x-messageAcks: {Text: {args: {type: string}}}, schemas: {Text: {type: string, maxLength: 5},"
    " Node: {type: object, properties: {next: {$ref: '#/components/schemas/Node'}}}}}"
)


def accepts(spec: Spec, value: Any) -> bool:
    """Return whether the ack of the event ``a`` may have this value."""
    event = spec.namespaces["/"].receives["a"]
    assert event.ack is not None
    try:
        compile_arguments(event.ack, spec.bundle)([value])
    except Mismatch:
        return False
    return True


def in_v2(message: str) -> str:
    return v2(f"{{/: {{publish: {{message: {{name: a, {message}}}}}}}}}", COMPONENTS)


def in_v3(message: str) -> str:
    return v3(
        f"{{c: {{address: /, messages: {{a: {{{message}}}}}}}}}",
        "{o: {action: receive, channel: {$ref: '#/channels/c'}}}",
        COMPONENTS,
    )


@each_case(
    ("message", "fine", "wrong"),
    [
        ("x-ack: {args: {type: string}}, traits: [{x-ack: {args: {minLength: 2}}}]", "ab", ["a", 11]),
        (
            "traits: [{x-ack: {args: {type: string, minLength: 2}}}, {x-ack: {args: {maxLength: 3}}}]",
            "ab",
            ["a", "abcd", 5],
        ),
        ("x-ack: {args: {type: string}}, traits: [{x-ack: {args: {type: integer}}}]", 5, ["a"]),
        ("x-ack: {args: {const: 1}}, traits: [{x-ack: {args: {const: null, type: string}}}]", "ab", [1]),
        ("x-ack: true, traits: [{x-ack: {args: {minLength: 2}}}]", "ab", ["a"]),
        ("x-ack: {args: {minLength: 2}}, traits: [{x-ack: true}]", "a", []),
        (
            "x-ack: {$ref: '#/components/x-messageAcks/Text'}, traits: [{x-ack: {args: {minLength: 2}}}]",
            "ab",
            ["a", 5],
        ),
        (
            "x-ack: {args: {$ref: '#/components/schemas/Text'}}, traits: [{x-ack: {args: {minLength: 2}}}]",
            "ab",
            ["a", "abcdef", 5],
        ),
        (
            "x-ack: {args: {type: integer}}, traits: [{x-ack: {args: {$ref: '#/components/schemas/Text'}}}]",
            "ab",
            ["abcdef"],
        ),
        (
            "x-ack: {args: {$ref: '#/components/schemas/Node'}}, traits: [{x-ack: {args: {required: [next]}}}]",
            {"next": {}},
            [{}, {"next": 5}, {"next": {"next": 5}}],
        ),
    ],
)  # fmt: skip
def test_in_2_traits_are_patched_over_acks(tmp_path: Path, message: str, fine: Any, wrong: list[Any]) -> None:
    """RFC 7386 applies per member, and a patched reference is resolved first."""
    spec = load(tmp_path, in_v2(message))
    assert accepts(spec, fine)
    assert [value for value in wrong if accepts(spec, value)] == []


@pytest.mark.parametrize(
    ("message", "fine", "wrong"),
    [
        ("x-ack: {args: {minLength: 2}}, traits: [{x-ack: {args: {minLength: 9, type: string}}}]", "ab", ["a", 5]),
        ("x-ack: {args: {const: null}}, traits: [{x-ack: {args: {description: d}}}]", None, ["a", 5]),
        ("x-ack: {args: {type: string}}, traits: [{x-ack: {args: {type: integer}}}]", "ab", [5]),
    ],
)  # fmt: skip
def test_in_3_traits_fill_in_the_ack(tmp_path: Path, message: str, fine: Any, wrong: list[Any]) -> None:
    """Members of the message's own ack win, even null."""
    spec = load(tmp_path, in_v3(message))
    assert accepts(spec, fine)
    assert [value for value in wrong if accepts(spec, value)] == []


def test_references_in_a_trait_resolve_in_its_file(tmp_path: Path) -> None:
    """References resolve relative to the trait's file; a ``$ref`` in a plain value is kept."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "traits.yaml").write_text(
        "T: {x-ack: {args: {properties: {a: {$ref: '#/Text'}, b: {$ref: 'more.yaml#/Whole'}, "
        "c: {enum: [{$ref: '#/Text'}]}, d: {items: [{$ref: '#/Text'}]}}}}}\n"
        "Text: {type: string}\n"
    )
    (tmp_path / "sub" / "more.yaml").write_text("Whole: {type: integer}\n")
    spec = load(tmp_path, in_v2("x-ack: {args: {required: [a]}}, traits: [{$ref: 'sub/traits.yaml#/T'}]"))
    assert accepts(spec, {"a": "x", "b": 5, "c": {"$ref": "#/Text"}, "d": ["x"]})
    for wrong in ({}, {"a": 5}, {"a": "x", "b": "x"}, {"a": "x", "c": "x"}, {"a": "x", "d": [5]}):
        assert not accepts(spec, wrong)


def test_messages_with_one_trait_have_separate_acks(tmp_path: Path) -> None:
    """A merged ack does not change other messages, nor references to the original."""
    acks = ["{args: {type: string}}", "{args: {type: integer}}"]
    messages = [
        f"{{name: {name}, x-ack: {ack}, traits: [{{$ref: '#/components/messageTraits/T'}}]}}"
        for name, ack in zip("ab", acks, strict=True)
    ]
    own = "'#/channels/~1/publish/message/oneOf/0/x-ack/args'"
    text = v2(
        f"{{/: {{publish: {{message: {{oneOf: [{', '.join(messages)}, {{name: c, payload: {{$ref: {own}}}}}]}}}}}}}}",
        "components: {messageTraits: {T: {x-ack: {args: {minLength: 2, minimum: 2}}}}}",
    )
    spec = load(tmp_path, text)
    events = spec.namespaces["/"].receives
    for name, fine, wrong in (("a", "ab", "a"), ("b", 2, 1)):
        ack = events[name].ack
        assert ack is not None
        take = compile_arguments(ack, spec.bundle)
        take([fine])
        with pytest.raises(Mismatch):
            take([wrong])
    compile_arguments(events["c"].arguments, spec.bundle)(["a"])


def test_errors_in_a_merged_ack_have_a_place(tmp_path: Path) -> None:
    """An error in a merged ack is reported at its message."""
    outcome = check(
        tmp_path,
        in_v2("x-ack: {args: {type: string, pattern: '('}}, traits: [{x-ack: {args: {minLength: 2}}}]"),
    )
    assert {(diagnostic.code, diagnostic.line) for diagnostic in outcome.diagnostics} == {("SCHEMA", 3)}
    assert all(
        diagnostic.pointer.startswith("/channels/~1/publish/message/x-ack")
        for diagnostic in outcome.diagnostics
    )
    assert len(outcome.diagnostics) == 1
