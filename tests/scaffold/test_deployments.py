"""``scaffold --deploy``: the tools that read each file take it, and it runs the application."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any, get_args

import httpx
import kubernetes_validate
import pytest
from ruamel.yaml import YAML

from asynction_asgi import load_spec
from asynction_asgi.cli.commands.scaffold import scaffold as command
from asynction_asgi.scaffold import make_application
from asynction_asgi.scaffold.deployments import Deployment, deployment_files
from asynction_asgi.scaffold.deployments.origin import installed_origin, requirement

from ..cli.processes import running
from ..forked import run_forked
from ..ports import free_port
from .generating import scaffold, written

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EVERYTHING = [word for name in get_args(Deployment) for word in ("--deploy", name)]
DOCUMENT = {
    "asyncapi": "2.6.0",
    "info": {"title": "Help desk", "version": "1.0.0"},
    "channels": {"/": {"publish": {"message": {"name": "ask", "payload": {"type": "string"}}}}},
}
TITLES = [
    "Help desk",
    "100% ${x} $x \\",
    'Ünïcode "quoted" @{name}',
    "!",
    "9 lives",
    "x" * 200,
    "True",
    "On",
    "9 " + "x" * 60,
]


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "desk.json"
    path.write_text(json.dumps(DOCUMENT), "utf-8")
    return path


def files_of(
    *kinds: Any, title: str = "Help desk", path: str = "/socket.io", secrets: Sequence[str] = ()
) -> dict[str, str]:
    files = deployment_files(kinds, title=title, path=path, secrets=secrets)
    return {name: content.decode() for name, content in files.items()}


def test_the_command_offers_all() -> None:
    """The choices of ``--deploy`` are those that can be written."""
    (option,) = (param for param in command.params if param.name == "deploy")
    assert tuple(option.type.choices) == get_args(Deployment)  # type: ignore[attr-defined]  # a Choice


def test_no_name_is_left_in_any_file() -> None:
    """Whatever the title holds, and names are fit for files, users and containers."""
    for title in TITLES:
        for name, text in files_of(*get_args(Deployment), title=title).items():
            assert re.fullmatch(r"deploy/(\w|[.@-]){1,46}", name)
            assert "@{" not in text.replace(title, ""), (title, name)


@pytest.mark.parametrize("path", ["/socket.io", "/rt/socket.io", '/a b"{};\\c'])
def test_nginx_takes_its_file(tmp_path: Path, nginx: str, path: str) -> None:
    """As part of a configuration that has nothing else."""
    for title in TITLES:
        (text,) = files_of("nginx", title=title, path=path).values()
        (tmp_path / "chat.conf").write_text(text, "utf-8")
        (tmp_path / "nginx.conf").write_text("pid nginx.pid; events {} http { include chat.conf; }", "utf-8")
        checked = subprocess.run(
            [nginx, "-t", "-q", "-p", str(tmp_path), "-e", "stderr", "-c", str(tmp_path / "nginx.conf")],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (checked.returncode, checked.stderr) == (0, "")


def test_systemd_takes_its_unit(tmp_path: Path, systemd_analyze: str) -> None:
    """It has nothing to say about it, once the programs are there."""
    for title in TITLES:
        files = files_of("systemd", title=title)
        (unit,) = (name for name in files if name.endswith("@.service"))
        path = tmp_path / unit.removeprefix("deploy/")
        path.write_text(
            re.sub(r"/opt/[^/]+/.venv/bin/asynction-asgi|/usr/bin/curl", sys.executable, files[unit]), "utf-8"
        )
        checked = subprocess.run(
            [systemd_analyze, "verify", str(path)], capture_output=True, text=True, check=False
        )
        assert (checked.returncode, checked.stderr) == (0, "")
        assert f"Description={title.replace('%', '%%')} (%i)\n" in files[unit]


def test_kubernetes_takes_its_resources() -> None:
    """Checked strictly against the schemas of its API."""
    as_kubernetes = YAML(typ="safe", pure=True)
    as_kubernetes.version = (1, 1)  # to which `on` is true
    for title in TITLES:
        text = files_of("kubernetes", title=title, secrets=["JWT_SECRET"])["deploy/kubernetes.yaml"]
        resources = list(YAML(typ="safe").load_all(text))
        assert [resource["kind"] for resource in resources] == [
            "Deployment",
            "Service",
            "PodDisruptionBudget",
        ]
        names = {resource["metadata"]["name"] for resource in as_kubernetes.load_all(text)}
        assert all(isinstance(name, str) and len(name) <= 30 for name in names)
        for resource in resources:
            kubernetes_validate.validate(resource, "1.30", strict=True)


def instruction(dockerfile: str, pattern: str) -> list[str]:
    """Return the words of an instruction in exec form; through a shell, SIGTERM would not arrive."""
    (line,) = re.findall(rf"^{pattern} (\[.*\])$", dockerfile, re.MULTILINE)
    words: list[str] = json.loads(line)
    return words


def probes(folder: Path) -> set[str]:
    """Return the paths that Kubernetes asks, all of them at the port of the monitor."""
    text = (folder / "deploy" / "kubernetes.yaml").read_text("utf-8")
    (container,) = next(YAML(typ="safe").load_all(text))["spec"]["template"]["spec"]["containers"]
    asked = [container[f"{name}Probe"]["httpGet"] for name in ("startup", "readiness", "liveness")]
    assert {ask["port"] for ask in asked} == {"monitor"}
    return {ask["path"] for ask in asked}


def test_the_container_serves_and_is_healthy(document: Path, folder: Path) -> None:
    """Its command and its check, as they stand but for the port, run the application of the folder."""
    written(document, folder, *EVERYTHING)
    dockerfile = (folder / "deploy" / "Dockerfile").read_text("utf-8")
    program, *arguments = instruction(dockerfile, "CMD")
    assert program == "asynction-asgi"
    monitor = free_port()
    arguments[arguments.index("8000")] = "0"
    arguments[arguments.index("0.0.0.0:9000")] = f"127.0.0.1:{monitor}"
    _, *script = instruction(dockerfile, "HEALTHCHECK .* CMD")
    with running(*arguments, cwd=folder) as (_, served):
        script = [word.replace(":9000/", f":{monitor}/") for word in script]
        assert subprocess.run([sys.executable, *script], check=False).returncode == 0
        for probe in probes(folder):
            assert httpx.get(f"http://127.0.0.1:{monitor}{probe}").status_code == 200
        metrics = httpx.get(f"http://127.0.0.1:{monitor}/metrics").text
        assert 'asynction_events_total{namespace="/",event="ask",outcome="handled"} 0' in metrics
        assert served.stop() == 0
    assert subprocess.run([sys.executable, *script], capture_output=True, check=False).returncode != 0


def test_all_run_the_same_command(document: Path, folder: Path) -> None:
    """The pods as the container, and the unit but for route and addresses."""
    written(document, folder, *EVERYTHING)
    deploy = folder / "deploy"
    words = instruction((deploy / "Dockerfile").read_text("utf-8"), "CMD")
    pods = next(YAML(typ="safe").load_all((deploy / "kubernetes.yaml").read_text("utf-8")))
    (container,) = pods["spec"]["template"]["spec"]["containers"]
    assert container["args"] == words
    (start,) = re.findall(
        r"^ExecStart=(.*)$", (deploy / "help-desk@.service").read_text("utf-8"), re.MULTILINE
    )
    addresses = ["--host", "0.0.0.0", "--port", "8000", "--monitor", "0.0.0.0:9000"]
    assert [word for word in shlex.split(start)[1:] if word not in ("--route", "%i")] == [
        word for word in words[1:] if word not in addresses
    ]


def test_the_application_takes_its_queue_from_the_environment(document: Path, folder: Path) -> None:
    """Without one it starts as a single process; pods have no polling."""
    written(document, folder, "--deploy", "kubernetes")
    code = "import app; print(app.app.queue is not None, *app.app.server.eio.transports)"
    for queue, said in (("", "False websocket"), ("redis://127.0.0.1:1", "True websocket")):
        environment = {**os.environ, **({"MESSAGE_QUEUE": queue} if queue else {})}
        shown = run_forked(["-c", code], cwd=folder, env=environment)
        assert (shown.returncode, shown.stdout.strip()) == (0, said), shown.stderr


def test_secrets_are_asked_for_and_never_written(tmp_path: Path) -> None:
    """Each environment variable that the document names has its place, without a value."""
    files = files_of("systemd", "docker", "kubernetes", secrets=["JWT_SECRET"])
    assert "\nJWT_SECRET=\n" in files["deploy/a.env"] + "\n"
    assert "-e JWT_SECRET=… " in files["deploy/Dockerfile"]
    assert "--from-literal=JWT_SECRET=…" in files["deploy/kubernetes.yaml"]
    assert "JWT_SECRET" not in str(files_of("systemd", "docker", "kubernetes"))


@pytest.mark.parametrize(
    "verifier",
    [{"secretEnv": "DESK_SECRET"}, {"jwks": "https://id.example.com/keys", "issuer": "i", "audience": "a"}],
    ids=["secret", "issuer"],
)
def test_what_verifies_tokens_is_installed(tmp_path: Path, folder: Path, verifier: dict[str, str]) -> None:
    """Also if the keys are those of an issuer, so that there is no secret."""
    path = tmp_path / "desk.json"
    scheme = {"type": "http", "scheme": "bearer", "x-jwt": verifier}
    servers = {"desk": {"url": "localhost", "protocol": "ws", "security": [{"token": []}]}}
    secured = {**DOCUMENT, "servers": servers, "components": {"securitySchemes": {"token": scheme}}}
    path.write_text(json.dumps(secured), "utf-8")
    written(path, folder, "--deploy", "docker")
    needed = (folder / "deploy" / "requirements.txt").read_text("utf-8")
    assert "asynction-asgi[fast,jwt,redis]" in needed


@pytest.mark.parametrize(
    ("origin", "last"),
    [
        (None, "asynction-asgi[fast]"),
        (
            {"url": "https://git.example.com/a.git", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}},
            "asynction-asgi[fast] @ git+https://git.example.com/a.git@c0ffee",
        ),
        (
            {
                "url": "ssh://git@git.example.com/a.git",
                "vcs_info": {"vcs": "git", "commit_id": "c0ffee"},
                "subdirectory": "python",
            },
            "asynction-asgi[fast] @ git+ssh://git@git.example.com/a.git@c0ffee#subdirectory=python",
        ),
        (
            {"url": "https://example.com/asynction_asgi-1-py3-none-any.whl", "archive_info": {}},
            "asynction-asgi[fast] @ https://example.com/asynction_asgi-1-py3-none-any.whl",
        ),
        (
            {"url": "file:///home/me/asynction-asgi", "dir_info": {"editable": True}},
            "asynction-asgi[fast] @ https://replace-this.invalid/asynction_asgi-0-py3-none-any.whl",
        ),
        ({}, "asynction-asgi[fast] @ https://replace-this.invalid/asynction_asgi-0-py3-none-any.whl"),
    ],
    ids=["index", "git", "folder of a repository", "wheel", "files here", "source"],
)
def test_the_package_is_installed_from_where_it_came(origin: dict[str, Any] | None, last: str) -> None:
    """The requirement names the known origin; without one it has an address to replace, never the bare name."""
    lines = requirement("fast", origin).splitlines()
    assert lines[-1] == last
    assert all(line.startswith("# ") for line in lines[:-1])


def test_the_installed_package_is_named() -> None:
    """What pip noted about this environment is written into the files."""
    written_lines = files_of("docker")["deploy/requirements.txt"]
    assert written_lines == f"{requirement('fast,redis', installed_origin())}\n"


def test_an_update_adds_what_is_missing(document: Path, folder: Path) -> None:
    """It changes no file of deploy/ that is there, and says what app.py needs."""
    written(document, folder)
    result = scaffold(document, folder, "--update", "--deploy", "nginx")
    assert result.exit_code == 0, result.output
    assert "app.py: several processes need from_spec(…, message_queue=os.environ.get" in result.stderr
    path = folder / "deploy" / "help-desk.nginx.conf"
    path.write_text("mine", "utf-8")
    assert scaffold(document, folder, "--update", "--deploy", "nginx", "--deploy", "systemd").exit_code == 0
    assert path.read_text("utf-8") == "mine"
    assert (folder / "deploy" / "help-desk@.service").exists()
    assert scaffold(document, folder, "--check", "--deploy", "nginx").exit_code == 0
    missing = scaffold(document, folder, "--check", "--deploy", "docker")
    assert missing.exit_code == 1
    assert "Dockerfile is out of date; run with --update" in missing.stderr
    app = folder / "app.py"
    app.write_text(app.read_text("utf-8") + "# message_queue= message_queue_secret=\n", "utf-8")
    result = scaffold(document, folder, "--update", "--deploy", "docker")
    assert "app.py: several processes need from_spec(…, metrics=True)" in result.stderr


def test_without_it_nothing_is_deployed(document: Path, folder: Path) -> None:
    """No folder, and the application reads nothing from the environment."""
    application = make_application(load_spec(document), folder)
    assert not [name for name in application.files if name.startswith("deploy/")]
    assert b"environ" not in application.files["app.py"]
