"""Documents made of python-socketio's handlers: what they declare, and that they serve the same functions."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, Literal

import pytest
import socketio

from asynction_asgi import AsynctionSocketIO
from asynction_asgi.export import ExportError, export_document, read_served
from asynction_asgi.server.contract import Contract
from asynction_asgi.spec import check_document
from asynction_asgi.spec.model.offered import served_spec
from tests.clients import ConnectError, connected
from tests.export import shop
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from asynction_asgi.spec import Spec

pytestmark = pytest.mark.anyio
VERSIONS = pytest.mark.parametrize("version", ["2.6", "3.0"])
AUTH = {"token": "t"}


def exported(version: Literal["2.6", "3.0"] = "3.0", **targets: Any) -> tuple[str, list[str]]:
    """Return the document of targets, the shop without any, and its notes."""
    served = read_served(targets or {"shop:app": shop.app})
    document = export_document(served, modules=["tests.export.shop"], version=version, title="Shop")
    return document.text, [str(note).partition("shop.py:")[2] or str(note) for note in document.notes]


def strictly_checked(text: str) -> Spec:
    outcome = check_document(io.StringIO(text), strict=True)
    assert not outcome.diagnostics, text
    assert outcome.spec is not None
    return outcome.spec


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of the exported document, served with the functions that it names."""
    app = AsynctionSocketIO(strictly_checked(exported()[0]), docs=False)
    app.register_namespace(shop.Room("/nameless"))
    app.on("unnamed", lambda sid, value: value)
    with serve(app) as url:
        yield url


@VERSIONS
def test_the_document_names_the_very_functions(version: Any) -> None:
    """Each handler that has a path is found by it, as the same function or method."""
    spec = strictly_checked(exported(version)[0])
    assert (spec.title, spec.path, list(spec.namespaces)) == (
        "Shop",
        "/shop/socket.io",
        ["/", "/nameless", "/room"],
    )
    routes = Contract.bind(served_spec(spec)).routes
    for name, handlers in (("/", shop.sio.handlers["/"]), ("/room", {"join": shop.room.on_join})):
        bound = routes.namespaces[name]
        for event, function in handlers.items():
            if event in ("connect", "disconnect"):
                assert bound.lifecycle[event].function == function
            elif event not in ("", "unnamed"):
                handler = bound.events[event].handler
                assert handler is not None
                assert handler.function == function
    # The catch-all's and the unresolvable annotation; a union of open objects loses what its branch lacks.
    assert {warning.message.partition(":")[0] for warning in routes.warnings} == {"late", "pack"}


ORDER = {
    "sku": "a",
    "count": 1,
    "price": "1.5",
    "due": None,
    "address": None,
    "payment": {"by": "cash"},
    "discount": None,
    "reference": None,
}
CARD = {"by": "card", "number": "7"}
BAG = {"type": "Bag", "owner": "12345678-1234-5678-1234-567812345678"}
BOX = {"type": "Box", "size": 1, "seal": b"\x00", "worth": "2.50", "since": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("event", "arguments", "answer"),
    [
        pytest.param("order", [{"sku": "a"}], {**ORDER, "picture": b""}, id="model"),
        pytest.param(
            "order",
            [{**ORDER, "picture": b"\xff", "payment": CARD, "address": {"city": "X"}}],
            {**ORDER, "picture": b"\xff", "payment": CARD, "address": {"city": "X"}},
            id="nested models and bytes",
        ),
        pytest.param("draw line", [{"x": 1}, {"x": 2.5, "weight": "1"}], (1.5, "NoneType"), id="dataclasses"),
        pytest.param(
            "draw line", [{"x": 1}, {"x": 2, "size": 2.0}], (1, "NoneType"), id="a float for an IntEnum"
        ),
        pytest.param("draw line", [{"x": 1}, {"x": 2}, {"loud": True}], (1, "dict"), id="typed dict"),
        pytest.param("pack", [BOX], BOX, id="struct"),
        pytest.param("pack", [BAG], BAG, id="other struct"),
        pytest.param("tree", [{"children": [{"children": []}]}], 1, id="recursive"),
        pytest.param("tree", [{}], None, id="none"),
        pytest.param("pair", [[1, "b"]], (1, "b"), id="tuple as one argument"),
        pytest.param("add", [1, 2], (1, 2, 3), id="all that follow"),
        pytest.param("add", [], 0, id="nothing that follows"),
        pytest.param("choose", ["yes"], "fine", id="literal"),
        pytest.param("choose", ["no"], None, id="other literal"),
        pytest.param("say", [{"any": 1}], {"any": 1}, id="no annotation"),
        pytest.param("whisper", ["a", "b"], None, id="without a result"),
        pytest.param("run", [7], None, id="without a schema"),
        pytest.param("what", ["a"], "what", id="catch-all"),
    ],
)
async def test_the_same_functions_answer(url: str, event: str, arguments: list[Any], answer: Any) -> None:
    """Over the wire, the exported document accepts what the annotations accept, and the handlers answer."""
    async with connected(url, auth=AUTH, socketio_path="shop/socket.io") as client:
        assert await client.call(event, *arguments) == answer


