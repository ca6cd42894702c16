"""Each log record is one line, whatever clients and documents put into it."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO
from asynction_asgi.cli.actions.log_config import LogOptions
from asynction_asgi.logs import EscapingLogger, get_logger
from tests.clients import connected
from tests.serving import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTILE = "x\nERROR:    forged\r\x1b[2J\u202egnp\u2028\x00\x9b\ud800"
FORBIDDEN = set(HOSTILE) - set("xERROR:    forged[2Jgnp\n")


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    """The output of the package's loggers in the format of `asynction-asgi run`."""
    config = LogOptions(form="text", events=False, refusals=False).config("info")["formatters"]["default"]
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    import uvicorn.logging

    handler.setFormatter(uvicorn.logging.DefaultFormatter(config["fmt"], use_colors=False))
    package = logging.getLogger("asynction_asgi")
    package.addHandler(handler)
    try:
        yield stream
    finally:
        package.removeHandler(handler)


def check(text: str, levels: list[str]) -> None:
    """Assert that `text` has one record per level, with all further lines indented."""
    lines = text.splitlines()
    assert [line.partition(":")[0] for line in lines if not line.startswith("  ")] == levels
    assert not FORBIDDEN & set(text)


def fail(text: str, count: int = 1) -> None:
    error = ValueError(text * count)
    error.add_note(text)
    raise error


@pytest.mark.parametrize("name", ["", "engine", "engine.upstream", "validation", "cli"])
@pytest.mark.parametrize("template", ["%s", "%r", HOSTILE.replace("\ud800", "") + "%s"])
def test_a_record_is_a_single_line(name: str, template: str, output: io.StringIO) -> None:
    """Line ends, escapes, bidirectional controls and half surrogate pairs are escaped as in Python."""
    get_logger(name).warning(template, HOSTILE)
    get_logger(name).error("%s", ValueError(HOSTILE))
    check(output.getvalue(), ["WARNING", "ERROR"])
    assert "\\n" in output.getvalue()


def test_a_traceback_is_indented(output: io.StringIO) -> None:
    """Messages, notes, causes and exception groups in a traceback are indented, too."""
    logger = get_logger()
    try:
        try:
            fail(HOSTILE)
        except ValueError as error:
            raise ExceptionGroup(HOSTILE, [error, KeyError(HOSTILE)]) from error
    except ExceptionGroup:
        logger.exception("%s failed", HOSTILE)
    check(output.getvalue(), ["ERROR"])
    assert "in test_a_traceback_is_indented" in output.getvalue()


def test_long_texts_are_truncated(output: io.StringIO) -> None:
    """A megabyte from a client takes a few kilobytes in the log, in a message or an exception."""
    logger = get_logger()
    try:
        fail("x" * 1_000_000)
    except ValueError:
        logger.exception("%s", "y" * 1_000_000)
    try:
        fail("x\n", 100_000)
    except ValueError:
        logger.exception("lines")
    assert len(output.getvalue()) < 30_000
    check(output.getvalue(), ["ERROR", "ERROR"])


def test_a_harmless_record_keeps_its_parts(caplog: pytest.LogCaptureFixture) -> None:
    """Error collectors group records by their template and read the exception itself."""
    error = ValueError("żółć")
    get_logger().error("%s of %d", "żółć", 7, exc_info=error)
    (record,) = caplog.records
    assert (record.msg, record.args) == ("%s of %d", ("żółć", 7))
    assert record.exc_info is not None
    assert record.exc_info[1] is error


class Unprintable:
    def __str__(self) -> str:
        raise LookupError("bug")


