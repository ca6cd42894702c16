"""The public document: self-contained, the same contract, without the server's own names."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from asynction_asgi.errors import SpecError
from asynction_asgi.spec import check_document, load_spec
from asynction_asgi.spec.model.export import bundled_document, check_publishable
from asynction_asgi.spec.model.summary import summarise
from asynction_asgi.spec.schemas import Mismatch
from asynction_asgi.spec.text.yaml import dump_yaml
from tests.cases import each_case

from ..reading import load, v2, v3

CHAT = Path(__file__).parent.parent / "chat"


def public(model: dict[str, Any]) -> dict[str, Any]:
    """Return a model without its handlers, which are not published."""
    model = copy.deepcopy(model)
    for namespace in model["namespaces"].values():
        namespace["handlers"] = {}
        for event in (*namespace["receives"].values(), *namespace["sends"].values()):
            event["handler"] = None
    return model


def fields(value: Any) -> set[str]:
    """Return every key at any depth."""
    if isinstance(value, list):
        return set().union(*map(fields, value))
    return set(value).union(*map(fields, value.values())) if isinstance(value, dict) else set()


@pytest.mark.parametrize("name", ["chat-2.6.yaml", "chat-3.0.yaml"])
def test_the_public_document_is_the_same_contract(name: str) -> None:
    """Loading the public document gives the same model, and exporting it again the same document."""
    spec = load_spec(CHAT / name)
    before = copy.deepcopy(spec.root.value)
    document = bundled_document(spec)
    again = load_spec(document)
    assert summarise(again) == public(summarise(spec))
    assert bundled_document(again) == document
    assert list(document)[: len(before)] == list(before), "the author's order"
    assert spec.root.value == before, "nothing was changed"
    assert check_document(json.loads(json.dumps(document))).servable


def test_its_yaml_reads_back_unchanged(tmp_path: Path) -> None:
    """The document dumped as YAML is read back as the same tree."""
    document = bundled_document(load_spec(CHAT / "chat-2.6.yaml"))
    path = tmp_path / "asyncapi.yaml"
    path.write_text(dump_yaml(document), encoding="utf-8")
    assert load_spec(path).root.value == document


def test_the_servers_own_names_are_left_out(tmp_path: Path) -> None:
    """Handlers, security functions and secrets are left out; a property with such a name stays."""
    spec = load(
        tmp_path,
        v2(
            "{/: {x-handlers: {connect: a.b}, publish: {message: {name: a, x-hander: a.b, x-other: 1, "
            "payload: {properties: {x-handler: {type: string}}}}}}}",
            "components: {securitySchemes: {b: {type: http, scheme: bearer, x-bearerInfoFunc: s.b, "
            "x-basicBearerInfoFunc: s.b, x-scopeValidateFunc: s.c, x-jwt: {secretEnv: s}, x-authField: token}}}",
        ),
    )
    document = bundled_document(spec)
    message = document["channels"]["/"]["publish"]["message"]
    assert message["payload"] == {"properties": {"x-handler": {"type": "string"}}}
    assert message["x-other"] == 1
    assert document["components"]["securitySchemes"]["b"] == {
        "type": "http",
        "scheme": "bearer",
        "x-authField": "token",
    }
    del message["payload"]
    assert fields(document).isdisjoint({"x-handler", "x-hander", "x-handlers", "x-jwt"})


def test_other_files_are_brought_in(tmp_path: Path) -> None:
    """Schemas of other files move to the components by name, other objects are inlined; no path remains."""
    folder = tmp_path / "secret-folder"
    folder.mkdir()
    (folder / "lib.yaml").write_text(
        "Say:\n"
        "  payload: {$ref: '#/Text'}\n"
        "  x-ack: {$ref: '#/Ack'}\n"
        "  traits: [{$ref: '#/Trait'}]\n"
        "Trait: {summary: s}\n"
        "Ack: {args: {$ref: '../doc.yaml#/components/schemas/Text'}}\n"
        "Text: {type: object, required: [text], properties: {text: {type: string}, re: {$ref: '#/Text'}, in: {$ref: 'more.yaml'}}}\n"
        "Channel: {publish: {message: {$ref: '#/Say'}}, bindings: {ws: {query: {$ref: 'more.yaml'}}}}\n"
    )
    (folder / "more.yaml").write_text("type: object\nproperties: {a b: {const: {$ref: more.yaml}}}\n")
    spec = load(
        tmp_path,
        v2(
            "{/: {$ref: 'secret-folder/lib.yaml#/Channel'}}",
            "components: {schemas: {Text: {type: string}, Far: {$ref: 'secret-folder/lib.yaml#/Text'}}}",
        ),
    )
    document = bundled_document(spec)
    again = load_spec(document)
    assert summarise(again) == public(summarise(spec))
    text = json.dumps({**document, "components": {**document["components"], "schemas": {}}})
    assert "lib.yaml" not in text
    assert "secret-folder" not in json.dumps(document)
    assert set(document["components"]["schemas"]) == {"Text", "Far", "Text_2", "more", "Refusal"}
    event = again.namespaces["/"].receives["Say"]
    assert event.message["payload"] == {"$ref": "#/components/schemas/Text_2"}
    assert event.message["summary"] == "s"
    assert event.arguments.schema is not None
    checked = again.bundle.check(event.arguments.schema)
    checked({"text": "a", "re": {"text": "b"}})
    with pytest.raises(Mismatch):
        checked({"text": "a", "re": {}})


def test_messages_named_by_key_keep_their_name(tmp_path: Path) -> None:
    """In 3.x a message keeps its key in the channel as its name."""
    (tmp_path / "lib.yaml").write_text("Other: {payload: {type: string}}\n")
    spec = load(
        tmp_path,
        v3(
            "{c: {address: /, messages: {said: {$ref: 'lib.yaml#/Other'}}}}",
            "{o: {action: receive, channel: {$ref: '#/channels/c'}, messages: [{$ref: '#/channels/c/messages/said'}]}}",
        ),
    )
    document = bundled_document(spec)
    assert document["channels"]["c"]["messages"] == {"said": {"payload": {"type": "string"}}}
    assert list(load_spec(document).namespaces["/"].receives) == ["said"]


def test_a_missing_unused_file_is_left_out(tmp_path: Path) -> None:
    """The public document loads, although the source refers to a missing file."""
    lost = "{$ref: 'nowhere.yaml#/x'}"
    spec = load(
        tmp_path,
        v2(
            f"{{/: {{publish: {{message: {{name: a, correlationId: {lost}, bindings: {lost}}}}}}}}}",
            f"components: {{schemas: {{S: {lost}}}, messages: {{M: {lost}}}, channelBindings: {{B: {lost}}}}}",
        ),
    )
    document = bundled_document(spec)
    assert document["channels"]["/"]["publish"]["message"] == {"name": "a"}
    assert document["components"]["messages"] == {}
    assert document["components"]["schemas"]["S"] == {}
    assert check_document(document).diagnostics == ()


def test_references_in_a_foreign_format_are_not_followed(tmp_path: Path) -> None:
    """A file referenced from a foreign format is neither read nor named."""
    avro = "{schemaFormat: application/vnd.apache.avro;version=1.9.0, schema: {type: record, items: {$ref: 'private.avsc'}}}"
    spec = load(
        tmp_path,
        v3(
            f"{{c: {{address: /, messages: {{m: {{payload: {avro}}}}}}}}}",
            "{o: {action: send, channel: {$ref: '#/channels/c'}}}",
        ),
    )
    document = bundled_document(spec)
    assert document["channels"]["c"]["messages"]["m"]["payload"]["schema"] == {"type": "record", "items": {}}


def test_references_keep_working_whatever_their_names(tmp_path: Path) -> None:
    """Names may contain slashes, tildes, percent signs, braces, spaces and other scripts."""
    names = ["a~1b", "a~0b", "a%25b", "{id}", "with space", "ναός"]
    keys = ["a/b", "a~b", "a%b", "{id}", "with space", "ναός"]
    entries = ", ".join(f"'{key}': {{name: 'm{index}'}}" for index, key in enumerate(keys))
    references = ", ".join(f"{{$ref: '#/x-all/{name}'}}" for name in names)
    spec = load(
        tmp_path, v2(f"{{/: {{publish: {{message: {{oneOf: [{references}]}}}}}}}}", f"x-all: {{{entries}}}")
    )
    again = load_spec(bundled_document(spec))
    assert list(again.namespaces["/"].receives) == [f"m{index}" for index in range(6)]


def test_the_standard_refusal_is_published() -> None:
    """The refusal's schema is added under a free name, and the root refers to it."""
    base = {"asyncapi": "2.6.0", "info": {"title": "T", "version": "1"}, "channels": {"/": {}}}
    document = bundled_document(load_spec(base))
    assert document["x-refusal"] == {"$ref": "#/components/schemas/Refusal"}
    taken = bundled_document(load_spec({**base, "components": {"schemas": {"Refusal": {"type": "string"}}}}))
    assert taken["x-refusal"] == {"$ref": "#/components/schemas/Refusal_2"}
    assert taken["components"]["schemas"]["Refusal"] == {"type": "string"}
    schema = document["components"]["schemas"]["Refusal"]
    refusal = {
        "error": {
            "code": "invalid_payload",
            "message": "m",
            "details": [{"pointer": "/0", "keyword": "type", "message": "m"}],
            "ref": "r",
        },
        "event": "e",
    }
    using = {**base, "channels": {"/": {"subscribe": {"message": {"name": "exception", "payload": schema}}}}}
    spec = load_spec(using)
    payload = spec.namespaces["/"].sends["exception"].arguments.schema
    assert payload is not None
    spec.bundle.check(payload)(refusal)