@pytest.mark.parametrize(
    ("event", "arguments", "pointer"),
    [
        pytest.param("order", [{"sku": "a", "count": 0}], "/0/count", id="limit"),
        pytest.param("order", [{"sku": "a", "price": "dear"}], "/0/price", id="decimal"),
        pytest.param("order", [{"sku": "a", "due": "soon"}], "/0/due", id="datetime"),
        pytest.param("order", [{"sku": "a", "payment": {"by": "card"}}], "/0/payment", id="tag"),
        pytest.param("order", [{"sku": "a", "discount": 2}], "/0/discount", id="limited decimal"),
        pytest.param("order", [], "", id="too few"),
        pytest.param("draw line", [{"x": 1}, {"x": 2, "colour": "blue"}], "/1/colour", id="enum"),
        pytest.param("draw line", [{"x": 1}], "", id="too few of several"),
        pytest.param("pack", [{"type": "Box", "size": 0}], "/0/size", id="struct"),
        pytest.param("pack", [{"type": "Box", "size": 1, "worth": "x"}], "/0/worth", id="struct's decimal"),
        pytest.param("tree", [{"children": [{"children": 1}]}], "/0/children/0/children", id="recursive"),
        pytest.param("pair", [1, "b"], "", id="tuple as several arguments"),
        pytest.param("add", [1, "2"], "/1", id="one that follows"),
        pytest.param("choose", ["maybe"], "/0", id="literal"),
        pytest.param("ping", [1], "", id="too many"),
        pytest.param("whisper", [], "", id="arity without annotation"),
    ],
)
async def test_what_annotations_refuse_is_refused(
    url: str, event: str, arguments: list[Any], pointer: str
) -> None:
    """What the annotations exclude never reaches the handler, and the refusal names the place."""
    async with connected(url, auth=AUTH, socketio_path="shop/socket.io") as client:
        error = (await client.call(event, *arguments))["error"]
    assert error["code"] == "invalid_payload"
    assert error["details"][0]["pointer"].startswith(pointer)


async def test_auth_is_checked(url: str) -> None:
    """The annotation of a connect handler's auth is required of clients."""
    with pytest.raises(ConnectError) as refused:
        async with connected(url, auth={"token": 7}, socketio_path="shop/socket.io"):
            pass
    assert refused.value.answer["data"]["code"] == "invalid_handshake"


def test_emits_with_literal_names_are_declared() -> None:
    """Events are found in functions and namespace classes, by their namespaces."""
    spec = strictly_checked(exported()[0])
    sends = {name: list(namespace.sends) for name, namespace in spec.namespaces.items()}
    assert sends == {
        "/": ["message", "ordered", "pong", "said"],
        "/nameless": ["joined"],
        "/room": ["joined"],
    }
    assert [name for name, event in spec.namespaces["/"].sends.items() if event.ack is not None] == ["pong"]


