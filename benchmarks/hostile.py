"""The cost of validating the worst values: µs per byte, and relative to ``json.loads`` of the same bytes.

``python -m benchmarks.hostile [--bytes N] [ROW …]``

Each row is a schema with a value chosen to take long: for every keyword, format and kind of pattern,
accepted and refused, by generated code alone and with jsonschema-rs before it. The last columns are the cost
of twice as many bytes, which is 2 if the cost is proportional, and ``!`` if the limit is exceeded without a
warning to the author: a hundred times what ``json.loads`` takes for a byte of small objects, about a microsecond.
"""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from asynction_asgi.spec.schemas import Mismatch, compile_bundle
from asynction_asgi.spec.schemas.dialects import DIALECTS
from asynction_asgi.spec.schemas.resources import resources_of
from asynction_asgi.spec.text.document import load_document
from asynction_asgi.spec.text.references import Resolver

if TYPE_CHECKING:
    from collections.abc import Callable

    from asynction_asgi.errors import Diagnostic
    from asynction_asgi.spec.schemas import Check
    from asynction_asgi.spec.schemas.bundle import Backend


@dataclass(frozen=True, slots=True)
class Row:
    """A schema and a value that is slow to validate.

    Attributes:
        schema: The schema; its references go to ``#/schema``, or to a name in `others`.
        make: A function that returns a value of about this many bytes.
        others: Further schemas by name.
        dialect: Of the schema, by name.
        slow: Whether authors are warned that it can take longer than the limit.
    """

    schema: Any
    make: Callable[[int], Any]
    others: dict[str, Any] = field(default_factory=dict)
    dialect: str = "asyncapi"
    slow: bool = False

    def text(self, size: int) -> str:
        """Return the value as JSON."""
        return json.dumps(self.make(size), ensure_ascii=False, separators=(",", ":"))

    def compile(self, backend: Backend) -> tuple[Check, list[Diagnostic]]:
        """Compile the schema, and return its check, and what is said about it."""
        root = load_document({"schema": self.schema, **self.others}).root.child("schema")
        resolver = Resolver(root.document)
        resources_of([root], resolver, DIALECTS[self.dialect])
        bundle, diagnostics = compile_bundle([root], resolver, backend=backend)
        return bundle.check(root), diagnostics


def is_valid(check: Check, value: Any) -> bool:
    """Return whether the value is valid."""
    try:
        check(value)
    except Mismatch:
        return False
    return True


# --- values of any size ----------------------------------------------------------------------------


