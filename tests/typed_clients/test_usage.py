"""A front end that uses the module: what its compiler says, and what a real server answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi import AsynctionSocketIO
from asynction_asgi.spec import load_spec
from asynction_asgi.typed_clients import write_typescript

from ..serving import serve
from .compiling import COMPILERS, errors, prepare, run

if TYPE_CHECKING:
    from asynction_asgi import Socket

HERE = Path(__file__).parent
DESK = HERE / "desk.yaml"


@pytest.fixture
def module() -> str:
    """The desk's client module."""
    return write_typescript(load_spec(DESK)).text


@pytest.mark.parametrize("compiler", COMPILERS)
def test_users_get_the_types_that_the_contract_means(
    compiler: str, module: str, tmp_path: Path, node_modules: Path
) -> None:
    """Right uses compile, each wrong one is an error on its line, and inferred types are exact."""
    files = {"support-desk.ts": module, "usage.ts": (HERE / "usage.ts").read_text("utf-8")}
    prepare(tmp_path, files, node_modules)
    assert errors(tmp_path, compiler) == {}
    (tmp_path / "usage.ts").write_text("const wrong: string = 1;\n")
    assert list(errors(tmp_path, compiler)) == [("usage.ts", 1)]


def test_the_module_works_against_a_real_server(module: str, tmp_path: Path, node_modules: Path) -> None:
    """Answers and refusals arrive by promise, timeout and callback; so do bytes and a dynamic namespace."""
    app = AsynctionSocketIO.from_spec(DESK)

    @app.on("open ticket")
    async def open_ticket(socket: Socket, ticket: Any) -> int:
        await socket.emit("opened", ticket)
        assert await socket.call("sure", "really?") is True
        return 7

    @app.on("both")
    async def both(text: str) -> tuple[str, None]:
        return text, None

    @app.on("move")
    async def move(number: int, way: str | None = None) -> None:
        assert (number, way) == (1, None)

    @app.on("attach")
    async def attach(socket: Socket, attachment: Any) -> int:
        await socket.emit("file", attachment["file"])
        return len(attachment["file"])

    @app.on("tick")
    async def tick() -> None:
        pass

    @app.on("vague")
    async def vague(text: str) -> dict[str, str]:
        return {"text": text}

    @app.on("say", namespace="/rooms/{roomId}")
    async def say(text: str, *, roomId: str) -> str:  # noqa: N803  # the document's name
        return f"{roomId}: {text}"

    files = {"support-desk.ts": module, "session.ts": (HERE / "session.ts").read_text("utf-8")}
    prepare(tmp_path, files, node_modules)
    assert errors(tmp_path, "typescript", emit=True) == {}
    with serve(app) as url:
        heard: dict[str, Any] = {}
        wrong = []
        for line in run(tmp_path, "session.js", url):
            if "wrong" in line or "namespace" in line:
                wrong.append(line)
            else:
                heard |= line
    too_short = {"pointer": "/0/title", "keyword": "minLength"}
    details = heard["thrown"][1]
    assert heard["refused"] == "invalid_handshake"
    assert heard["other"] is None
    assert (heard["promise"], heard["opened"]) == (7, {"title": "It burns"})
    assert heard["thrown"][0] == "invalid_payload"
    assert [{key: detail[key] for key in too_short} for detail in details] == [too_short]
    assert heard["callback"] == ["a", None]
    assert heard["unasked"] is None
    assert (heard["attached"], heard["file"]) == (3, 3)
    assert heard["exception"]["event"] == "open ticket"
    assert (heard["said"], heard["refusal"]) == ("7: hello", True)
    assert wrong == [{"wrong": True}] * 5


def test_an_ack_that_accepts_refusals_is_warned_of(module: str) -> None:
    """The compiled ack decides, and the comment above the event says so to front ends."""
    (warning,) = write_typescript(load_spec(DESK)).warnings
    assert "'vague'" in warning
    assert "additionalProperties: false" in warning
    above = module.partition("  vague: ")[0].rpartition("/**")[2]
    assert "can't tell them apart" in " ".join(above.replace("*", "").split())
