"""Handlers named in the document, passed in code or decorated; mistakes are reported with their place."""

from __future__ import annotations

import importlib
import sys
import textwrap
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from asynction_asgi import AsynctionSocketIO, BindingError, SpecError
from asynction_asgi.mock import MockAsynctionSocketIO
from asynction_asgi.testing import TestServer
from tests.cases import each_case
from tests.clients import connected
from tests.server.documents import PAIR, TEXT, channel, document, message
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


@pytest.fixture
def handlers_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package of handlers that can be imported during the test."""
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
    (package / "lazy.py").write_text(
        textwrap.dedent(
            """
            async def late(data):
                return "made when it is asked for"

            def __getattr__(name):
                if name == "order":
                    return late
                raise RuntimeError("no settings")
            """
        )
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "shop.handlers"
    for name in [module for module in sys.modules if module.split(".")[0] == "shop"]:
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
        pytest.param("shop.lazy:order", "made when it is asked for", id="function of a lazy module"),
    ],
)
@pytest.mark.usefixtures("handlers_module")
async def test_dotted_paths_name_functions_and_methods(path: str, answer: Any) -> None:
    """A method's class is instantiated once for all its handlers."""
    spec = document(root=channel(receives=[named(path), named("shop.handlers:Desk.ask", "another")]))
    with serve(AsynctionSocketIO.from_spec(spec)) as url:
        async with connected(url) as client:
            assert await client.call("order", {"text": "hi"}) == answer
            assert await client.call("another", {"text": "hi"}) == ["instance", 1]


@pytest.mark.usefixtures("handlers_module")
async def test_a_module_in_a_package_with_handlers_is_found(tmp_path: Path) -> None:
    """Also after the package was imported for another path, which makes it an attribute of its parent."""
    package = tmp_path / "shop" / "desk"
    package.mkdir()
    for name in ("__init__", "more"):
        (package / f"{name}.py").write_text(f"async def order(data):\n    return {name!r}\n", "utf-8")
    paths = [named("shop.desk.order"), named("shop.desk.more.order", "another")]
    with serve(AsynctionSocketIO.from_spec(document(root=channel(receives=paths)))) as url:
        async with connected(url) as client:
            assert await client.call("order", {"text": "hi"}) == "__init__"
            assert await client.call("another", {"text": "hi"}) == "more"


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
        pytest.param(
            "shop.lazy:other",
            "'other' of module 'shop.lazy' failed: RuntimeError: no settings",
            id="lazy module",
        ),
    ],
)
@pytest.mark.usefixtures("handlers_module")
def test_a_wrong_path_is_reported(path: str, words: str) -> None:
    """The diagnostic says which part of the path does not exist."""
    with pytest.raises(BindingError) as raised:
        AsynctionSocketIO.from_spec(document(root=channel(receives=[named(path)])))
    (problem,) = raised.value.diagnostics
    assert problem.code == "HANDLER"
    assert words in problem.message


@pytest.mark.usefixtures("handlers_module")
def test_a_failing_module_is_imported_once(capsys: pytest.CaptureFixture[str]) -> None:
    """A failing module runs once for all its handlers, and the first report names the line."""
    spec = document(root=channel(receives=[named("shop.loud.one", "one"), named("shop.loud.two", "two")]))
    with pytest.raises(BindingError) as raised:
        AsynctionSocketIO.from_spec(spec)
    first, second = raised.value.diagnostics
    assert "loud.py:2" in first.message
    assert "as reported for another handler" in second.message
    assert capsys.readouterr().out == "loud\n"


@pytest.mark.usefixtures("handlers_module")
def test_a_handler_for_a_server_event_warns(caplog: pytest.LogCaptureFixture) -> None:
    """The warning says that it is never called, a wrong path is reported too, and a mock imports neither."""
    spec = document(root=channel(sends=[named("shop.handlers.order"), named("shop.handlers.ordre", "other")]))
    AsynctionSocketIO.from_spec(spec)
    messages = [record.getMessage() for record in caplog.records]
    assert [message.count("is never called: the server emits") for message in messages] == [1, 1, 0]
    assert "did you mean 'publish'?" in messages[0]
    assert "did you mean 'order'?" in messages[2]
    caplog.clear()
    MockAsynctionSocketIO.from_spec(document(root=channel(sends=[named("shop.loud.one")])))
    assert "shop.loud" not in sys.modules
    assert [record.getMessage().count("is never called") for record in caplog.records] == [1]


def test_on_requires_a_name() -> None:
    """A decorator without parentheses raises instead of losing the handler."""
    server = AsynctionSocketIO.from_spec(document(root=channel(receives=[message("move", TEXT)])))
    with pytest.raises(TypeError, match="name"):
        server.on(one)  # type: ignore[call-overload]  # the point of the test


