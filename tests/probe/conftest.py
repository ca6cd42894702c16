"""Servers to test, and the command that tests them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from asynction_asgi.cli import main

from ..javascript import serving_js

if TYPE_CHECKING:
    from collections.abc import Iterator

AUCTION = Path(__file__).parent / "auction.yaml"


def report(url: str, *options: str, spec: Path | str = AUCTION, code: int | None = None) -> dict[str, Any]:
    """Return the report of a run as JSON."""
    result = CliRunner().invoke(main, ["test", url, "--spec", str(spec), "--format", "json", *options])
    assert result.exit_code in ({0, 1} if code is None else {code}), result.output
    body: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == bool(body["findings"])
    return body


def codes(body: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return code, event and keyword of each finding."""
    return [(finding["code"], finding["event"], finding["keyword"]) for finding in body["findings"]]


def pasted(line: str, environment: dict[str, str]) -> str:
    """Return what a line prints, after a shell has expanded it."""
    program, _, words = line.partition(" ")
    assert program == "asynction-asgi"
    expanded = subprocess.run(
        ["sh", "-c", f"printf '%s\\0' {words}"], env=environment, capture_output=True, text=True, check=True
    )
    return CliRunner().invoke(main, expanded.stdout.split("\0")[:-1]).output


@pytest.fixture(scope="session")
def auction(node_modules: Path) -> Iterator[str]:
    """The address of the auction on Node.js."""
    with serving_js(node_modules, "auction.cjs") as url:
        yield url
