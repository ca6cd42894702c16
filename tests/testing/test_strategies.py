"""Hypothesis strategies made from a contract."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, find, given, settings
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount

from asynction_asgi import AsynctionSocketIO, UndeclaredEventError, load_spec
from asynction_asgi.spec.model.arguments import compile_arguments
from asynction_asgi.testing import arguments_of, contract_cases, events_of
from tests.forked import run_pytest
from tests.server.documents import PAIR, channel, document, message

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hypothesis.strategies import SearchStrategy

PERSON = {
    "type": "object",
    "required": ["name", "age"],
    "properties": {
        "name": {"type": "string", "maxLength": 40},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "nicknames": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "boss": {"$ref": "#/components/schemas/Person"},
        "mail": {"type": "string", "format": "email"},
    },
}
SPEC = {
    **document(
        root=channel(
            receives=[
                message("hire", {"$ref": "#/components/schemas/Person"}, **{"x-ack": {"args": {"enum": [1, 2]}}}),
                message("move", PAIR),
                message("never", False),
                message("three", {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "minItems": 3}),
                message("code", {"type": "string", "pattern": "^[A-Z]{2}-[0-9]+$"}),
            ],
            sends=[message("hired", {"type": "boolean"})],
        ),
        **{"rooms/{id}": channel(receives=[message("say", {"type": "string"})])},
    ),
    "components": {"schemas": {"Person": PERSON}},
}  # fmt: skip
APP = AsynctionSocketIO.from_spec(SPEC)
FINDING = settings(max_examples=2000, phases=[Phase.generate, Phase.shrink])


def smallest(strategy: SearchStrategy[Any], wanted: Callable[[Any], bool] = lambda _: True) -> Any:
    return find(strategy, wanted, settings=FINDING)


@given(arguments_of(APP, "hire"))
@settings(max_examples=50)
def test_everything_drawn_is_accepted(arguments: tuple[Any, ...]) -> None:
    """The server's own check accepts each drawn value."""
    compile_arguments(APP.spec.namespaces["/"].receives["hire"].arguments, APP.spec.bundle)(arguments)


def test_examples_shrink_to_the_simplest() -> None:
    """Examples shrink to required members, few elements, small numbers and short texts."""
    assert smallest(arguments_of(APP, "hire")) == ({"name": "", "age": 0},)
    (older,) = smallest(arguments_of(APP, "hire"), lambda arguments: arguments[0]["age"] > 41)
    assert older == {"name": "", "age": 42}
    (led,) = smallest(arguments_of(APP, "hire"), lambda arguments: "boss" in arguments[0])
    assert led == {"name": "", "age": 0, "boss": {"name": "", "age": 0}}
    assert smallest(arguments_of(APP, "move")) == (0, "left")
    assert smallest(arguments_of(APP, "code")) == ("AA-0",)
    (three,) = smallest(arguments_of(APP, "three"))
    assert len(three) == 3


@given(events_of(APP, namespace="/rooms/1"))
@settings(max_examples=5)
def test_events_come_with_their_arguments(event: tuple[str, tuple[Any, ...]]) -> None:
    """Each drawn event is one that clients may emit in the namespace, with valid arguments."""
    assert event[0] == "say"
    assert isinstance(event[1][0], str)


def test_texts_are_of_all_kinds() -> None:
    """Texts may hold any characters and may be long."""
    strategy = arguments_of(SPEC, "say", namespace="/rooms/7")
    assert smallest(strategy, lambda arguments: not arguments[0].isascii())
    assert smallest(strategy, lambda arguments: len(arguments[0]) > 30)


def test_a_contract_is_an_application_or_a_document() -> None:
    """Both give arguments and acknowledgements, of client events and of server events."""
    spec = load_spec(SPEC)
    assert smallest(arguments_of(spec, "hire", ack=True)) == (1,)
    assert smallest(arguments_of(spec, "hired")) == (False,)
    assert smallest(arguments_of(spec, "say", namespace="/rooms/{id}")) == ("",)


