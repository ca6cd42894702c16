"""Mistakes in documents that are meant to be JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from asynction_asgi.errors import SpecError
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.json_faults import find_json_fault
from tests.cases import each_case

if TYPE_CHECKING:
    from pathlib import Path

GOOD = '"b": 2}'


@each_case(
    ("text", "words", "place"),
    [
        ('{"a" 1}', "expected a colon", (1, 6)),
        (f'{{"a": 1\n {GOOD}', "expected a comma or a closing bracket", (2, 2)),
        ('{"a": "b', "no closing double quote", (1, 7)),
        ('{"a": "b\n", "c" 2}', "must be escaped", (1, 9)),
        ('{"a": 1', "before the last bracket was closed", (1, 8)),
        ('{"a": 1}}', "ended before this", (1, 9)),
        (f'{{\n  // a comment\n  "a": 1,\n {GOOD}', "JSON has no comments", (2, 3)),
        (f'{{"a": {{"c": 1,}}\n {GOOD}', "no comma may stand before a closing bracket", (1, 15)),
        (f"{{\"a\": 1, 'c': 2\n {GOOD}", "double quotes only", (1, 10)),
        ('{"a": 1,}', "no comma may stand before a closing bracket", (1, 9)),
        ("{'a': 1}", "double quotes only", (1, 2)),
        ("a: 1", "its name must end with .yaml", (1, 1)),
        ('{"a": NaN}', "NaN is not a valid JSON number", (1, 7)),
        ('{"\\"NaN": "Infinity",\n "b": [-Infinity]}', "-Infinity is not a valid JSON number", (2, 8)),
        ('{"a": 1e999}', "not a valid JSON number", (1, 7)),
    ],
)
def test_a_mistake_is_explained_in_terms_of_json(
    tmp_path: Path, text: str, words: str, place: tuple[int, int]
) -> None:
    """A text in a file of JSON gets JSON's error with line and column, even if YAML could read it."""
    path = tmp_path / "api.json"
    path.write_text(text, "utf-8")
    with pytest.raises(SpecError) as raised:
        load_document(path)
    (fault,) = raised.value.diagnostics
    assert words in fault.message
    assert (fault.line, fault.column) == place


@pytest.mark.parametrize("text", ["{a: b", "- {", '["a"', "{a: 1,}", '{"a": 1}'])
def test_other_texts_are_left_to_yaml(text: str) -> None:
    """YAML in flow style and valid JSON are not reported."""
    assert find_json_fault(text) is None