LEAKS = [
    pytest.param("x-leak: {$ref: FILE}", id="an extension at the root"),
    pytest.param("x-leak: [{deep: {$ref: FILE}}]", id="deep in an extension"),
    pytest.param("x-handler-notes: {a: {$ref: FILE}}", id="an extension that looks like ours"),
    pytest.param("components: {schemas: {S: {x-leak: {$ref: FILE}}}}", id="an extension of a schema"),
    pytest.param("components: {schemas: {S: {leak: {$ref: FILE}}}}", id="an unknown keyword of a schema"),
    pytest.param("components: {messages: {M: {bindings: {mqtt: {x: {$ref: FILE}}}}}}", id="a binding"),
    pytest.param("components: {messages: {M: {x-mock: {ack: {$ref: FILE}}}}}", id="x-mock"),
    pytest.param(
        "components: {securitySchemes: {S: {type: X509, x-leak: {$ref: FILE}}}}", id="a security scheme"
    ),
]  # fmt: skip


@pytest.mark.parametrize("place", LEAKS)
@pytest.mark.parametrize("away", [True, False], ids=["elsewhere", "beside the document"])
def test_only_files_of_the_contract_are_read(tmp_path: Path, place: str, away: bool) -> None:
    """A ``$ref`` in a place without references is neither followed nor published."""
    secret = (tmp_path if away else tmp_path / "own") / "secret.yaml"
    (tmp_path / "own").mkdir()
    secret.write_text("password: swordfish\n")
    spec = load(tmp_path / "own", v2("{/: {}}", place.replace("FILE", str(secret))))
    check_publishable(spec)
    text = json.dumps(bundled_document(spec))
    assert "swordfish" not in text
    assert "secret.yaml" not in text
    assert secret not in spec.resolver.files.paths


