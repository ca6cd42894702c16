"""Handlers named in the document, given in code, or decorated; every misfit is told with its place."""

from __future__ import annotations

import sys
import textwrap
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO, BindingError, SpecError
from asynction_asgi.mock import MockAsynctionSocketIO
from tests.clients import connected
from tests.server.documents import PAIR, TEXT, channel, document, message
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


@pytest.fixture
def handlers_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package of handlers, importable while the test runs."""
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "handlers.py").write_text(
        textwrap.dedent(
            """
            async def order(data):
                return data["text"]

            class Desk:
                made = 0

                def __init__(self):
                    Desk.made += 1

                async def ask(self, data):
                    return ["instance", Desk.made]

                @staticmethod
                async def tell(data):
                    return "static"

                @classmethod
                async def call(cls, data):
                    return cls.__name__

            class Picky:
                def __init__(self, needed):
                    pass

                def ask(self, data):
                    pass

            not_callable = 3
            """
        )
    )
    (package / "loud.py").write_text("print('loud')\nraise SystemExit(3)\n")
    (package / "broken.py").write_text("raise OSError('no database')")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "shop.handlers"
    for name in [one for one in sys.modules if one.split(".")[0] == "shop"]:
        del sys.modules[name]


def named(path: str, name: str = "order") -> dict[str, Any]:
    return message(name, TEXT, **{"x-ack": True, "x-handler": path})


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        pytest.param("shop.handlers.order", "hi", id="function"),
        pytest.param("shop.handlers:order", "hi", id="function after colon"),
        pytest.param("shop.handlers:Desk.ask", ["instance", 1], id="method"),
        pytest.param("shop.handlers.Desk.ask", ["instance", 1], id="dotted method"),
        pytest.param("shop.handlers:Desk.tell", "static", id="static method"),
        pytest.param("shop.handlers:Desk.call", "Desk", id="class method"),
    ],
)
@pytest.mark.usefixtures("handlers_module")
async def test_dotted_paths_lead_to_functions_and_methods(path: str, answer: Any) -> None:
    """A method's class is instantiated once, for all of its handlers."""
    spec = document(root=channel(receives=[named(path), named("shop.handlers:Desk.ask", "another")]))
    with serve(AsynctionSocketIO.from_spec(spec)) as url:
        async with connected(url) as client:
            assert await client.call("order", {"text": "hi"}) == answer
            assert await client.call("another", {"text": "hi"}) == ["instance", 1]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        pytest.param(
            "nowhere.handlers.order",
            "'nowhere.handlers.order' leads nowhere: there is no module 'nowhere'",
            id="no package",
        ),
        pytest.param(
            "shop.handlerz.order",
            "'shop.handlerz.order' leads nowhere: module 'shop' has no 'handlerz'",
            id="no module",
        ),
        pytest.param("shop.handlers.ordre", "did you mean 'order'", id="misspelt"),
        pytest.param("shop.handlers:Desk.askk", "did you mean 'ask'", id="misspelt method"),
        pytest.param("shop.broken.order", "OSError: no database", id="import fails"),
        pytest.param("shop.handlers.not_callable", "can't be called", id="not callable"),
        pytest.param("shop.handlers:Picky.ask", "needs an instance", id="constructor fails"),
    ],
)
@pytest.mark.usefixtures("handlers_module")
def test_a_path_that_leads_nowhere_is_told(path: str, words: str) -> None:
    """The diagnostic says how far the path got."""
    with pytest.raises(BindingError) as found:
        AsynctionSocketIO.from_spec(document(root=channel(receives=[named(path)])))
    (problem,) = found.value.diagnostics
    assert problem.code == "HANDLER"
    assert words in problem.message


