"""The values of ``format``, by the standards that define them."""

from __future__ import annotations

import time

from asynction_asgi.spec.schemas.formats import FORMATS
from tests.cases import each_case

CASES: dict[str, tuple[list[str], list[str]]] = {
    "date": (
        ["2024-02-29", "0000-01-01"],
        ["2023-02-29", "2024-13-01", "2024-00-10", "2024-1-01", "٢٠٢٤-01-01", "1900-02-29"],
    ),
    "time": (
        ["00:00:00Z", "23:59:60Z", "12:00:00.123+05:30", "01:29:60+01:30", "23:59:59z"],
        [
            "24:00:00Z",
            "12:60:00Z",
            "12:00:61Z",
            "12:00:00",
            "22:59:60Z",
            "12:00:00+24:00",
            "12:00:00+00:60",
            "1:00:00Z",
        ],
    ),
    "date-time": (
        ["2024-02-29T12:00:00Z", "2024-01-01t00:00:00-08:00"],
        ["2024-01-01 00:00:00Z", "2024-01-01T00:00:00", "x"],
    ),
    "duration": (
        ["P1D", "PT1H30M", "P1Y2M3DT4H5M6S", "P4W", "PT0S"],
        ["P", "PT", "1D", "P1W2D", "P1D2H", "P1YT", "P-1D"],
    ),
    "email": (
        ["joe@example.com", '"a b"@x.org', "a+b@x.org", "joe@[127.0.0.1]", "joe@[IPv6:::1]", "a@localhost"],
        [
            "joe",
            "@x.org",
            "a@",
            ".a@x.org",
            "a..b@x.org",
            "a.@x.org",
            "a b@x.org",
            "a@[300.0.0.1]",
            "a" * 65 + "@x.org",
            '"a@x.org',
        ],
    ),
    "idn-email": (
        ["δ@παράδειγμα.org", "a@x.org", "a@BÜCHER.org", "a@cafe\u0301.org"],
        ["δ", "δ@", "δ..ε@x.org"],
    ),
    "hostname": (
        ["example.com", "xn--4gbwdl.xn--wgbh1c", "a1"],
        ["", "-a", "a-", "a_b", "a..b", "ab--cd", "xn--X", "a" * 64, "a." * 127 + "ab", "ä"],
    ),
    "idn-hostname": (
        ["παράδειγμα.org", "example.com", "a\u3002b", "بي\u200cبي", "א1.ב", "l·l", "Xn--Bcher-Kva"],
        [
            "",
            "\u0300a",
            "a b",
            "a..b",
            "-a",
            "ä" * 64,
            "Ä",
            "cafe\u0301",
            "רא\u200cא",
            "\u200cא",
            "א1.1ב",
            "אa",
            "\u0660\u06f0",
            "א\u06600",
            "xn--a-",
            ".".join(["ü"] * 100),
        ],
    ),
    "ipv4": (
        ["127.0.0.1", "255.255.255.255"],
        ["256.0.0.1", "1.2.3", "01.2.3.4", "1.2.3.4.5", "1.2.3.", "\u0661.2.3.4", "1.2.3.4 "],
    ),
    "ipv6": (
        ["::1", "::ffff:1.2.3.4", "2001:db8::"],
        [":::1", "1::2::3", "fe80::1%eth0", "12345::", "::1/64", "1" * 50, "::\uff11"],
    ),
    "uri": (
        [
            "http://example.org/a?b#c",
            "urn:x:y",
            "mailto:a@b",
            "http://[::1]:80/",
            "http://u:p@h:1",
            "a:",
            "http://[v1.x]/",
        ],
        [
            "/a",
            "a",
            "//h",
            "http://a b",
            "http://[::1",
            "http://[x]/",
            "http://h:x",
            "1a:b",
            "http://a/%zz",
            "http://a@b@c",
            "ä:b",
            "h://a#b#c",
            "h:?\\",
        ],
    ),
    "uri-reference": (["/a", "a/b:c", "#x", "", "//h/p", "?q"], ["a b", "\\", "1:a", "#a#b", "http://[1"]),
    "iri": (["http://ƒøø.org/?∂=π#x", "http://h/\ue000?\ue000"[:9]], ["/a", "http://a b", "http://h/\ue000"]),
    "iri-reference": (["ƒ", "#ƒ"], ["\\ƒ", "a b"]),
    "uri-template": (
        ["http://x/{a}/{?b*,c:3}", "", "{+a.b}", "a'b"],
        ["{a", "}", "{a:0}", "a\x7f", "%z", "{a,}"],
    ),
    "uuid": (
        ["2EB8AA08-aa98-11ea-b4aa-73b441d16380"],
        ["2eb8aa08aa9811eab4aa73b441d16380", "2eb8aa08-aa98-11ea-b4aa-73b441d1638", "x"],
    ),
    "json-pointer": (["", "/a~0b/~1", "//"], ["a", "/~", "/~2", "#/a"]),
    "relative-json-pointer": (["0", "1/a", "2#", "0+1/a"], ["", "-1", "01", "/a", "0#a", "1~"]),
    "byte": (["", "YQ==", "YWI=", "YWJj", "+/+/"], ["YQ", "YQ=", "YWJj=", "Y===", "YW Jj", "-_-_", "YWJj\n"]),
    "regex": ([r"^\d+$", ""], ["(", r"\Z", "a" * 20_000]),
}


@each_case("name", FORMATS)
def test_each_format_accepts_and_refuses(name: str) -> None:
    """Each format accepts valid texts and refuses invalid ones."""
    valid, invalid = CASES[name]
    assert [text for text in valid if not FORMATS[name](text)] == []
    assert [text for text in invalid if FORMATS[name](text)] == []


@each_case("name", FORMATS)
def test_takes_linear_time_and_never_raises(name: str) -> None:
    """Long and hostile texts, even with lone surrogates, get a verdict in linear time."""
    parts = [
        "a@" + "a." * 50_000 + "@",
        "a." * 50_000,
        "1:" * 50_000,
        "[" * 50_000,
        "%" * 50_000,
        "{a," * 30_000,
    ]
    parts += [
        "/~0" * 20_000,
        "P" + "1" * 50_000,
        '"' * 50_000,
        "\ud800",
        "\0",
        "(" * 20_000,
        "xn--" + "a" * 200,
        "é" * 300,
    ]
    started = time.process_time()
    answers = {FORMATS[name](text) for text in parts}
    assert answers <= {True, False}
    assert time.process_time() - started < 1
