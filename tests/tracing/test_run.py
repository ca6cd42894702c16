"""``run --tracing`` under OpenTelemetry's own command, which sets the global provider."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.clients import connected
from tests.server.documents import channel, document, message

if TYPE_CHECKING:
    from asyncio.subprocess import Process


async def _url_of(process: Process) -> str:
    assert process.stderr is not None
    log = ""
    while (match := re.search(r"running on (http://\S+)", log)) is None:
        line = (await process.stderr.readline()).decode()
        assert line, log
        log += line
    return match[1]


async def test_spans_go_to_the_global_provider(tmp_path: Path) -> None:
    """Nothing but the flag is needed, and they are written before the process ends."""
    (tmp_path / "spec.json").write_text(json.dumps(document(root=channel([message("say")]))), "utf-8")
    command = shutil.which("opentelemetry-instrument", path=str(Path(sys.executable).parent))
    assert command is not None
    arguments = ["--traces_exporter", "console", "--metrics_exporter", "none", "--logs_exporter", "none"]
    run = [sys.executable, "-m", "asynction_asgi", "run", "spec.json", "--port", "0", "--tracing"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(command, *arguments, *run, "--mock", "missing"),
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=pipe,
        stderr=pipe,
    )
    try:
        async with connected(await _url_of(process)) as client:
            await client.call("say", 1)
        process.send_signal(signal.SIGTERM)
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    names = re.findall(r'^    "name": "(.*)"', output.decode(), re.MULTILINE)
    assert sorted(names) == ["connect /", "process disconnect /", "process say /"]
