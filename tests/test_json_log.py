"""Records as JSON: one line each, with what is known of their event."""

from __future__ import annotations

import io
import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, use_span

from asynction_asgi.json_log import JsonFormatter
from asynction_asgi.logs import get_logger

from .test_logs import HOSTILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Read = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def read() -> Iterator[Read]:
    """Return the objects that were logged by this package's loggers and by another one."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    loggers = [logging.getLogger("asynction_asgi"), logging.getLogger("other")]
    for logger in loggers:
        logger.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    for logger in loggers:
        logger.removeHandler(handler)
    assert stream.getvalue().isascii()


def test_a_record_is_an_object(read: Read) -> None:
    """It has the time in UTC, the level, the logger, the message and the known fields."""
    extra = {"namespace": "/", "event": "say", "sid": "x", "code": "forbidden", "unknown": 1, "ref": None}
    get_logger("access").warning("refused %r", "say", extra=extra)
    (entry,) = read()
    time = datetime.strptime(entry.pop("time"), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert abs(time.timestamp() - datetime.now(UTC).timestamp()) < 3600
    assert entry == {
        "level": "WARNING",
        "logger": "asynction_asgi.access",
        "message": "refused 'say'",
        "namespace": "/",
        "event": "say",
        "sid": "x",
        "code": "forbidden",
        "unknown": 1,
    }


def test_extra_fields_are_members(read: Read) -> None:
    """Values stay what they are where JSON has them, and no field replaces a member of the formatter's own."""
    loop: list[Any] = []
    loop.append(loop)

    class Silent:
        def __str__(self) -> str:
            raise RuntimeError

    extra = {
        "request": {"id": [1, 2.5, True], "path": PurePosixPath("/a")},
        "path": PurePosixPath("/a"),
        "ratio": float("nan"),
        "loop": loop,
        "broken": Silent(),
        "absent": None,
        "code": float("nan"),
        "reason": loop,
        "event": {(1, 2): 3},
        "level": "forged",
        "exception": "forged",
        "color_message": "\x1b[31mred",
    }
    logging.getLogger("other").warning("hello", extra=extra)
    (entry,) = read()
    del entry["time"]
    assert entry == {
        "level": "WARNING",
        "logger": "other",
        "message": "hello",
        "request": {"id": [1, 2.5, True], "path": "/a"},
        "path": "/a",
        "ratio": "nan",
        "loop": "[[...]]",
        "broken": "(Silent has no text)",
        "code": "nan",
        "reason": "[[...]]",
        "event": "{(1, 2): 3}",
        "extra_level": "forged",
        "extra_exception": "forged",
    }


@pytest.mark.parametrize("name", ["asynction_asgi.engine", "other"])
def test_nothing_makes_a_second_line(name: str, read: Read) -> None:
    """Line ends in messages, fields and exceptions are escaped, also of other packages' loggers."""
    hostile = HOSTILE.replace("\ud800", "")  # which pytest captures, and pytest-xdist can't send
    try:
        raise ValueError(hostile)
    except ValueError:
        logging.getLogger(name).exception(
            "%s", hostile, extra={"event": hostile, "request": hostile, hostile: 1}, stack_info=True
        )
    (entry,) = read()
    assert "ValueError" in entry["exception"]
    assert "forged" in entry["event"]
    assert entry["request"] == hostile
    assert "test_nothing" in entry["stack"]


def test_surrogates_are_escaped() -> None:
    """Half of a pair, which no encoding of a file takes."""
    line = JsonFormatter().format(logging.makeLogRecord({"msg": HOSTILE, "event": HOSTILE}))
    assert line.isascii()
    assert json.loads(line)["message"] == HOSTILE


def test_fields_are_escaped_for_all_formatters() -> None:
    """A field that a user's own format shows can't begin a line either, and is bounded."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(event)s"))
    logger = get_logger("access")
    logger.addHandler(handler)
    try:
        logger.warning("refused", extra={"event": HOSTILE * 1000})
    finally:
        logger.removeHandler(handler)
    assert stream.getvalue().count("\n") == 1
    assert len(stream.getvalue()) < 20_000


def test_a_record_within_a_span_names_it(read: Read) -> None:
    """The ids are those of OpenTelemetry, in hexadecimal; outside of spans there are none."""
    logger = get_logger("access")
    with use_span(NonRecordingSpan(SpanContext(trace_id=0xABC, span_id=0xD, is_remote=False))):
        logger.warning("inside")
    logger.warning("outside")
    inside, outside = read()
    assert (inside["trace_id"], inside["span_id"]) == ("abc".zfill(32), "d".zfill(16))
    assert "trace_id" not in outside


def test_a_record_needs_no_open_telemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package, records have no ids of traces."""
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", None)
    formatter = JsonFormatter()
    record = logging.LogRecord("x", logging.INFO, "", 0, "hi", (), None)
    assert "trace_id" not in json.loads(formatter.format(record))