def test_references_within_extensions_are_unchanged(tmp_path: Path) -> None:
    """A reference in an extension still leads to the same place in the document."""
    spec = load(tmp_path, v2("{/: {}}", "x-a: {$ref: '#/x-b', beside: 1}", "x-b: {c: 1}"))
    document = bundled_document(spec)
    assert document["x-a"] == {"$ref": "#/x-b"}
    assert document["x-b"] == {"c": 1}


def test_needed_schemas_in_an_extension_are_followed(tmp_path: Path) -> None:
    """A payload may refer through an extension to another file."""
    (tmp_path / "lib.yaml").write_text("Text: {type: string}\n")
    channels = "{/: {publish: {message: {name: a, payload: {$ref: '#/x-all/Pair'}}}}}"
    shared = "x-all: {Pair: {type: object, properties: {a: {$ref: 'lib.yaml#/Text'}}}}"
    document = bundled_document(load(tmp_path, v2(channels, shared)))
    assert document["components"]["schemas"]["Text"] == {"type": "string"}
    assert document["x-all"]["Pair"]["properties"]["a"] == {"$ref": "#/components/schemas/Text"}


def test_files_outside_the_folder_are_published_if_allowed(tmp_path: Path) -> None:
    """By default an outside file is an error at the reference, which names the option."""
    (tmp_path / "common").mkdir()
    (tmp_path / "own").mkdir()
    (tmp_path / "common" / "lib.yaml").write_text("Text: {type: string}\n")
    (tmp_path / "own" / "link.yaml").symlink_to(tmp_path / "common" / "lib.yaml")
    for file in ("../common/lib.yaml", "link.yaml"):
        channels = f"{{/: {{publish: {{message: {{name: a, payload: {{$ref: '{file}#/Text'}}}}}}}}}}"
        spec = load(tmp_path / "own", v2(channels))
        with pytest.raises(SpecError, match="docs_root") as raised:
            check_publishable(spec)
        (problem,) = raised.value.diagnostics
        assert (problem.code, problem.pointer) == ("REF_FILE", "/channels/~1/publish/message/payload/$ref")
        check_publishable(spec, tmp_path / "common")
        check_publishable(spec, tmp_path)
        with pytest.raises(SpecError):
            check_publishable(spec, tmp_path / "own")