def test_impossible_strategies_raise_at_once() -> None:
    """An undeclared event or an unsatisfiable schema raises before anything is drawn."""
    for wrong in (
        {"event": "fire"},
        {"event": "move", "ack": True},
        {"event": "x", "namespace": "/elsewhere"},
    ):
        with pytest.raises(UndeclaredEventError, match=r"the document (has no|declares no namespace)"):
            arguments_of(APP, **wrong)
    with pytest.raises(ValueError, match="no value was found"):
        arguments_of(APP, "never")
    with pytest.raises(ValueError, match="declares no namespace"):
        events_of(APP, namespace="/elsewhere")


def test_without_hypothesis_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Hypothesis the error names the package to install."""
    absent: Any = None
    monkeypatch.setitem(sys.modules, "hypothesis", absent)
    with pytest.raises(ImportError, match="pip install hypothesis"):
        arguments_of(APP, "hire")


PROPERTY = """
import pytest
from asynction_asgi import AsynctionSocketIO
from asynction_asgi.testing import TestServer, events_of
from hypothesis import given, settings

MESSAGE = {"name": "say", "payload": {"type": "string"}, "x-ack": {"args": {"type": "integer"}}}
SPEC = {
    "asyncapi": "2.6.0",
    "info": {"title": "Chat", "version": "1"},
    "channels": {"/": {"publish": {"message": MESSAGE}}},
}

async def say(text):
    return len(text.encode()) // len(text)

app = AsynctionSocketIO.from_spec(SPEC, handlers={"/": {"say": say}})

@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
@settings(deadline=None, database=None)
@given(event=events_of(app))
async def test_everything_has_an_answer(event):
    name, arguments = event
    async with TestServer(app) as server, server.connect() as client:
        assert await client.call(name, *arguments) == 1
"""


def test_faults_of_a_handler_are_shown_small(tmp_path: Path) -> None:
    """An async property test shows the simplest event for each fault of the handler."""
    (tmp_path / "test_property.py").write_text(PROPERTY, "utf-8")
    code, shown = run_pytest(cwd=tmp_path, plugins=("anyio.pytest_plugin", "_hypothesis_pytestplugin"))
    assert code == 1
    assert "event=('say', ('',))" in shown
    assert "event=('say', ('\\x80',))" in shown


@pytest.mark.parametrize(
    ("event", "namespace", "message"),
    [
        ("hier", "/", "the document has no such event; did you mean 'hire'"),
        ("hirde", "/", "did you mean 'hired'"),
        ("hire", "/none", "the document declares no namespace '/none'"),
        ("hire", "/romms/7", "the document declares no namespace '/romms/7'"),
    ],
)
def test_a_misspelt_name_gets_a_suggestion(event: str, namespace: str, message: str) -> None:
    """The error names what may be meant; a namespace that is not declared is the mistake, whatever the event."""
    with pytest.raises(UndeclaredEventError, match=message):
        arguments_of(APP, event, namespace=namespace)
    if namespace != "/":
        with pytest.raises(ValueError, match=message):
            events_of(APP, namespace=namespace)


def test_the_contract_is_found_in_an_application_around_it() -> None:
    """An application that mounts or wraps the server stands for its document; none or several are an error."""
    mounted = Starlette(routes=[Mount("/realtime", APP)])
    wrapping = GZipMiddleware(mounted)
    for around in (mounted, wrapping):
        assert smallest(arguments_of(around, "hired")) == (False,)
        assert [case.event for case in contract_cases(around, events=["move"], phases=["edges"])] == [
            case.event for case in contract_cases(APP, events=["move"], phases=["edges"])
        ]
    with pytest.raises(ValueError, match="no AsynctionSocketIO in its routes"):
        arguments_of(Starlette(), "hire")
    twice = Starlette(routes=[Mount("/a", APP), Mount("/b", AsynctionSocketIO.from_spec(SPEC))])
    with pytest.raises(ValueError, match="2 servers are in this application"):
        contract_cases(twice)