@pytest.mark.usefixtures("handlers_module")
def test_all_problems_are_reported_together_with_their_place(tmp_path: Path) -> None:
    """A single error lists every handler with the file, line and column of its name."""
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
    with pytest.raises(BindingError) as raised:
        AsynctionSocketIO.from_spec(path)
    assert [(diagnostic.code, diagnostic.line) for diagnostic in raised.value.diagnostics] == [
        ("HANDLER", 6),
        ("HANDLER", 11),
        ("ARITY", 13),
    ]
    assert f"{path}:6:" in str(raised.value)


@pytest.mark.usefixtures("handlers_module")
def test_document_errors_do_not_hide_handler_errors(tmp_path: Path) -> None:
    """A single SpecError holds the errors of document, handlers, security and options in document order."""
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
    with pytest.raises(SpecError) as raised:
        AsynctionSocketIO.from_spec(
            path, handlers={"/": {"three": two}}, default_error_handler=lambda: None, mock=None
        )
    problems = [(problem.severity, problem.code, problem.line) for problem in raised.value.diagnostics]
    lines = [problem[2] or 0 for problem in problems]
    assert lines == sorted(lines)
    for expected in (
        ("error", "HANDLER", 1),  # the default error handler
        ("error", "SECURITY_SHAPE", 3),  # digest can't be checked
        ("error", "UNKNOWN_FIELD", 6),
        ("error", "SCHEMA", 10),
        ("error", "ARITY", 11),
        ("error", "ARITY", 12),  # the handler given in code
        ("error", "DUPLICATE_EVENT", 13),
        ("warning", "HANDLER", 13),  # of the omitted declaration
        ("error", "ADDRESS", 14),
        ("error", "HANDLER", 15),
        ("error", "SCHEMA", 16),
        ("error", "HANDLER", 19),
    ):
        assert expected in problems, expected
    assert "'missing'" in str(raised.value)


def test_misshapen_handlers_are_refused() -> None:
    """The TypeError is the same whether or not the document has errors."""
    for spec in (document(root=channel([message("say")])), document(root={"pubish": {}})):
        with pytest.raises(TypeError, match="by namespace and event"):
            AsynctionSocketIO.from_spec(spec, handlers={"say": anything})  # type: ignore[dict-item]  # refused


def test_document_errors_do_not_hide_unmockable_events() -> None:
    """A mock, and an application that mocks missing handlers, report both kinds of errors."""
    unsatisfiable = {"allOf": [{"type": "string"}, {"type": "integer"}]}
    spec = document(
        root=channel(receives=[message("a", TEXT, **{"x-ack": unsatisfiable})], sends=[message("connect")])
    )
    for make in (partial(AsynctionSocketIO.from_spec, mock="missing"), MockAsynctionSocketIO.from_spec):
        with pytest.raises(SpecError) as raised:
            make(spec)
        assert {"RESERVED_EVENT", "UNSATISFIABLE"} <= {
            diagnostic.code for diagnostic in raised.value.diagnostics
        }


def test_all_binding_errors_are_reported_together() -> None:
    """A single BindingError holds errors of handlers, the default error handler and security."""
    not_callable: Any = 3
    with pytest.raises(BindingError) as raised:
        AsynctionSocketIO.from_spec(
            document(root=channel(receives=[message("move", TEXT)])),
            handlers={"/": {"move": not_callable}},
            security_handlers={"nobody": lambda: None},
            default_error_handler=lambda: None,
        )
    assert len(raised.value.diagnostics) == 3


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


