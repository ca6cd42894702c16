"""The documentation's pictures, made from the running product: ``nox -s pictures``."""

from __future__ import annotations

import io
import os
import pty
import re
import shlex
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import socketio
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.text import Text

from asynction_asgi import AsynctionSocketIO
from asynction_asgi.demo import DOCUMENT as CHAT
from docs.graphs import draw_graphs
from tests.diff.repository import Repository
from tests.pages import block
from tests.serving import serve
from tests.tools import find_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

PICTURES = Path(__file__).parent / "pictures"
DOCUMENT = block("yaml", "A complete example")
COLUMNS = 110
# As rich writes it, but with fonts of the reader's machine: a picture loads nothing.
SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: {char_height}px;
line-height: {line_height}px}}
.{unique_id}-title {{font-size: 18px; font-weight: bold; font-family: sans-serif}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def main() -> None:
    """Write all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        terminals(Path(folder))
    pages()
    draw_graphs(PICTURES / "dashboard.svg")


def terminals(folder: Path) -> None:
    """Draw what the commands of the guides print on a terminal."""
    document = folder / "chat.yaml"
    Repository(folder).commit({"chat.yaml": DOCUMENT})
    document.write_text(DOCUMENT.replace("minLength: 1", "minLength: one"), "utf-8")
    terminal("check", block("bash", "Diagnostic codes"), folder)
    document.write_text(DOCUMENT.replace("minLength: 1", "minLength: 2"), "utf-8")
    terminal("diff", block("bash", "Comparing two versions"), folder)
    document.write_text(DOCUMENT, "utf-8")
    shown = block("bash", "Testing a running server")
    with forgetful() as url:
        terminal("test", shown, folder, **{"http://127.0.0.1:5000": url})


def terminal(name: str, command: str, folder: Path, **addresses: str) -> None:
    """Run a command on a terminal and draw it; `addresses` are those that are shown, and the real ones."""
    real = command
    for shown, address in addresses.items():
        real = real.replace(shown, address)
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    subprocess.run(
        [sys.executable, "-m", "asynction_asgi", *shlex.split(real)[1:]],
        cwd=folder,
        env=environment,
        stdout=theirs,
        stderr=subprocess.DEVNULL,  # where progress is shown
        check=False,
    )
    os.close(theirs)
    output = read_all(ours).replace("\r", "")
    for shown, address in addresses.items():
        output = output.replace(address, shown)
    console = Console(record=True, width=COLUMNS, file=io.StringIO())
    console.print(f"[bold green]$[/] {command.strip()}", highlight=False)
    console.print(Text.from_ansi(output), highlight=False)
    picture = console.export_svg(title="", code_format=SVG, unique_id=name)
    (PICTURES / f"{name}.svg").write_text(re.sub(r"[ \t]+$", "", picture, flags=re.MULTILINE), "utf-8")


def read_all(file: int) -> str:
    """Return what was written to a terminal whose other end is closed."""
    pieces = []
    try:
        while piece := os.read(file, 65536):
            pieces.append(piece)
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(file)
    return b"".join(pieces).decode()


@contextmanager
def forgetful() -> Iterator[str]:
    """Serve the complete example without its `minLength`."""
    sio = socketio.AsyncServer(async_mode="asgi")

    async def handle(_: str, __: str, *values: Any) -> Any:
        if len(values) == 1 and isinstance(values[0], str) and len(values[0]) <= 500:
            return len(values[0])
        return {"error": {"code": "invalid_payload", "message": ""}}

    sio.on("*", handle)
    with serve(socketio.ASGIApp(sio)) as url:
        yield url


def pages() -> None:
    """Photograph the documentation page of the demo's chat, light and dark, and its console."""
    with ExitStack() as stack:
        url = stack.enter_context(serve(AsynctionSocketIO.from_spec(CHAT)))
        playwright = stack.enter_context(sync_playwright())
        chromium = playwright.chromium.launch(executable_path=find_program("chromium"), args=["--no-sandbox"])
        stack.callback(chromium.close)
        for scheme in ("light", "dark"):
            page = chromium.new_page(viewport={"width": 1100, "height": 700}, color_scheme=scheme)
            page.goto(f"{url}/docs")
            page.screenshot(path=PICTURES / f"page-{scheme}.png")
            if scheme == "light":
                use_console(page)
                page.screenshot(path=PICTURES / "console.png")


def use_console(page: Page) -> None:
    """Connect, take a name, and send a message that is refused."""
    page.get_by_role("button", name="Console", exact=True).click()
    panel = page.get_by_role("complementary", name="Console")
    panel.get_by_role("button", name="Connect", exact=True).click()
    for event, arguments in (("add user", '["Ada"]'), ("new message", '[""]')):
        panel.get_by_label("Event", exact=True).select_option(event)
        panel.get_by_label("Arguments, a JSON array").fill(arguments)
        panel.get_by_role("button", name="Send").click()
    newest = panel.get_by_text("invalid_payload").first
    newest.wait_for()
    panel.get_by_role("log").scroll_into_view_if_needed()
    page.evaluate("window.scrollTo(0, 0)")  # the page itself, whose head scrolled away as well


if __name__ == "__main__":
    main()
