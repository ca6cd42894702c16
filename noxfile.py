"""What is run before a change lands; ``nox -s NAME`` runs one, ``nox`` the first three."""

from __future__ import annotations

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
    session.run("pytest", *session.posargs)


@nox.session
def plain(session: nox.Session) -> None:
    """The suite without the optional native packages: what a bare install does."""
    session.install("-e", ".[test]")
    session.run("pip", "uninstall", "--yes", "orjson", "jsonschema-rs", "ruamel.yaml.clib", "uvloop")
    session.run("pytest", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    session.install("-e", ".[test]")
    session.run("pytest", "--cov", "--cov-report=term-missing", *session.posargs)


@nox.session
def browser(session: nox.Session) -> None:
    """The pages in a real Chromium, which must be installed."""
    session.install("-e", ".[test]")
    session.run("pytest", "tests/demo", *session.posargs, env={"CI": "true"})


@nox.session
def bench(session: nox.Session) -> None:
    session.install("-e", ".[test]")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Build the packages, and let the wheel alone check its own demo document."""
    session.install("build")
    output = session.create_tmp()
    session.run("python", "-m", "build", "--outdir", output)
    session.install("--find-links", output, "--no-index", "--no-deps", "asynction-asgi")
    session.install("asynction-asgi")
    session.run("asynction-asgi", "--version")