NOTES = """
    nothing says what 'ordered' carries; fill in its payload in /
    nothing says what 'pong' carries; fill in its payload in /
    parameter 'text' of say has no annotation; add one, or fill in the payload of 'say' in /
    say: what it returns has no annotation; add one, or fill in the x-ack of 'say' in /
    nothing says what 'said' carries; fill in its payload in /
    nothing says what 'message' carries; fill in its payload in /
    the name of the event is computed; declare what is emitted here
    parameter 'text' of whisper has no annotation; add one, or fill in the payload of 'whisper' in /
    parameter 'volume' of whisper has no annotation; add one, or fill in the payload of 'whisper' in /
    what emits 'whispered' is not known here; declare the event if clients receive it
    late: the annotation of what it returns can't be resolved; import its names outside TYPE_CHECKING, or fill in\
 the x-ack of 'late' in /
    the annotation of parameter 'share' of late can't be resolved; import its names outside TYPE_CHECKING, or fill\
 in the payload of 'late' in /
    parameter 'function' of run: collections.abc.Callable[[], None] has no schema: pydantic: Cannot generate a\
 JsonSchema for core_schema.CallableSchema; fill in the payload of 'run' in /
    a handler of all namespaces, which a document names one by one; declare those that clients use
    an event needs a name to be declared; give it one
    no module has a name for the object of the handler of 'connect'; give it one, as in room = Room('/nameless'),\
 or attach it by app.register_namespace
    no module has a name for the object of the handler of 'join'; give it one, as in room = Room('/nameless'),\
 or attach it by app.register_namespace
    nothing says what 'joined' carries; fill in its payload in /nameless
    nothing says what 'joined' carries; fill in its payload in /room
    <lambda>: what it returns has no annotation; add one, or fill in the x-ack of 'unnamed' in /
    no dotted path leads to the handler of 'unnamed'; define it at the top of a module, or attach it with @app.on
    parameter 'value' of <lambda> has no annotation; add one, or fill in the payload of 'unnamed' in /
"""


def test_what_is_open_is_said_with_its_place() -> None:
    """Each note names a line, in the order of the file, and what to write where."""
    _, notes = exported()
    lines, texts = zip(*(note.split(": ", 1) for note in notes), strict=True)
    assert list(lines) == sorted(lines, key=int)
    assert list(texts) == [line.strip() for line in NOTES.strip().splitlines()]


def test_namespaces_are_exported_without_a_server() -> None:
    """Objects of namespace classes are enough, and stand beside each other."""
    text, _ = exported(room=shop.room, other=shop.Room("/other"))
    spec = strictly_checked(text)
    assert {name: list(namespace.receives) for name, namespace in spec.namespaces.items()} == {
        "/other": ["join"],
        "/room": ["join"],
    }
    assert spec.path == "/socket.io"


class Own(socketio.AsyncNamespace):  # type: ignore[misc]  # python-socketio has no types
    async def trigger_event(self, event: str, *args: Any) -> None: ...


def _two() -> dict[str, Any]:
    server = socketio.Server(async_mode="threading")
    server.on("join", lambda sid: None, namespace="/room")
    return {"server": server, "room": shop.room}


@pytest.mark.parametrize(
    ("targets", "text"),
    [
        pytest.param(
            {"shop:Room": shop.Room}, "'shop:Room' is of type; name a socketio.AsyncServer", id="class"
        ),
        pytest.param({"x:y": socketio.AsyncClientNamespace("/")}, "is of AsyncClientNamespace", id="client"),
        pytest.param({"x:y": Own("/")}, "Own has a trigger_event of its own", id="own dispatch"),
        pytest.param(_two(), "namespace '/room' has two handlers for 'join'", id="two handlers"),
    ],
)
def test_what_can_not_be_exported_is_refused(targets: dict[str, Any], text: str) -> None:
    """The error names the object or the event, and what to do."""
    with pytest.raises(ExportError, match=re.escape(text)):
        read_served(targets)