def test_a_folder_of_links_is_allowed(tmp_path: Path) -> None:
    """Links into one other folder, as in mounted configuration, count as the document's folder."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "lib.yaml").write_text("Text: {type: string}\n")
    channels = "{/: {publish: {message: {name: a, payload: {$ref: 'lib.yaml#/Text'}}}}}"
    (tmp_path / "data" / "doc.yaml").write_text(v2(channels))
    (tmp_path / "mount").mkdir()
    for name in ("lib.yaml", "doc.yaml"):
        (tmp_path / "mount" / name).symlink_to(tmp_path / "data" / name)
    check_publishable(load_spec(tmp_path / "mount" / "doc.yaml"))


DRAFT = "application/schema+json;version=2020-12"
TREE = "{$ref: '#/$defs/Node', $defs: {Node: {type: object, properties: {child: {$ref: '#/$defs/Node'}}, unevaluatedProperties: false}}}"


@each_case(
    ("payload", "good", "bad"),
    [
        (TREE, {"child": {}}, {"child": {"age": 1}}),
        ("{type: object, properties: {child: {$ref: '#'}}}", {"child": {}}, {"child": 5}),
        (f"{{schemaFormat: '{DRAFT}', schema: {{minProperties: 1, {TREE[1:]}}}", {"child": {}}, {}),
        ("{items: {$ref: '#text'}, $defs: {T: {$anchor: text, type: string}}}", ["a"], [5]),
        ("{$id: 'https://example.com/a', items: {$ref: '#/components/schemas/T'}}", ["a"], [5]),
        ("{$ref: later.json}", {"a": {"b": {}}}, {"a": {"b": {"c": 1}}}),
        (f"{{schemaFormat: '{DRAFT}', schema: {{items: {{$ref: 'plain.json#/$defs/T'}}}}}}", ["ab"], ["a"]),
        ("{schemaFormat: 'application/vnd.oai.openapi;version=3.0.0', schema: {$ref: 'null.json#/a'}}", {"b": None}, {"b": 1}),
        ("{$ref: 'https://schemas.example.com/t.json'}", "a", 5),
    ],
    ids=[
        *("definitions of its own", "itself", "keywords beside a reference", "an anchor", "an identifier"),
        *("dynamic references", "the referrer's dialect", "a dialect without a meta-schema", "a URI"),
    ],
)  # fmt: skip
def test_schemas_of_every_dialect_mean_the_same_in_public(
    tmp_path: Path, payload: str, good: Any, bad: Any
) -> None:
    """Every reference leads into the document, and the verdicts stay the same."""
    (tmp_path / "later.json").write_text(
        '{"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:strict", "$dynamicAnchor": "node",'
        '"$ref": "urn:node", "unevaluatedProperties": false, "$defs": {"node": {"$id": "urn:node",'
        '"$dynamicAnchor": "node", "properties": {"a": {"$dynamicRef": "#node"}, "b": {"$dynamicRef": "#node"}}}}}'
    )
    (tmp_path / "plain.json").write_text(
        '{"$defs": {"T": {"$ref": "#/$defs/U", "minLength": 2}, "U": {"type": "string"}}}'
    )
    (tmp_path / "null.json").write_text('{"a": {"properties": {"b": {"type": "string", "nullable": true}}}}')
    (tmp_path / "t.json").write_text('{"type": "string"}')
    channels = f"{{c: {{address: /, messages: {{m: {{payload: {payload}}}}}}}}}"
    operations = "{o: {action: receive, channel: {$ref: '#/channels/c'}}}"
    components = "components: {schemas: {T: {type: string}}}"
    spec = load(
        tmp_path, v3(channels, operations, components), schemas={"https://schemas.example.com": tmp_path}
    )
    document = bundled_document(spec)
    assert ".json" not in json.dumps(document)
    assert not re.findall(
        r'"\$ref": "(?!#/(?:channels|components))[^"]*"', json.dumps(document).replace('"$ref": "urn:', "")
    )
    for contract in (spec, load_spec(document)):
        schema = contract.namespaces["/"].receives["m"].arguments.schema
        assert schema is not None
        check = contract.bundle.check(schema)
        check(good)
        with pytest.raises(Mismatch):
            check(bad)


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ("oneOf: [true], discriminator: {propertyName: kind}", "kind"),
        ("properties: {kind: {}}, required: [kind], discriminator: {propertyName: kind}", "kind"),
        ("properties: {kind: {}}, discriminator: {propertyName: kind}", None),
        ("properties: {}, required: [kind], discriminator: {propertyName: kind}", None),
        ("discriminator: {mapping: {}}", None),
    ],
)
def test_a_discriminator_of_openapi_stays_legal(tmp_path: Path, schema: str, written: str | None) -> None:
    """It becomes a name, unless AsyncAPI would refuse that."""
    spec = load(tmp_path, v2(f"{{/: {{publish: {{message: {{name: a, payload: {{{schema}}}}}}}}}}}"))
    document = bundled_document(spec)
    payload = document["channels"]["/"]["publish"]["message"]["payload"]
    assert payload.get("discriminator") == written
    load_spec(document)


def test_rates_are_published(tmp_path: Path) -> None:
    """Clients should know them; one of another file stands in place, and the references of the others stay."""
    (tmp_path / "rates.yaml").write_text("slow: {limit: 1, per: 60}", "utf-8")
    spec = load(
        tmp_path,
        v2(
            "{/: {x-rate: {$ref: 'rates.yaml#/slow'}, publish: {message: {name: a, x-rate: {$ref: '#/components/x-rates/a'}}}}}",
            "components: {x-rates: {a: {limit: 5, by: address}}}",
        ),
    )
    document = bundled_document(spec)
    assert document["channels"]["/"]["x-rate"] == {"limit": 1, "per": 60}
    assert document["components"]["x-rates"] == {"a": {"limit": 5, "by": "address"}}
    assert summarise(load_spec(document)) == summarise(spec)