@pytest.mark.usefixtures("handlers_module")
def test_a_module_that_fails_runs_once_and_its_line_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Its side effects happen once, however many handlers it holds; the first report names the line."""
    spec = document(root=channel(receives=[named("shop.loud.one", "one"), named("shop.loud.two", "two")]))
    with pytest.raises(BindingError) as found:
        AsynctionSocketIO.from_spec(spec)
    first, second = found.value.diagnostics
    assert "loud.py:2" in first.message
    assert "as reported for another handler" in second.message
    assert capsys.readouterr().out == "loud\n"


@pytest.mark.usefixtures("handlers_module")
def test_a_handler_of_what_only_the_server_emits_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """It is never called; where it leads nowhere that is said too, and a mock imports neither."""
    spec = document(root=channel(sends=[named("shop.handlers.order"), named("shop.handlers.ordre", "other")]))
    AsynctionSocketIO.from_spec(spec)
    told = [one.getMessage() for one in caplog.records]
    assert [one.count("is never called: the server emits") for one in told] == [1, 1, 0]
    assert "did you mean 'publish'?" in told[0]
    assert "did you mean 'order'?" in told[2]
    caplog.clear()
    MockAsynctionSocketIO.from_spec(document(root=channel(sends=[named("shop.loud.one")])))
    assert "shop.loud" not in sys.modules
    assert [one.getMessage().count("is never called") for one in caplog.records] == [1]


def test_on_takes_a_name() -> None:
    """A decorator without its parentheses is told, rather than losing the handler."""
    server = AsynctionSocketIO.from_spec(document(root=channel(receives=[message("move", TEXT)])))
    with pytest.raises(TypeError, match="name"):
        server.on(one)  # type: ignore[call-overload]  # the point of the test


@pytest.mark.usefixtures("handlers_module")
def test_all_problems_are_reported_together_with_their_place(tmp_path: Path) -> None:
    """One error lists every handler, each with file, line and column of its name."""
    path = tmp_path / "asyncapi.yaml"
    path.write_text(
        textwrap.dedent(
            """\
            asyncapi: 2.6.0
            info: {title: Shop, version: 1.0.0}
            channels:
              /:
                x-handlers:
                  connect: shop.handlers.nobody
                publish:
                  message:
                    oneOf:
                      - name: one
                        x-handler: shop.missing.one
                      - name: two
                        x-handler: shop.handlers.order
                        payload: {type: array, maxItems: 0}
            """
        )
    )
    with pytest.raises(BindingError) as found:
        AsynctionSocketIO.from_spec(path)
    assert [(one.code, one.line) for one in found.value.diagnostics] == [
        ("HANDLER", 6),
        ("HANDLER", 11),
        ("ARITY", 13),
    ]
    assert f"{path}:6:" in str(found.value)


@pytest.mark.usefixtures("handlers_module")
def test_errors_of_the_document_hide_none_of_the_handlers(tmp_path: Path) -> None:
    """One SpecError holds both in document order: handlers named and given, security, the mock's, the default's."""
    path = tmp_path / "asyncapi.yaml"
    path.write_text(
        textwrap.dedent(
            """\
            asyncapi: 2.6.0
            info: {title: Shop, version: 1.0.0}
            servers: {live: {url: h, protocol: ws, security: [{token: []}, {digest: []}]}}
            channels:
              /:
                x-handlers: {conect: shop.handlers.order}
                publish:
                  message:
                    oneOf:
                      - {name: one, x-handler: shop.missing.one, payload: {type: strin}}
                      - {name: two, x-handler: shop.handlers.order, payload: {type: array, maxItems: 0}}
                      - {name: three, x-handler: shop.handlers.order, payload: {type: integer}}
                      - {name: three, x-handler: shop.handlers.ordre, payload: {type: integer}}
              /<id>:
                publish: {message: {name: four, x-handler: shop.handlers.none, payload: {type: integer}}}
                bindings: {ws: {query: {type: object, properties: [5]}}}
            components:
              securitySchemes:
                token: {type: http, scheme: bearer, x-bearerInfoFunc: shop.handlers.nobody}
                digest: {type: http, scheme: digest}
            """
        )
    )
    with pytest.raises(SpecError) as found:
        AsynctionSocketIO.from_spec(
            path, handlers={"/": {"three": two}}, default_error_handler=lambda: None, mock=None
        )
    told = [(one.severity, one.code, one.line) for one in found.value.diagnostics]
    lines = [one[2] or 0 for one in told]
    assert lines == sorted(lines)
    for expected in (
        ("error", "HANDLER", 1),  # the default error handler
        ("error", "SECURITY_SHAPE", 3),  # digest can't be checked
        ("error", "UNKNOWN_FIELD", 6),
        ("error", "SCHEMA", 10),
        ("error", "ARITY", 11),
        ("error", "ARITY", 12),  # the handler given in code
        ("error", "DUPLICATE_EVENT", 13),
        ("warning", "HANDLER", 13),  # of the declaration that is left out
        ("error", "ADDRESS", 14),
        ("error", "HANDLER", 15),
        ("error", "SCHEMA", 16),
        ("error", "HANDLER", 19),
    ):
        assert expected in told, expected
    assert "'missing'" in str(found.value)


def test_misshapen_handlers_are_refused_whatever_the_document() -> None:
    """With or without an error in it, in the same words."""
    for spec in (document(root=channel([message("say")])), document(root={"pubish": {}})):
        with pytest.raises(TypeError, match="by namespace and event"):
            AsynctionSocketIO.from_spec(spec, handlers={"say": anything})  # type: ignore[dict-item]  # refused


def test_errors_of_the_document_do_not_hide_what_can_not_be_mocked() -> None:
    """Neither from the mock nor from the application that mocks what is missing."""
    none = {"allOf": [{"type": "string"}, {"type": "integer"}]}
    spec = document(
        root=channel(receives=[message("a", TEXT, **{"x-ack": none})], sends=[message("connect")])
    )
    for make in (partial(AsynctionSocketIO.from_spec, mock="missing"), MockAsynctionSocketIO.from_spec):
        with pytest.raises(SpecError) as found:
            make(spec)
        assert {"RESERVED_EVENT", "UNSATISFIABLE"} <= {one.code for one in found.value.diagnostics}


def test_handlers_hide_neither_the_default_error_handler_nor_security() -> None:
    """One BindingError holds all of them."""
    not_callable: Any = 3
    with pytest.raises(BindingError) as found:
        AsynctionSocketIO.from_spec(
            document(root=channel(receives=[message("move", TEXT)])),
            handlers={"/": {"move": not_callable}},
            security_handlers={"nobody": lambda: None},
            default_error_handler=lambda: None,
        )
    assert len(found.value.diagnostics) == 3


def one(data: Any) -> None: ...
def two(number: Any, side: Any) -> None: ...
def optional(number: Any, side: Any = None) -> None: ...
def anything(*arguments: Any) -> None: ...
def two_with_sid(sid: str, number: Any, side: Any) -> None: ...
def two_with_injection(number: Any, side: Any, *, sid: str) -> None: ...
def unknown_injection(number: Any, side: Any, *, sidd: str) -> None: ...


def generator(data: Any) -> Iterator[Any]:
    yield data


async def async_generator(data: Any) -> AsyncIterator[Any]:
    yield data


OPEN_PAIR = {"type": "array", "items": [{"type": "integer"}, {"type": "string"}], "minItems": 2}
ONLY_ONE = {"type": "array", "items": [{"type": "integer"}], "minItems": 1, "maxItems": 1}
LOOSE_PAIR = {"type": "array", "items": [{"type": "integer"}, {"type": "string"}], "additionalItems": False}


@pytest.mark.parametrize(
    ("payload", "handler", "code"),
    [
        pytest.param(PAIR, two, None, id="two for two"),
        pytest.param(PAIR, two_with_sid, None, id="two after sid"),
        pytest.param(PAIR, two_with_injection, None, id="two beside an injected one"),
        pytest.param(PAIR, optional, None, id="defaults"),
        pytest.param(PAIR, anything, None, id="variadic"),
        pytest.param(TEXT, one, None, id="one for one"),
        pytest.param(None, one, None, id="unchecked payload"),
        pytest.param(PAIR, one, "ARITY", id="too many for one"),
        pytest.param(TEXT, two, "ARITY", id="too few for two"),
        pytest.param(LOOSE_PAIR, two, "ARITY", id="optional for required"),
        pytest.param(PAIR, unknown_injection, "HANDLER", id="unknown injection"),
        pytest.param(OPEN_PAIR, one, "ARITY", id="at least two for one"),
        pytest.param({"oneOf": [ONLY_ONE, OPEN_PAIR]}, one, "ARITY", id="a branch of at least two for one"),
        pytest.param({"oneOf": [ONLY_ONE, OPEN_PAIR]}, optional, None, id="branches for defaults"),
    ],
)
def test_arity_is_checked_against_the_schema(payload: Any, handler: Any, code: str | None) -> None:
    """Whatever the document accepts, the handler can take; anything else is told at start-up."""
    spec = document(root=channel(receives=[message("move", payload)]))
    if code is None:
        assert AsynctionSocketIO.from_spec(spec, handlers={"/": {"move": handler}}).spec is not None
        return
    with pytest.raises(BindingError) as found:
        AsynctionSocketIO.from_spec(spec, handlers={"/": {"move": handler}})
    assert [problem.code for problem in found.value.diagnostics] == [code]


async def test_an_open_tuple_warns_and_its_extra_arguments_are_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A draft-07 tuple is open unless it says otherwise; the handler's arity closes it."""
    spec = document(root=channel(receives=[message("move", OPEN_PAIR)]))

    async def move(number: int, side: str) -> None: ...

    server = AsynctionSocketIO.from_spec(spec, handlers={"/": {"move": move}})
    assert "additionalItems" in caplog.text
    with serve(server) as url:
        async with connected(url) as client:
            assert await client.call("move", 1, "a") is None
            assert (await client.call("move", 1, "a", 3))["error"]["code"] == "invalid_payload"