@pytest.mark.parametrize(
    ("template", "arguments"),
    [("%s and %s", ("one",)), ("%d", ("one",)), ("nothing", ("one",)), ("%s", (Unprintable(),))],
    ids=["too few", "wrong type", "too many", "raises"],
)
def test_a_wrong_log_call_raises_nothing(
    template: str, arguments: tuple[Any, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """The code that logs continues, and the line shows the template."""
    get_logger().warning(template, *arguments)
    EscapingLogger(logging.getLogger("mine"), {}).warning(template, *arguments)
    assert [record.getMessage() for record in caplog.records] == [
        f"{template} (the arguments do not fit)"
    ] * 2


def test_a_log_call_may_say_that_there_is_no_exception(output: io.StringIO) -> None:
    """By False, as with the package logging."""
    get_logger().error("alone", exc_info=False)
    check(output.getvalue(), ["ERROR"])


def test_a_user_supplied_logger_gets_escaped_lines(caplog: pytest.LogCaptureFixture) -> None:
    """Lines logged through our wrapper are escaped, and the application's own are unchanged."""
    mine = logging.getLogger("mine")
    EscapingLogger(mine, {}).warning("packet %s", HOSTILE)
    mine.warning("%s", "one\ntwo")
    assert [record.getMessage().count("\n") for record in caplog.records] == [0, 1]
    assert not FORBIDDEN & set(caplog.records[0].getMessage())


@pytest.mark.parametrize("wrap", [logging.Logger, logging.LoggerAdapter], ids=["logger", "adapter"])
def test_a_user_supplied_logger_gets_escaped_tracebacks(wrap: Any) -> None:
    """Tracebacks and fields are escaped, whichever way an exception is given, and handlers still receive it."""
    stream, records = io.StringIO(), list[logging.LogRecord]()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    mine = logging.Logger("mine")  # noqa: LOG001  # one that no other test knows
    mine.addHandler(handler)

    def keep(record: logging.LogRecord) -> bool:
        records.append(record)
        return True

    mine.addFilter(keep)
    logger = EscapingLogger(mine if wrap is logging.Logger else wrap(mine, {}), {})
    try:
        fail(HOSTILE)
    except ValueError as error:
        logger.exception("failed")
        for exc_info in (error, (type(error), error, None)):
            logger.log(logging.ERROR, "failed", exc_info=exc_info, extra={"event": HOSTILE})
    logger.error("alone", exc_info=False)
    logger.error("alone", exc_info=(None, None, None))
    check(stream.getvalue(), ["ERROR"] * 5)
    assert stream.getvalue().count("forged") == 6
    assert "\n" not in getattr(records[2], "event", "")
    if wrap is logging.Logger:
        assert isinstance((records[0].exc_info or (None, None))[1], ValueError)
        assert records[0].filename == "test_logs.py"


def test_a_logger_of_the_engine_gets_escaped_tracebacks() -> None:
    """What is given as ``engineio_logger`` receives no line that an exception's text begins."""
    stream = io.StringIO()
    mine = logging.Logger("mine")  # noqa: LOG001  # one that no other test knows
    mine.addHandler(logging.StreamHandler(stream))
    app = AsynctionSocketIO.from_spec(DOCUMENT, engineio_logger=mine, validation=False)
    try:
        fail(HOSTILE)
    except ValueError:
        app.server.eio.logger.exception("failed")
    assert not FORBIDDEN & set(stream.getvalue())
    assert [line for line in stream.getvalue().splitlines() if not line.startswith("  ")][-1:] == ["failed"]


DOCUMENT: dict[str, Any] = {
    "asyncapi": "2.6.0",
    "info": {"title": "Log", "version": "1"},
    "channels": {
        "/": {
            "publish": {
                "message": {
                    "oneOf": [
                        {
                            "name": "closed",
                            "x-ack": True,
                            "payload": {"type": "object", "additionalProperties": False},
                        },
                        {"name": "crash", "x-ack": True, "payload": {"type": "string"}},
                        {"name": "*", "x-ack": True, "payload": {"type": "string"}},
                    ]
                }
            }
        }
    },
}


async def test_a_client_cannot_forge_a_log_line(output: io.StringIO) -> None:
    """Names of events and members, and values in a handler's exception, are escaped."""
    text = HOSTILE.replace("\ud800", "")

    async def crash(text: str) -> None:
        raise LookupError(text)

    async def other(event: str, text: str) -> None:
        raise LookupError(event)

    async def closed(value: Any) -> None:
        """Accept any value."""

    server = AsynctionSocketIO.from_spec(
        DOCUMENT, handlers={"/": {"closed": closed, "crash": crash, "*": other}}, validation="warn"
    )
    with serve(server) as url:
        async with connected(url) as client:
            await client.call("closed", {text: 1})
            await client.call("crash", text)
            await client.call(text, 7)
            await client.call(text, text)
    check(output.getvalue(), ["WARNING", "ERROR", "WARNING", "ERROR", "ERROR"])
    assert output.getvalue().count("forged") >= 4
