"""Configuration that runs an application in production, from templates that the tests run."""

from __future__ import annotations

import re
import string
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .origin import installed_origin, requirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["DEPLOYMENTS", "Deployment", "deployment_files"]

Deployment = Literal["nginx", "systemd", "docker", "kubernetes"]

DEPLOYMENTS = "deploy/"
"""The folder of an application that holds what runs it."""
_FOLDER = Path(__file__).parent / "files"
_ROUTES = {"a": 8001, "b": 8002}
"""The port of each process behind nginx, by its route."""


class _Template(string.Template):
    """A template whose names are written as ``@{name}``: ``$`` and ``%`` mean something in these files."""

    delimiter = "@"


def deployment_files(
    wanted: Iterable[Deployment], *, title: str, path: str, secrets: Sequence[str], verifies: bool = False
) -> dict[str, bytes]:
    """Return the files of deployments, by their path in the folder of the application.

    Args:
        wanted: Which.
        title: Of the document, one line.
        path: Where Socket.IO is, such as ``/socket.io``.
        secrets: Environment variables without which the application doesn't start.
        verifies: Whether it verifies tokens, which needs an extra.
    """
    words = _words(title, path, secrets, verifies=verifies)
    files: dict[str, bytes] = {}

    def add(target: str, template: str, **more: str) -> None:
        text = _Template((_FOLDER / template).read_text("utf-8")).substitute(words, **more)
        files[f"{DEPLOYMENTS}{target}"] = text.encode()

    kinds = set(wanted)
    if "nginx" in kinds:
        add(f"{words['name']}.nginx.conf", "nginx.conf")
    if "systemd" in kinds:
        add(f"{words['name']}@.service", "service")
        for route, port in _ROUTES.items():
            add(f"{route}.env", "environment", route=route, port=str(port), monitor=str(port + 1000))
    if "docker" in kinds:
        add("Dockerfile", "Dockerfile")
        add("Dockerfile.dockerignore", "Dockerfile.dockerignore")
    if kinds & {"systemd", "docker"}:
        add("requirements.txt", "requirements.txt")
    if "kubernetes" in kinds:
        add("kubernetes.yaml", "kubernetes.yaml")
        add("podmonitor.yaml", "podmonitor.yaml")
    return files


def _words(title: str, path: str, secrets: Sequence[str], *, verifies: bool) -> dict[str, str]:
    """Return the text of each name in a template."""
    name = _slug(title)
    extras = ",".join(sorted({"fast", "redis", *(["jwt"] if verifies else [])}))
    variables = ["MESSAGE_QUEUE", "MESSAGE_QUEUE_SECRET", *secrets]
    settings = [
        "# What connects the processes, and the secret that signs what goes over it: 16 bytes or more.",
        "MESSAGE_QUEUE=redis+stream://127.0.0.1:6379/0",
        *(f"{variable}=" for variable in variables[1:]),
    ]
    return {
        "title": title,
        "name": name,
        "variable": name.replace("-", "_"),
        "location": _quoted(f"{path}/"),
        "description": title.replace("%", "%%"),
        "settings": "\n".join(settings),
        "requirement": requirement(extras, installed_origin()),
        "run_options": "".join(f"-e {variable}=… " for variable in variables),
        "literals": " ".join(f"--from-literal={variable}=…" for variable in variables),
    }


def _quoted(path: str) -> str:
    """Return a path as a word of nginx's configuration."""
    if re.fullmatch(r"[\w./~-]+", path):
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _slug(title: str) -> str:
    """Return a title as a name of files, users and containers: small letters, digits and single hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    return (name if name[:1].isalpha() else f"app-{name}")[:30].strip("-")