def test_a_parameter_of_the_address_is_keyword_only() -> None:
    """Taken by place, it is what the ARITY error names, with the signature to write."""

    def say(socket: Any, roomId: str, text: str) -> None: ...  # noqa: N803 - the document's name

    spec = document(**{"room/{roomId}": {**channel([message("say", TEXT)]), "parameters": {"roomId": {}}}})
    with pytest.raises(BindingError) as raised:
        AsynctionSocketIO.from_spec(spec, handlers={"/room/{roomId}": {"say": say}})
    (problem,) = raised.value.diagnostics
    assert problem.code == "ARITY"
    assert "'roomId' is a parameter of the address" in problem.message
    assert "(…, *, roomId)" in problem.message


def test_each_alternative_of_an_event_must_reach_its_handler() -> None:
    """An event declared twice is an error if all calls of one alternative are refused, an open one too."""

    def spec(*payloads: Any) -> dict[str, Any]:
        return document(root=channel(receives=[message("move", one, **{"x-ack": True}) for one in payloads]))

    with pytest.raises(BindingError) as found:
        AsynctionSocketIO.from_spec(spec(TEXT, OPEN_PAIR), handlers={"/": {"move": one}})
    (problem,) = found.value.diagnostics
    assert problem.code == "ARITY"
    assert "one takes 1, and 'move' carries 1 or more arguments" in problem.message
    assert (
        AsynctionSocketIO.from_spec(spec(TEXT, OPEN_PAIR), handlers={"/": {"move": optional}}).spec
        is not None
    )