def many(*items: Any, last: Any = None) -> Callable[[int], Any]:
    """Return a maker of arrays that repeat these items, with another last one if given."""
    step = len(json.dumps(items, ensure_ascii=False, separators=(",", ":")).encode()) - 1

    def make(size: int) -> Any:
        array = list(items) * max(1, size // step)
        return array if last is None else [*array, last]

    return make


def numbered(form: str, *, step: int) -> Callable[[int], Any]:
    """Return a maker of objects whose members are named by their number, which is also their value."""
    return lambda size: {form.format(number): number for number in range(size // step)}


def repeated(text: str, *, end: str = "") -> Callable[[int], Any]:
    """Return a maker of long strings that repeat a text."""
    return lambda size: text * max(1, size // len(text.encode())) + end


def mixed(characters: str, *, end: str = "") -> Callable[[int], Any]:
    """Return a maker of long strings with characters in random order, the same in every run."""

    def make(size: int) -> str:
        state, text = 1, []
        for _ in range(size):
            state = state * 1_103_515_245 + 12_345 & 0x7FFF_FFFF
            text.append(characters[(state >> 16) % len(characters)])
        return "".join(text) + end

    return make


def nested(levels: int, *, by: str | None = None) -> Callable[[int], Any]:
    """Return a maker of arrays deep within other arrays, or within members of this name."""

    def make(size: int) -> Any:
        value: Any = list(range(size // 6))
        for level in range(levels):
            value = {by: value} if by else [level, value]
        return value

    return make


def checked_items(schema: Any) -> dict[str, Any]:
    """Return a schema that checks every item and accepts it in any case."""
    return {"type": "array", "items": {"anyOf": [schema, {}]}}


def holding(*names: str, **more: Any) -> dict[str, Any]:
    """Return a schema of an object with integers under these names."""
    return {
        "type": "object",
        "properties": {key: {"type": "integer"} for key in names},
        "required": list(names),
        **more,
    }


SELF = {"$ref": "#/schema"}
TEXT = {"type": "string"}
ABCDE = [holding(name) for name in "abcde"]
BOUNDS = [{"type": "integer", "minimum": 10 * number, "maximum": 10 * number} for number in range(16)]

BRANCHES = {
    "oneOf, first": Row({"items": {"oneOf": ABCDE[:2]}}, many({"a": 1})),
    "oneOf, second": Row({"items": {"oneOf": ABCDE[:2]}}, many({"b": 1})),
    "oneOf, none at last": Row({"items": {"oneOf": ABCDE[:2]}}, many({"b": 1}, last={})),
    "oneOf of arrays": Row(
        {"oneOf": [{"items": ABCDE[0]}, {"items": ABCDE[1]}]}, many({"a": 1}, last={"c": 1})
    ),
    "anyOf of 5, last": Row({"items": {"anyOf": ABCDE}}, many({"e": 1})),
    "anyOf of 5, binary": Row(
        {"items": {"anyOf": [*ABCDE, {"type": "string", "format": "binary"}]}}, many({"e": 1})
    ),
    "anyOf of 5, uniqueItems": Row(
        {"items": {"anyOf": ABCDE}, "uniqueItems": True}, lambda size: [{"e": n} for n in range(size // 10)]
    ),
    "anyOf of 16, none": Row(checked_items({"anyOf": BOUNDS}), many(7)),
    "anyOf of arrays": Row(
        checked_items({"anyOf": [{"items": {"type": "null"}}, {"items": TEXT}]}), many([None, 0])
    ),
    "anyOf within anyOf": Row(
        checked_items({"anyOf": [{"anyOf": ABCDE[:2]}, {"anyOf": ABCDE[2:]}]}), many({"f": 1})
    ),
    "anyOf, by type": Row({"items": {"anyOf": [TEXT, *ABCDE[:1], {"type": "null"}]}}, many("", None)),
    "oneOf, by tag": Row(
        {
            "items": {
                "oneOf": [holding("n", properties={"t": {"const": tag}}, required=["t"]) for tag in "abc"]
            }
        },
        many({"t": "c"}),
    ),
    "not": Row({"items": {"not": holding("a")}}, many({})),
    "if, then, else": Row(
        {"items": {"if": holding("a"), "then": holding("b"), "else": {"maxProperties": 1}}}, many({"c": 1})
    ),
    "contains": Row(checked_items({"contains": holding("a")}), many([{}, {}, {}, {}])),
    "contains, long": Row({"contains": holding("a")}, many({})),
    "dependencies": Row({"items": {"dependencies": {"a": ["b"], "c": {"not": TEXT}}}}, many({"c": 1})),
    "dependentRequired": Row({"items": {"dependentRequired": {"a": ["b"]}}}, many({"a": 1, "b": 1})),
    "dependentSchemas": Row({"items": {"dependentSchemas": {"a": holding("a")}}}, many({"a": 1})),
    "allOf": Row({"items": {"allOf": [{"type": "integer"}, {"minimum": 0}, {"maximum": 9}]}}, many(1)),
    "recursive anyOf": Row(
        {
            "anyOf": [
                {"type": "array", "items": SELF},
                {"type": "array", "contains": SELF},
                {"type": "integer"},
            ]
        },
        nested(60),
    ),
    "recursive branches": Row(
        {"anyOf": [holding("a", additionalProperties=SELF), {"additionalProperties": SELF}, {"items": TEXT}]},
        nested(100, by="b"),
    ),
}

CONTAINERS = {
    "items, refused at last": Row({"items": {"type": "integer"}}, many(1, last="")),
    "items, one object often": Row({"items": {"items": {"type": "integer"}}}, many([1, 1, 1], last=[""])),
    "prefixItems": Row({"items": {"prefixItems": [{"type": "integer"}], "items": TEXT}}, many([1, ""])),
    "additionalItems": Row({"items": [{}], "additionalItems": {"type": "integer"}}, many(1, last="")),
    "counts of items": Row(checked_items({"minItems": 1, "maxItems": 2}), many([])),
    "counts of members": Row(checked_items({"minProperties": 1, "maxProperties": 2}), many({})),
    "required": Row(checked_items({"required": ["a", "b"]}), many({})),
    "properties": Row({"items": holding("a", additionalProperties=False)}, many({"a": 1})),
    "additionalProperties": Row({"additionalProperties": {"type": "integer"}}, numbered("{}", step=8)),
    "additionalProperties, closed": Row(checked_items({"additionalProperties": False}), many({"a": 1})),
    "patternProperties": Row(
        {"patternProperties": {f"^{name}": TEXT for name in "abcdefgh"}, "additionalProperties": {}},
        numbered("{}", step=8),
    ),
    "propertyNames": Row({"propertyNames": {"pattern": "^[0-9]+$"}}, numbered("{}", step=8)),
    "propertyNames of objects": Row(checked_items({"propertyNames": {"maxLength": 0}}), many({"a": 1})),
    "minContains, maxContains": Row(
        checked_items({"contains": holding("a"), "minContains": 2, "maxContains": 3}),
        many([{}, {"a": 1}, {}, {}]),
    ),
    "unevaluatedProperties": Row(
        checked_items({"allOf": [holding("a")], "unevaluatedProperties": False}), many({"a": 1, "b": 1})
    ),
    "unevaluatedProperties, alternatives": Row(
        checked_items({"anyOf": [*ABCDE, {}], "unevaluatedProperties": TEXT}), many({"e": 1, "f": 1})
    ),
    "unevaluatedProperties on each level": Row(
        {
            "anyOf": [holding(additionalProperties=SELF), {"properties": {"b": SELF}}],
            "unevaluatedProperties": {"type": "integer"},
        },
        nested(60, by="b"),
    ),
    "unevaluatedItems": Row(
        checked_items(
            {"anyOf": [{"contains": TEXT}, {"items": [TEXT]}], "unevaluatedItems": {"type": "null"}}
        ),
        many([0, None]),
    ),
    "recursiveRef": Row(
        {"$recursiveAnchor": True, "items": {"$recursiveRef": "#"}}, nested(60), dialect="2019-09"
    ),
    "dynamicRef": Row({"$dynamicAnchor": "a", "items": {"$dynamicRef": "#a"}}, nested(60), dialect="2020-12"),
    "nullable": Row(checked_items({"type": "string", "nullable": True}), many([]), dialect="openapi-3.0"),
    "uniqueItems, equal": Row({"uniqueItems": True}, many(0)),
    "uniqueItems, floats": Row({"uniqueItems": True}, many(0.5, 1e300)),
    "uniqueItems, objects": Row({"uniqueItems": True}, many({"b": 0, "a": []})),
    "uniqueItems, integers of one hash": Row(
        {"uniqueItems": True}, lambda size: [number * (2**61 - 1) for number in range(size // 24)]
    ),
    "uniqueItems on each level": Row({"uniqueItems": True, "items": SELF}, nested(60)),
    "many references": Row(
        {"$ref": "#/a"}, many([]), {"a": {"items": {"$ref": "#/b"}}, "b": {"items": SELF}}
    ),
}

SCALARS = {
    "type": Row(checked_items({"type": ["integer", "string", "null"]}), many([])),
    "const": Row(checked_items({"const": {"a": [1, 2]}}), many({"a": [1, 3]})),
    "enum of texts": Row(checked_items({"enum": [f"a{number}" for number in range(1000)]}), many("b")),
    "enum of numbers": Row(checked_items({"enum": list(range(1000))}), many(-1)),
    "enum of arrays": Row(checked_items({"enum": [[number] for number in range(1000)]}), many([-1])),
    "enum of objects": Row(
        checked_items({"enum": [{"a": number} for number in range(1000)]}), many({"a": -1})
    ),
    "minimum, maximum": Row(checked_items({"minimum": 1, "maximum": 3}), many(10**400)),
    "exclusive bounds": Row(checked_items({"exclusiveMinimum": 1, "exclusiveMaximum": 3}), many(0.5)),
    "multipleOf 0.01, 1e300": Row(checked_items({"multipleOf": 0.01}), many(1e300)),
    "multipleOf 0.01, 0.1": Row(checked_items({"multipleOf": 0.01}), many(0.1)),
    "multipleOf 7, 1e300": Row(checked_items({"multipleOf": 7}), many(1e300)),
    "multipleOf 1e-300": Row(checked_items({"multipleOf": 1e-300}), many(1)),
    "multipleOf 1e300": Row(checked_items({"multipleOf": 1e300}), many(1e-300)),
    "multipleOf, long": Row(checked_items({"multipleOf": 7}), many(10**4000)),
    "minLength, maxLength": Row(checked_items({"minLength": 1, "maxLength": 2}), many("")),
}

LONG = [{"pattern": f"a.{{0,{count}}}c"} for count in range(91, 99)]
GROUPS = [{"contains": {"const": number}} for number in range(16)]
CHAIN = {f"c{number}": {"allOf": [{"$ref": f"#/c{number + 1}"}]} for number in range(30)}
TREE = {f"t{number}": {"allOf": [{"$ref": f"#/t{number + 1}"}] * 2} for number in range(6)}


def tests_of(count: int) -> dict[str, Any]:
    """Return conditions within conditions."""
    schema: dict[str, Any] = {"minimum": 0}
    for number in range(count):
        schema = {"if": {"const": number + 10}, "else": schema}
    return schema


def searches_of(levels: int) -> dict[str, Any]:
    """Return alternatives that look at all items, whose alternatives do so, too."""
    schema: dict[str, Any] = {"anyOf": BOUNDS}
    for _ in range(levels):
        schema = {"anyOf": [{"contains": schema}, {"contains": {"allOf": [schema, TEXT]}}, {"maxItems": 0}]}
    return schema


# Many keywords for one place.
CROWDS = {
    "many members": Row({"items": {"properties": {f"p{n}": TEXT for n in range(300)}}}, many({})),
    "many members, one": Row(
        {"items": {"properties": {f"p{n}": TEXT for n in range(300)}}}, many({"p7": ""})
    ),
    "many dependencies": Row(
        {"items": {"dependentRequired": {f"p{n}": ["q"] for n in range(300)}}}, many({})
    ),
    "many positions": Row({"items": {"prefixItems": [TEXT] * 200}}, many([])),
    "allOf of 100": Row({"items": {"allOf": [{"minimum": -n} for n in range(100)]}}, many(1), slow=True),
    "allOf of patterns": Row({"allOf": LONG}, mixed("ab"), slow=True),
    "allOf of not": Row(
        {"items": {"allOf": [{"not": {"const": n}} for n in range(60)]}}, many(99), slow=True
    ),
    "allOf of references": Row(
        {"items": {"$ref": "#/c0"}}, many(1), {**CHAIN, "c30": {"minimum": 0}}, slow=True
    ),
    "allOf doubled": Row({"items": {"$ref": "#/t0"}}, many(1), {**TREE, "t6": {"minimum": 0}}, slow=True),
    "if within else": Row({"items": tests_of(60)}, many(1), slow=True),
    "not of not": Row({"items": {"not": {"not": {"not": {"not": {"anyOf": BOUNDS[:15]}}}}}}, many(90)),
    "anyOf of formats": Row(
        checked_items({"anyOf": [{"format": name} for name in ("ipv4", "ipv6", "hostname")]}), many("xn--4ca")
    ),
    "anyOf of costly formats": Row(
        checked_items({"anyOf": [{"format": name} for name in ("regex", "hostname", "idn-hostname")]}),
        many("(" * 20),
        slow=True,
    ),
    "anyOf of enums": Row(
        checked_items({"anyOf": [{"enum": [[n, m] for m in range(20)]} for n in range(9)]}),
        many([-1, -1]),
        slow=True,
    ),
    "anyOf of multiples": Row(
        checked_items({"anyOf": [{"multipleOf": factor} for factor in (0.7, 0.07, 7)]}),
        many(1e300),
        slow=True,
    ),
    "anyOf of contains": Row({"anyOf": GROUPS}, many(99)),
    "anyOf of items": Row(
        {"anyOf": [{"items": {"type": ["integer", "null"], "maximum": 9}, **group} for group in GROUPS]},
        many(7),
        slow=True,
    ),
    "anyOf of contains, within each other": Row(
        searches_of(3), lambda size: [[[[0, 99] * (size // 5)]]], slow=True
    ),
    "anyOf of members": Row(
        {
            "additionalProperties": {
                "anyOf": [{"additionalProperties": {"anyOf": BOUNDS[n:]}} for n in range(4)]
            }
        },
        lambda size: {"a": {str(n): 7 for n in range(size // 8)}},
        slow=True,
    ),
    "patternProperties, costly": Row(
        {"patternProperties": {part["pattern"]: {} for part in LONG}},
        lambda size: {mixed("ab")(size): 1},
        slow=True,
    ),
    "patternProperties, allOf": Row(
        {"allOf": [{"patternProperties": {f"{n}{c}.*x": {} for c in "abcdefgh"}} for n in range(9)]},
        numbered("{}", step=8),
        slow=True,
    ),
    "propertyNames, recursive": Row(
        {"propertyNames": SELF, "additionalProperties": SELF, "maxLength": 9}, nested(60, by="b")
    ),
    "allOf of propertyNames": Row(
        {"allOf": [{"propertyNames": {"not": {"const": str(n)}}} for n in range(40)]},
        numbered("a{}", step=9),
        slow=True,
    ),
    "uniqueItems within each other": Row(
        {
            "uniqueItems": True,
            "items": {"uniqueItems": True, "items": {"uniqueItems": True, "items": {"uniqueItems": True}}},
        },
        lambda size: [[[[n / 2 for n in range(size // 6)]]]],
    ),
    "uniqueItems of alternatives": Row(
        {"anyOf": [{"uniqueItems": True, **group} for group in GROUPS[:9]]},
        lambda size: [n / 2 for n in range(99, size // 6)],
        slow=True,
    ),
    "enum on each level": Row({"anyOf": [{"enum": [[n] for n in range(9)]}, {"items": SELF}]}, nested(60)),
    "unevaluatedItems, many": Row(
        {"anyOf": GROUPS, "unevaluatedItems": {"type": "null"}}, many(None, last=15), slow=True
    ),
}

# By the way in which they are matched, see asynction_asgi/spec/patterns.
PATTERNS = {
    "pattern, one loop": Row({"pattern": "^.*abc$"}, repeated("ab")),
    "pattern, deterministic": Row({"pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}, repeated("a-", end="-")),
    "pattern, long counts": Row(
        {"pattern": r"^([a-z]{1,63}\.){1,127}[a-z]{2,63}$"}, repeated("ab."), slow=True
    ),
    "pattern, from any place": Row({"pattern": "[0-9a-f]{8}-[0-9a-f]{4}"}, repeated("a")),
    "pattern, two loops": Row({"pattern": "^a.*b.*c$"}, repeated("ab")),
    "pattern, spaces": Row({"pattern": r"\s+$"}, repeated(" ", end="x")),
    "pattern, nested": Row({"pattern": "^(a+)+$"}, repeated("a", end="!")),
    "pattern, nested, short texts": Row({"items": {"not": {"pattern": "(a|a)*b$"}}}, many("a" * 16)),
    "pattern, spaces, short texts": Row({"items": {"not": {"pattern": r"\s+$"}}}, many(" " * 100 + "x")),
    "pattern, ambiguous": Row({"pattern": "(a?){15}b"}, repeated("a")),
    "pattern, lookaheads": Row({"pattern": r"^(?=.*[A-Z])(?=.*\d)(?!.*\s).{8,}$"}, repeated("a")),
    "pattern, lookahead of a nested one": Row({"pattern": r"^(?!(a|a)*b)(a+)+$"}, repeated("a", end="!")),
    "pattern, counted": Row({"pattern": "<[^>]{0,100}>"}, mixed("<a")),
    "pattern, counted, not ASCII": Row({"pattern": "<[^>]{0,100}>"}, mixed("<é")),
    "pattern, counted, large": Row({"pattern": "a.{0,900}c"}, mixed("ab")),
    "pattern, exponentially many states": Row({"pattern": "(a|b)*a(a|b){12}c"}, mixed("ab")),
    "pattern, categories": Row({"pattern": r"^(\p{Lu}|\p{L}){1,40}!"}, mixed("éÉ")),
    "pattern, capped": Row({"pattern": r"^(\w+\s?)*\b$"}, repeated("a", end="!"), slow=True),
    "pattern, backreference": Row({"pattern": r"^(a*)\1$"}, repeated("a", end="!"), slow=True),
    "pattern, names": Row(
        {"patternProperties": {"(a|b)*a(a|b){12}c": {}}}, lambda size: {"ab" * (size // 2): 0}
    ),
}

# The most expensive texts of each format.
FORMATS: dict[str, list[str]] = {
    "date": ["2020-02-29"],
    "date-time": ["2020-02-29T00:00:60Z"],
    "time": ["00:00:60-00:00"],
    "duration": ["P1Y", "P" + "1" * 1_000],
    "email": ["a@b", "a@[IPv6:::]", '"' + "\\a" * 20 + '"@b', "a@" + "xn--4ca." * 30 + "a"],
    "idn-email": ["a@ä", "a@" + "ä." * 40 + "x", "ä@" + "é" * 55, "a@\ufdfa\ufdfa"],
    "hostname": ["xn--" + "a" * 59, "xn--" + "9" * 59, "xn--4ca", "a." * 120 + "a"],
    "idn-hostname": [
        "ä",
        "é" * 50,
        "א" * 50,
        "\xad" * 250 + "a",
        "漢字仮名" * 6,
        "ب" + "\u200cب" * 25,
        "・" * 40 + "ア",
    ],
    "byte": ["YQ==", "a" * 300 + "!"],
    "ipv4": ["1.1.1.1", "1.1.1.x"],
    "ipv6": ["::", ":", "1:2:3:4:5:6:7:8", "::1.1.1.1"],
    "uri": ["a:", "a://u@[::]:1/?#", "a:" + "%41" * 300],
    "uri-reference": ["//[::]", "#" + "?" * 300],
    "iri": ["a:", "a://u@[::]:1/?#", "a:" + "é" * 300],
    "iri-reference": ["//[::]", "#" + "?" * 300],
    "uri-template": ["{a}", "{a:1,b*}" * 100, "{" + "a." * 300],
    "uuid": ["a", "a" * 36],
    "json-pointer": ["/", "/~0" * 300],
    "relative-json-pointer": ["0", "0" + "/~0" * 300],
    "regex": ["a", "a*" * 900, "(a)" * 600, r"[^\p{L}\p{N}]", r"\W\W\W[\W\W]", "[a-" + "b" * 1_000 + "]"],
}

ROWS: dict[str, Row] = {
    **BRANCHES,
    **CONTAINERS,
    **SCALARS,
    **CROWDS,
    **PATTERNS,
    **{
        f"format {name} {number}": Row(checked_items({"format": name}), many(text))
        for name, texts in FORMATS.items()
        for number, text in enumerate(texts)
    },
}

_BAR = 100  # the limit, in bytes of small objects loaded in the same time
_TRIES = 3


def _seconds(function: Callable[[Any], Any], argument: Any) -> float:
    """Return the shortest time of a few runs, in seconds."""
    taken = []
    for _ in range(_TRIES):
        started = time.process_time()
        function(argument)
        taken.append(time.process_time() - started)
    return min(taken)


def measure(names: list[str], size: int) -> None:
    """Print a row for each name and backend."""
    print(f"{'':40}{'backend':16}{'µs/byte':>9}{'json.loads':>12}{'doubled':>9}")
    objects = json.dumps([{"id": number, "name": "a"} for number in range(size // 20)])
    bar = _BAR * _seconds(json.loads, objects) / len(objects)
    for name in names:
        row = ROWS[name]
        texts = [row.text(size), row.text(2 * size)]
        for backend in ("fastjsonschema", "jsonschema-rs"):
            check, _ = row.compile(backend)
            once, twice = (_seconds(lambda value: is_valid(check, value), json.loads(text)) for text in texts)  # noqa: B023  # called at once
            loading = _seconds(json.loads, texts[0])
            length = len(texts[0].encode())
            missed = "!" if once > bar * length and not row.slow else ""
            print(
                f"{name:40}{backend:16}{once / length * 1e6:9.3f}{once / loading:12.1f}{twice / once:9.2f} {missed}",
                flush=True,
            )


def main() -> None:
    """Run the benchmark from the command line."""
    parser = ArgumentParser(prog="python -m benchmarks.hostile", description=__doc__)
    parser.add_argument("rows", nargs="*", choices=[[], *ROWS], metavar="ROW", help="all rows by default")
    parser.add_argument("--bytes", type=int, default=100_000, help="size of the smaller value")
    options = parser.parse_args()
    measure(options.rows or list(ROWS), options.bytes)


if __name__ == "__main__":
    main()
