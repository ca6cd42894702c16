"""The files of an application: its document, its handlers, their types, and its tests."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..datatypes.names import Names
from ..python_source.payloads import Payloads
from ..python_source.signatures import Signatures
from ..python_source.source import Module, fits, literal, one_line
from ..spec.model.offered import served_spec
from ..spec.model.outside import handler_paths, jwt_options, secret_variables
from ..spec.model.schemes import required_schemes
from .contract_tests import ContractTests, write_settings
from .deployments import deployment_files
from .documents import copied_documents
from .emits import write_emits
from .errors import ScaffoldError
from .handlers import collect_handlers
from .owned import MANIFEST, manifest_of
from .places import Places

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from ..spec.model import Spec
    from .deployments import Deployment
    from .documents import Copies
    from .handlers import Handlers
    from .places import Place
    from .stubs import Stub

_OWN = ("app", "conftest", "test_app")
_SETTINGS = """\
[tool.mypy]
strict = true

[tool.ruff]
src = ["."]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What is to be written.

    Attributes:
        files: The content of each file by its path; relative, with slashes.
        warnings: What the author of the document should know, a sentence each.
        secrets: Environment variables without which it doesn't start.
        owned: The files that are written again when the document changes; all others are its author's.
        stubs: The handlers and security functions of each module.
        paths: The file of each module that has stubs.
        attached: Those that the module of the application passes: by namespace and event.
        security: Security functions that it passes: by scheme.
        in_place: Files of the document that are in the folder already and stay as they are.
        server_options: Options of its server that its deployments need, as source code by name.
        tests: The tests of events, of which new ones are added.
        events: The events that a function handles, each with its namespace first.
    """

    files: dict[str, bytes]
    warnings: tuple[str, ...]
    secrets: tuple[str, ...]
    owned: frozenset[str]
    stubs: Mapping[str, Mapping[Place, Stub]]
    paths: Mapping[str, str]
    attached: Mapping[str, Mapping[str, Place]]
    security: Mapping[str, Place]
    in_place: frozenset[str]
    server_options: Mapping[str, str]
    tests: ContractTests
    events: Mapping[Place, Sequence[tuple[str, str]]]


def make_application(
    spec: Spec, folder: Path, *, server_name: str | None = None, deployments: Collection[Deployment] = ()
) -> Application:
    """Make the application of a contract; nothing is written.

    Args:
        spec: The contract, loaded from a file.
        folder: Where it is going to be.
        server_name: Which of the document's servers it is.
        deployments: What it is to be run by, besides ``asynction-asgi run``.

    Raises:
        ScaffoldError: No application can be made.
        OSError: A file of the document can't be read any more.
    """
    copied = copied_documents(spec)
    sources = copied.sources
    served = served_spec(spec)
    title = one_line(spec.title) or "the application"
    places = Places(folder, _OWN)
    names = Names({*_OWN, *(re.split("[.:]", path)[0] for path in handler_paths(served))})
    words = {word: names.take(word) for word in ("payloads", "handlers", "emits", "security")}
    payloads = Payloads(served, words["payloads"])
    signatures = Signatures(served, payloads)
    handlers = collect_handlers(
        served,
        payloads,
        signatures,
        places,
        module=words["handlers"],
        is_package=_is_package(folder, words["handlers"]),
        security=words["security"],
    )
    emits = write_emits(
        served,
        signatures,
        module=words["emits"],
        is_package=_is_package(folder, words["emits"]) is True,
    )
    modules = {**handlers.modules(places.modules, title), **emits}
    if payloads.is_needed:
        modules[words["payloads"]] = payloads.source(title)
    required = sorted(required_schemes(served))
    secrets = secret_variables(served, required)
    server_options = _server_options(deployments)
    modules["app"] = _app(title, copied, handlers, server_name, server_options)
    tests = ContractTests(served)
    modules["test_app"] = tests.module()
    if secrets:
        modules["conftest"] = write_settings(secrets)
    paths = {name: _path(name, modules, folder) for name in modules}
    files = {paths[name]: module.text().encode() for name, module in modules.items()}
    files["pyproject.toml"] = _SETTINGS.encode()
    files |= deployment_files(
        deployments,
        title=title,
        path=spec.path,
        secrets=secrets,
        verifies=bool(jwt_options(served, required)),
    )
    twice = sorted(files.keys() & sources.keys())
    if twice:
        raise ScaffoldError(
            f"the document's file {twice[0]!r} has the name of a file of the application; rename it"
        )
    # One that is in its place already stays as it is.
    in_place = frozenset(name for name, source in sources.items() if _is_same(folder / name, source))
    copies = {name: source.read_bytes() for name, source in sources.items() if name not in in_place}
    written = [paths[name] for name in (*emits, *((words["payloads"],) if payloads.is_needed else ()))]
    owned = {**copies, **{name: files[name] for name in written}}
    stubs: dict[str, dict[Place, Stub]] = defaultdict(dict)
    for place, stub in handlers.stubs.items():
        stubs[place.module][place] = stub
    return Application(
        files={**copies, **files, MANIFEST: manifest_of(owned)},
        warnings=tuple(places.warnings),
        secrets=tuple(secrets),
        owned=frozenset(owned),
        stubs=stubs,
        paths={name: paths[name] for name in stubs},
        attached=handlers.attached,
        security=handlers.security,
        in_place=in_place,
        server_options=server_options,
        tests=tests,
        events=handlers.events,
    )


def _is_same(path: Path, source: Path) -> bool:
    return path.exists() and path.samefile(source)


def _is_package(folder: Path, module: str) -> bool | None:
    """Return whether a module is a package in the folder, as an import would find it; None without either."""
    path = folder.joinpath(*module.split("."))
    if (path / "__init__.py").exists():
        return True
    return False if path.with_name(f"{path.name}.py").exists() else None


def _path(name: str, modules: dict[str, Module], folder: Path) -> str:
    """Return the file of a module; one that is a package already stays one, which would hide a module."""
    path = PurePosixPath(*name.split("."))
    is_package = any(other.startswith(f"{name}.") for other in modules)
    is_package = is_package or (name not in _OWN and _is_package(folder, name) is True)
    return f"{path}/__init__.py" if is_package else f"{path}.py"


def _server_options(deployments: Collection[Deployment]) -> dict[str, str]:
    """Return what the server of an application must be made with, since it is not the only process."""
    if not deployments:
        return {}
    options = {
        "message_queue": 'os.environ.get("MESSAGE_QUEUE")',
        "message_queue_secret": 'os.environ.get("MESSAGE_QUEUE_SECRET")',
        "metrics": "True",
    }
    if "kubernetes" in deployments:
        options["transports"] = '["websocket"]'
    return options


def _app(
    title: str,
    copied: Copies,
    handlers: Handlers,
    server_name: str | None,
    server_options: Mapping[str, str],
) -> Module:
    """Write the module of the application."""
    module = Module("app", f"{title}: the application, as its document describes it", own={"app", "DOCUMENT"})
    path = module.use("pathlib", "Path")
    server = module.use("asynction_asgi", "AsynctionSocketIO")
    document = copied.document
    constant = f"DOCUMENT = {path}(__file__).parent / {literal(document)}"
    if not fits(constant):
        constant = "\n".join(
            ["DOCUMENT = (", f"    {path}(__file__).parent", f"    / {literal(document)}", ")"]
        )
    options = []
    folder = PurePosixPath(document).parent
    if any(not PurePosixPath(name).is_relative_to(folder) for name in copied.sources):
        options.append(f"    docs_root={path}(__file__).parent,")
    if copied.schemas:
        options.append("    schemas={")
        options += [
            f"        {literal(uri)}: {path}(__file__).parent / {literal(place)},"
            for uri, place in copied.schemas.items()
        ]
        options.append("    },")
    if server_name is not None:
        options.append(f"    server_name={literal(server_name)},")
    if server_options:
        module.use_module("os")
    options += [f"    {name}={value}," for name, value in server_options.items()]
    if handlers.attached:
        options.append("    handlers={")
        for namespace, events in handlers.attached.items():
            options.append(f"        {literal(namespace)}: {{")
            options += [
                f"            {literal(event)}: {_use(place, module)}," for event, place in events.items()
            ]
            options.append("        },")
        options.append("    },")
    if handlers.security:
        options.append("    security_handlers={")
        options += [
            f"        {literal(name)}: {_use(place, module)}," for name, place in handlers.security.items()
        ]
        options.append("    },")
    module.lines += [constant, ""]
    if options:
        module.lines += [f"app = {server}.from_spec(", "    DOCUMENT,", *options, ")"]
    else:
        module.lines.append(f"app = {server}.from_spec(DOCUMENT)")
    return module


def _use(place: Place, module: Module) -> str:
    return f"{module.use_module(place.module)}.{place.name}"