@pytest.mark.parametrize("declared", [True, False], ids=["wildcard event", "catch-all"])
def test_a_wildcard_handler_takes_the_events_name_at_least(declared: bool) -> None:
    """Its first argument is always the name, so one that takes nothing is never called in vain."""
    spec = document(root=channel(receives=[message("*")] if declared else [message("move", TEXT)]))
    with pytest.raises(BindingError, match="event's name"):
        AsynctionSocketIO.from_spec(spec, handlers={"/": {"*": lambda: None}})
    assert AsynctionSocketIO.from_spec(spec, handlers={"/": {"*": lambda _event: None}}).spec is not None


def test_a_wildcard_event_counts_its_arguments_after_the_name() -> None:
    """The name is not among what the document counts."""
    spec = document(root=channel(receives=[message("*", OPEN_PAIR)]))
    with pytest.raises(BindingError, match="two takes 2, and '\\*' carries 2 or more arguments after the"):
        AsynctionSocketIO.from_spec(spec, handlers={"/": {"*": two}})
    assert (
        AsynctionSocketIO.from_spec(spec, handlers={"/": {"*": lambda _event, _number, _side: None}}).spec
        is not None
    )


async def test_a_catch_all_that_can_not_take_a_declared_event_is_reported_at_start_up() -> None:
    """Unless the event gets a handler of its own before; every call would be refused."""
    spec = document(root=channel(receives=[message("move", OPEN_PAIR, **{"x-ack": True})]))
    server = AsynctionSocketIO.from_spec(spec, handlers={"/": {"*": lambda _event, _data: None}})
    with pytest.raises(BindingError) as found:
        server.check_handlers()
    assert [problem.code for problem in found.value.diagnostics] == ["ARITY"]
    server.on("move", two)
    with serve(server) as url:
        async with connected(url) as client:
            assert await client.call("move", 1, "a") is None


