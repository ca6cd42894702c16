"""Descriptions: CommonMark without HTML, images or headings."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from asynction_asgi.docs.markdown import markdown
from tests.cases import each_case


@each_case(
    ("text", "html"),
    [
        ("a *b* **c** `d`", "<p>a <em>b</em> <strong>c</strong> <code>d</code></p>"),
        ("# Title\n\ntext", "<p><strong>Title</strong></p><p>text</p>"),
        ("- a\n- b\n  1. c", "<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>"),
        ("> q\n\n---", "<blockquote><p>q</p></blockquote><hr />"),
        ("```py\n<b>\n```", "<pre><code>&lt;b&gt;\n</code></pre>"),
        ("a\nb  \nc", "<p>a\nb<br />c</p>"),
        ("|a|b|\n|-|-|\n|1|2|", "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>"),
        ("<b>x</b> &amp; &lt;", "<p>&lt;b&gt;x&lt;/b&gt; &amp; &lt;</p>"),
        ("[x](https://example.com/a?b=1)", '<p><a href="https://example.com/a?b=1" rel="noopener noreferrer">x</a></p>'),
        ("[x](#chat.emit.y)", '<p><a href="#chat.emit.y">x</a></p>'),
        ("[x](relative.html)", "<p><span>x</span></p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
    ],
)  # fmt: skip
def test_markdown_becomes_elements(text: str, html: str) -> None:
    """Each construct becomes the HTML element of its name."""
    element = markdown(text)
    assert isinstance(element, ET.Element)
    assert ET.tostring(element, encoding="unicode") == f'<div class="md">{html}</div>'


@pytest.mark.parametrize("text", [None, "", "  \n", 7, {"a": 1}])
def test_a_missing_description_gives_no_element(text: object) -> None:
    """An empty or missing description, or a value of another type, gives None."""
    assert markdown(text) is None
