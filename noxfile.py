"""What is run before a change lands; ``nox -s NAME`` runs one, ``nox`` the first three."""

from __future__ import annotations

import shutil
from pathlib import Path

import nox
from nox.command import CommandFailed

SOURCES = ("asynction_asgi", "tests", "benchmarks", "docs", "noxfile.py")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
STRICTLY = ("-n", "-W", "--keep-going", "-q")
nox.options.sessions = ("lint", "types", "tests")
nox.options.default_venv_backend = "virtualenv"


@nox.session
def lint(session: nox.Session) -> None:
    session.install("ruff>=0.9")
    session.run("ruff", "check", *SOURCES)
    session.run("ruff", "format", "--check", *SOURCES)


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
    """Run the suite without orjson and uvloop; its tables compare the other native packages with ours."""
    session.install("-e", ".[test]")
    session.run("pip", "uninstall", "--yes", "orjson", "uvloop")
    # asyncio sends head and body of an answer apart, and python-socketio's client then leaves a
    # connection of aiohttp to the garbage collector.
    unclosed = "ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning"
    session.run("pytest", "-n", "auto", "-W", unclosed, *session.posargs)


# What meets the releases of others most closely: the engine, and what subclasses uvicorn's server and supervisors.
MEETING = (
    "tests/engine",
    "tests/server/test_uvicorn.py",
    *(f"tests/cli/test_{name}.py" for name in ("run", "drain", "reload", "monitor", "socket_file")),
)
# Fingerprints are those of the newest release known here.
SEAMS = "--deselect=tests/engine/test_seams.py"
# The oldest supported uvicorn answers handshakes with two Date headers, so that they are left to it, and these tests
# of ours don't apply.
HANDSHAKES = (
    "--ignore=tests/engine/transport/uvicorn/test_opening.py",
    "--deselect=tests/engine/transport/uvicorn/test_own_websocket.py::test_frames_have_the_same_effect",
    "--deselect=tests/cli/test_run.py::test_websockets_are_opened_without_uvicorn",
)


@nox.session(python=PYTHONS[0])
def lowest(session: nox.Session) -> None:
    """Test the engine and ``run`` with the oldest releases that pyproject admits: of Python, and of each dependency.

    Packages of that age have no wheels for the newest Python.
    """
    install_resolved(session, "--resolution", "lowest-direct")
    session.run("pytest", "-n", "auto", *HANDSHAKES, *(session.posargs or (*MEETING, SEAMS)))


@nox.session
def newest(session: nox.Session) -> None:
    """Test the engine and ``run`` with the newest release of each dependency, pre-releases included.

    Warns if something fails: that is the time to look at a release, not a reason to hold up a change.
    """
    install_resolved(session, "--pre", "--upgrade")
    try:
        session.run("pytest", "-n", "auto", *(session.posargs or MEETING))
    except CommandFailed:
        session.warn("a test fails with the newest releases: see above")


def install_resolved(session: nox.Session, *options: str) -> None:
    """Install the package in place, with its test dependencies as uv resolves them by `options`."""
    session.install("uv")
    listed = Path(session.create_tmp()) / "requirements.txt"
    python = f"--python={Path(session.bin) / 'python'}"
    session.run(
        *("uv", "pip", "compile", "--quiet", *options, "--extra", "test", python, "pyproject.toml"),
        *("--output-file", str(listed)),
    )
    session.run("uv", "pip", "install", "--quiet", python, "--requirement", str(listed))
    session.run("uv", "pip", "install", "--quiet", python, "--no-deps", "--editable", ".")


@nox.session
def coverage(session: nox.Session) -> None:
    session.install("-e", ".[test]")
    session.run("pytest", "-n", "auto", "--cov", "--cov-report=term-missing", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """Test the pages in a real Chromium, which must be installed."""
    session.install("-e", ".[test]")
    session.run("pytest", "tests/demo", "tests/docs", *session.posargs, env={"CI": "true"})


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into ``docs/_build``; a missing page, anchor or name fails."""
    session.install("-e", ".[docs]")
    session.run("python", "-m", "sphinx", *STRICTLY, "docs", "docs/_build", *session.posargs)


@nox.session
def pictures(session: nox.Session) -> None:
    """Make the documentation's pictures again, from the running product; Chromium must be installed."""
    session.install("-e", ".[dev]")
    session.run("python", "-m", "docs.pictures")


@nox.session
def links(session: nox.Session) -> None:
    """Follow the documentation's links to other sites, which needs the network."""
    session.install("-e", ".[docs]")
    session.run("python", "-m", "sphinx", "-b", "linkcheck", "docs", "docs/_build/links", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    session.install("-e", ".[test]")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def amqp(session: nox.Session) -> None:
    """Test the message queue over AMQP, with the system's RabbitMQ, which takes too long to start for every run."""
    session.install("-e", ".[test]")
    session.run("pytest", "tests/engine/cluster/over_rabbitmq.py", *session.posargs)


@nox.session
def conformance(session: nox.Session) -> None:
    """Run the protocols' own suites, with Node: ``nox -s conformance -- CLONE...`` of their repositories."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "tests.wire.conformance", *session.posargs)


@nox.session
def soak(session: nox.Session) -> None:
    """Ten thousand connections that misbehave, and a look at what they left behind."""
    session.install("-e", ".[test]")
    session.run("python", "-m", "benchmarks.soak", *session.posargs)


# What a user's type checker learns from the installed wheel, which has a `py.typed`.
CONSUMER = """\
from asynction_asgi import AsynctionSocketIO, Limits, Socket
from asynction_asgi.testing import TestServer

app = AsynctionSocketIO.from_spec("chat.yaml", limits=Limits(handlers=8))
app.on("say")
path: str | None = app.docs_path
server = TestServer(app)


async def say(socket: Socket, text: str) -> int:
    await socket.broadcast("said", text)
    await socket.broadcast(1)  # type: ignore[arg-type]  # the test: an unused ignore is an error
    return len(text)


AsynctionSocketIO.from_spec("chat.yaml", doks=False)  # type: ignore[call-arg]
"""


@nox.session
def build(session: nox.Session) -> None:
    """Build the packages, install the wheel alone, use it as a typed package, and check the document that it carries."""
    session.install("build")
    output = Path(session.create_tmp()) / "dist"
    shutil.rmtree(output, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(output))
    session.install(*map(str, output.glob("*.whl")))
    find = "from asynction_asgi.demo import DOCUMENT; print(DOCUMENT)"
    session.install("mypy>=1.14", "twine>=6.1")
    session.run("twine", "check", "--strict", *map(str, output.iterdir()))
    (output / "consumer.py").write_text(CONSUMER, "utf-8")
    with session.chdir(output):
        session.run("mypy", "--strict", "consumer.py")
        document = session.run("python", "-c", find, silent=True)
        session.run("asynction-asgi", "check", str(document).strip())
        session.run("asynction-asgi", "docs", "build", str(document).strip(), "-o", "site")