@each_case(
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
    """The handler must accept all arguments that the document accepts, or start-up fails."""
    spec = document(root=channel(receives=[message("move", payload)]))
    if code is None:
        assert AsynctionSocketIO.from_spec(spec, handlers={"/": {"move": handler}}).spec is not None
        return
    with pytest.raises(BindingError) as raised:
        AsynctionSocketIO.from_spec(spec, handlers={"/": {"move": handler}})
    assert [problem.code for problem in raised.value.diagnostics] == [code]


async def test_an_open_tuple_warns_and_refuses_extras(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An open draft-07 tuple warns, and arguments that the handler cannot accept are refused."""
    spec = document(root=channel(receives=[message("move", OPEN_PAIR)]))

    async def move(number: int, side: str) -> None: ...

    server = AsynctionSocketIO.from_spec(spec, handlers={"/": {"move": move}})
    assert "additionalItems" in caplog.text
    with serve(server) as url:
        async with connected(url) as client:
            assert await client.call("move", 1, "a") is None
            assert (await client.call("move", 1, "a", 3))["error"]["code"] == "invalid_payload"


def test_a_parameter_of_the_address_is_keyword_only() -> None:
    """A positional parameter of the address is an ARITY error that shows the signature to write."""

    def say(socket: Any, roomId: str, text: str) -> None: ...  # noqa: N803  # the document's name

    spec = document(**{"room/{roomId}": {**channel([message("say", TEXT)]), "parameters": {"roomId": {}}}})
    with pytest.raises(BindingError) as raised:
        AsynctionSocketIO.from_spec(spec, handlers={"/room/{roomId}": {"say": say}})
    (problem,) = raised.value.diagnostics
    assert problem.code == "ARITY"
    assert "'roomId' is a parameter of the address" in problem.message
    assert "(…, *, roomId)" in problem.message


def test_every_alternative_must_reach_its_handler() -> None:
    """An event declared twice is an error if the handler accepts no call of one alternative."""

    def spec(*payloads: Any) -> dict[str, Any]:
        return document(
            root=channel(receives=[message("move", payload, **{"x-ack": True}) for payload in payloads])
        )

    with pytest.raises(BindingError) as raised:
        AsynctionSocketIO.from_spec(spec(TEXT, OPEN_PAIR), handlers={"/": {"move": one}})
    (problem,) = raised.value.diagnostics
    assert problem.code == "ARITY"
    assert "one takes 1, and 'move' carries 1 or more arguments" in problem.message
    assert (
        AsynctionSocketIO.from_spec(spec(TEXT, OPEN_PAIR), handlers={"/": {"move": optional}}).spec
        is not None
    )


@pytest.mark.parametrize("declared", [True, False], ids=["wildcard event", "catch-all"])
def test_a_wildcard_handler_takes_the_events_name(declared: bool) -> None:
    """A wildcard handler without parameters is an error, as its first argument is the event's name."""
    spec = document(root=channel(receives=[message("*")] if declared else [message("move", TEXT)]))
    with pytest.raises(BindingError, match="event's name"):
        AsynctionSocketIO.from_spec(spec, handlers={"/": {"*": lambda: None}})
    assert AsynctionSocketIO.from_spec(spec, handlers={"/": {"*": lambda _event: None}}).spec is not None


def test_a_wildcards_arguments_follow_the_name() -> None:
    """The event's name does not count as one of the document's arguments."""
    spec = document(root=channel(receives=[message("*", OPEN_PAIR)]))
    with pytest.raises(BindingError, match="two takes 2, and '\\*' carries 2 or more arguments after the"):
        AsynctionSocketIO.from_spec(spec, handlers={"/": {"*": two}})
    assert (
        AsynctionSocketIO.from_spec(spec, handlers={"/": {"*": lambda _event, _number, _side: None}}).spec
        is not None
    )


async def test_a_catch_all_must_accept_declared_events() -> None:
    """A catch-all that cannot accept a declared event is an error unless the event has its own handler."""
    spec = document(root=channel(receives=[message("move", OPEN_PAIR, **{"x-ack": True})]))
    server = AsynctionSocketIO.from_spec(spec, handlers={"/": {"*": lambda _event, _data: None}})
    with pytest.raises(BindingError) as raised:
        server.check_handlers()
    assert [problem.code for problem in raised.value.diagnostics] == ["ARITY"]
    server.on("move", two)
    with serve(server) as url:
        async with connected(url) as client:
            assert await client.call("move", 1, "a") is None


@each_case(
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
def test_unusable_handlers_are_refused(handlers: Any, words: str) -> None:
    """Handlers for undeclared events, or with an unusable signature, are errors in both ways to pass them."""
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


async def test_a_refused_handler_replaces_nothing() -> None:
    """After the error the earlier handler still serves the event."""

    async def good(_: Any) -> str:
        return "good"

    spec = document(root=channel(receives=[message("move", TEXT, **{"x-ack": True})]))
    server = AsynctionSocketIO.from_spec(spec, handlers={"/": {"move": good}})
    with pytest.raises(BindingError):
        server.on("move", two)
    with serve(server) as url:
        async with connected(url) as client:
            assert await client.call("move", {"text": "x"}) == "good"


async def test_code_precedes_the_document_and_decorators_both() -> None:
    """A handler passed in code replaces the document's, which is not imported, and a decorator both."""
    spec = document(root=channel(receives=[named("nowhere.at.all"), named("nowhere.either", "second")]))

    async def passed(_: Any) -> str:
        return "passed"

    server = AsynctionSocketIO.from_spec(spec, handlers={"/": {"order": passed, "second": passed}})

    @server.on("second")
    async def second(_: Any) -> str:
        return "decorated"

    with serve(server) as url:
        async with connected(url) as client:
            assert await client.call("order", {"text": "x"}) == "passed"
            assert await client.call("second", {"text": "x"}) == "decorated"


@pytest.fixture
def circular(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A module whose handlers import the application that names them; yields its name."""
    (tmp_path / "shop_desk.py").write_text(
        textwrap.dedent(
            """
            from asynction_asgi import AsynctionSocketIO
            from shop_spec import SPEC, OPTIONS

            app = AsynctionSocketIO.from_spec(SPEC, **OPTIONS)

            async def order(data):
                return data["text"] + str(app is not None)
            """
        )
    )
    (tmp_path / "shop_spec.py").write_text(
        f"SPEC = {document(root=channel(receives=[named('shop_desk.order'), named('nowhere.it', 'spare')]))!r}\n"
        "OPTIONS = {}\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "shop_desk"
    for name in [one for one in sys.modules if one.startswith("shop_")]:
        del sys.modules[name]


def options_of(circular: str, **options: Any) -> Any:
    importlib.import_module("shop_spec").OPTIONS.update(options)
    return importlib.import_module(circular)


def test_a_circular_import_is_named(circular: str) -> None:
    """With what to do about it."""
    with pytest.raises(BindingError, match=r"'shop_desk' is still being imported.* bind=.start."):
        options_of(circular)


async def test_binding_at_the_start_breaks_the_circle(circular: str) -> None:
    """Handlers of code come before those of the document, whenever they were given."""
    module = options_of(circular, bind="start")

    async def spare(data: Any) -> Any:
        return "spare"

    module.app.on("spare", spare)
    with serve(module.app) as url:
        async with connected(url) as client:
            assert await client.call("order", {"text": "hi "}) == "hi True"
            assert await client.call("spare", {"text": "hi"}) == "spare"


async def test_a_test_server_binds(circular: str) -> None:
    """Through the lifespan, or at the first request without one."""
    module = options_of(circular, bind="start", handlers={"/": {"spare": lambda data: None}})
    async with TestServer(module.app) as server, server.connect() as client:
        assert await client.call("order", {"text": "hi "}) == "hi True"
    module.app.bind()


def test_what_cannot_be_bound_at_the_start_stops_it(circular: str) -> None:
    """Each time with the same error."""
    app = options_of(circular, bind="start").app
    for check in (app.bind, app.check_handlers, app.bind):
        with pytest.raises(BindingError, match="there is no module 'nowhere'"):
            check()


async def test_without_a_lifespan_a_failed_start_answers_503(
    circular: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says why, once; the documentation is served."""
    app = options_of(circular, bind="start").app
    with serve(app, lifespan="off") as url:
        statuses = [
            httpx.get(f"{url}{path}").status_code
            for path in ("/socket.io/?EIO=4&transport=polling", "/socket.io/", "/docs")
        ]
    assert statuses == [503, 503, 200]
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == 1
    assert "there is no module 'nowhere'" in errors[0]


class Unreadable:
    """A handler whose signature can't be read, by an error of its own."""

    @property
    def __signature__(self) -> Any:
        raise LookupError("no signature today")

    async def __call__(self, data: Any) -> None: ...


async def test_no_error_leaves_a_first_start_half_done(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever its class: all requests get 503, the application is not ready, and the log has the error once."""
    spec = document(root=channel(receives=[message("order", TEXT)]))
    app = AsynctionSocketIO.from_spec(spec, bind="start", handlers={"/": {"order": Unreadable()}})
    with serve(app, lifespan="off") as url:
        path = f"{url}/socket.io/?EIO=4&transport=polling"
        assert [httpx.get(path).status_code for _ in range(2)] == [503, 503]
    assert not app.ready
    (error,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert error.exc_info is not None
    assert isinstance(error.exc_info[1], LookupError)


async def test_requests_after_a_failed_start_are_not_served(circular: str) -> None:
    """Where a server goes on after the lifespan has failed."""
    app = options_of(circular, bind="start").app
    with pytest.raises(BindingError):
        async with app.lifespan():
            pass
    with serve(app, lifespan="off") as url:
        assert httpx.get(f"{url}/socket.io/?EIO=4&transport=polling").status_code == 503


def test_bind_has_two_values() -> None:
    """Others are refused."""
    with pytest.raises(ValueError, match='bind must be "now" or "start"'):
        AsynctionSocketIO.from_spec(document(root=channel()), bind="later")  # type: ignore[arg-type]  # on purpose
