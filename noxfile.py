"""What is run before a change lands; ``nox -s NAME`` runs one, ``nox`` the first three."""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
nox.options.sessions = ("lint", "types", "tests")
nox.options.default_venv_backend = "virtualenv"


@nox.session
def lint(session: nox.Session) -> None:
    session.install("ruff>=0.9")
    session.run("ruff", "check", "asynction_asgi", "tests", "benchmarks", "noxfile.py")
    session.run("ruff", "format", "--check", "asynction_asgi", "tests", "benchmarks", "noxfile.py")


@nox.session
def types(session: nox.Session) -> None:
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Skips, as nox does, the versions of Python that are not installed."""
    session.install("-e", ".[test]")
    session.run("pytest", "-n", "auto", *session.posargs)


@nox.session
def plain(session: nox.Session) -> None:
    """The suite without orjson and uvloop; its tables compare the other native packages with ours."""
    session.install("-e", ".[test]")
    session.run("pip", "uninstall", "--yes", "orjson", "uvloop")
    # asyncio sends head and body of an answer apart, and python-socketio's client then leaves a
    # connection of aiohttp to the garbage collector.
    unclosed = "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning"
    session.run("pytest", "-n", "auto", "-W", unclosed, *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    session.install("-e", ".[test]")
    session.run("pytest", "-n", "auto", "--cov", "--cov-report=term-missing", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """The pages in a real Chromium, which must be installed."""
    session.install("-e", ".[test]")
    session.run("pytest", "tests/demo", "tests/docs", *session.posargs, env={"CI": "true"})


@nox.session
def bench(session: nox.Session) -> None:
    session.install("-e", ".[test]")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def conformance(session: nox.Session) -> None:
    """The protocols' own suites, with Node: ``nox -s conformance -- CLONE...`` of their repositories."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "tests.wire.conformance", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Ten thousand connections that misbehave, and a look at what they left behind."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "benchmarks.soak", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Build the packages, install the wheel alone, and let it check the document that it carries."""
    session.install("build")
    output = Path(session.create_tmp()) / "dist"
    shutil.rmtree(output, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(output))
    session.install(*map(str, output.glob("*.whl")))
    find = "from asynction_asgi.demo import DOCUMENT; print(DOCUMENT)"
    with session.chdir(output):
        document = session.run("python", "-c", find, silent=True)
        session.run("asynction-asgi", "check", str(document).strip())
        session.run("asynction-asgi", "docs", "build", str(document).strip(), "-o", "site")