@pytest.mark.parametrize(
    ("handlers", "words"),
    [
        pytest.param({"/": {"mvoe": one}}, "did you mean 'move'", id="misspelt event"),
        pytest.param({"/chta": {"move": one}}, "did you mean '/chat'", id="misspelt namespace"),
        pytest.param({"/": {"news": one}}, "the server emits it", id="event of the server"),
        pytest.param({"/": {"move": "shop..order"}}, "not a dotted path", id="no path"),
        pytest.param({"/": {"move": "order"}}, "does not name a module", id="no module named"),
        pytest.param({"/": {"move": 3}}, "can't be called", id="not callable"),
        pytest.param({"/": {"move": generator}}, "generator", id="generator"),
        pytest.param({"/": {"move": async_generator}}, "generator", id="async generator"),
        pytest.param({"/": {"connect": lambda a, b, c, d: None}}, "'d'", id="connect wants too much"),
        pytest.param({"/": {"error": lambda: None}}, "exception", id="error handler without parameter"),
    ],
)
def test_handlers_for_what_is_not_declared_are_refused(handlers: Any, words: str) -> None:
    """Code can't add events that the document does not have."""
    spec = document(
        root=channel(receives=[message("move", TEXT)], sends=[message("news", TEXT)]),
        chat=channel(sends=[message("news")]),
    )
    with pytest.raises(BindingError, match=words):
        AsynctionSocketIO.from_spec(spec, handlers=handlers)
    server = AsynctionSocketIO.from_spec(spec)
    namespace, events = next(iter(handlers.items()))
    event, handler = next(iter(events.items()))
    with pytest.raises(BindingError, match=words):
        server.on(event, handler, namespace=namespace)


async def test_a_handler_that_does_not_fit_replaces_nothing() -> None:
    """The one that was there goes on handling."""

    async def good(_: Any) -> str:
        return "good"

    spec = document(root=channel(receives=[message("move", TEXT, **{"x-ack": True})]))
    server = AsynctionSocketIO.from_spec(spec, handlers={"/": {"move": good}})
    with pytest.raises(BindingError):
        server.on("move", two)
    with serve(server) as url:
        async with connected(url) as client:
            assert await client.call("move", {"text": "x"}) == "good"


async def test_code_wins_over_the_document_and_decorators_over_both() -> None:
    """A handler given in code replaces the name in the document, which is then never imported."""
    spec = document(root=channel(receives=[named("nowhere.at.all"), named("nowhere.either", "second")]))

    async def given(_: Any) -> str:
        return "given"

    server = AsynctionSocketIO.from_spec(spec, handlers={"/": {"order": given, "second": given}})

    @server.on("second")
    async def second(_: Any) -> str:
        return "decorated"

    with serve(server) as url:
        async with connected(url) as client:
            assert await client.call("order", {"text": "x"}) == "given"
            assert await client.call("second", {"text": "x"}) == "decorated"
