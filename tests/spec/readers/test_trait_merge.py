"""``x-ack`` of a message and its traits, merged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.spec.model.arguments import compile_arguments
from asynction_asgi.spec.schemas import Mismatch

from ..reading import check, load, v2, v3

if TYPE_CHECKING:
    from pathlib import Path

    from asynction_asgi.spec import Spec

COMPONENTS = (
    "components: {x-messageAcks: {Text: {args: {type: string}}}, schemas: {Text: {type: string, maxLength: 5},"
    " Node: {type: object, properties: {next: {$ref: '#/components/schemas/Node'}}}}}"
)


def accepts(spec: Spec, value: Any) -> bool:
    """Whether the ack of the event ``a`` may be this."""
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


@pytest.mark.parametrize(
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
def test_in_2_a_trait_is_patched_over_the_ack(
    tmp_path: Path, message: str, fine: Any, wrong: list[Any]
) -> None:
    """RFC 7386, member by member; a reference that is patched is what it leads to."""
    spec = load(tmp_path, in_v2(message))
    assert accepts(spec, fine)
    assert [one for one in wrong if accepts(spec, one)] == []


@pytest.mark.parametrize(
    ("message", "fine", "wrong"),
    [
        ("x-ack: {args: {minLength: 2}}, traits: [{x-ack: {args: {minLength: 9, type: string}}}]", "ab", ["a", 5]),
        ("x-ack: {args: {const: null}}, traits: [{x-ack: {args: {description: d}}}]", None, ["a", 5]),
        ("x-ack: {args: {type: string}}, traits: [{x-ack: {args: {type: integer}}}]", "ab", [5]),
    ],
)  # fmt: skip
def test_in_3_the_ack_has_what_it_lacks_from_its_traits(
    tmp_path: Path, message: str, fine: Any, wrong: list[Any]
) -> None:
    """What it has itself wins, null included."""
    spec = load(tmp_path, in_v3(message))
    assert accepts(spec, fine)
    assert [one for one in wrong if accepts(spec, one)] == []


def test_references_in_a_trait_lead_on_from_its_own_file(tmp_path: Path) -> None:
    """Wherever the message is that it is patched over; what looks like a reference in a value is none."""
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


def test_two_messages_of_one_trait_have_acks_of_their_own(tmp_path: Path) -> None:
    """What is merged for one is not for the other, nor for who refers to the message's own part."""
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


def test_what_is_wrong_with_a_merged_ack_is_placed(tmp_path: Path) -> None:
    """At the message that it is the ack of."""
    outcome = check(
        tmp_path,
        in_v2("x-ack: {args: {type: string, pattern: '('}}, traits: [{x-ack: {args: {minLength: 2}}}]"),
    )
    assert {(one.code, one.line) for one in outcome.diagnostics} == {("SCHEMA", 3)}
    assert all(one.pointer.startswith("/channels/~1/publish/message/x-ack") for one in outcome.diagnostics)
    assert len(outcome.diagnostics) == 1
