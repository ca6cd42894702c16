"""The contract as one module of Python for python-socketio's clients."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

from ..datatypes import DataTypes
from ..datatypes.names import Names
from ..python_source.payloads import Payloads
from ..python_source.signatures import Signatures
from ..python_source.source import Module, literal, one_line
from ..spec.model.offered import served_spec
from .files import MARKER, ClientModule
from .python_classes import ClassWriter
from .surfaces import hidden_refusals, prefixes_of, surfaces_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..spec.model import Spec

_HERE = files(__package__)
# Stands for the module itself where types refer to one another.
_MODULE = "client"
_OWN = ("Detail", "PATH", "Refusal", "RefusedError", "Wire")
# What the module declares, or takes from other modules.
_TAKEN = (
    *_OWN,
    *("Any", "Awaitable", "Callable", "Literal", "Never", "NotRequired", "Protocol", "TypeAlias"),
    *("TypedDict", "Union", "annotations", "cast", "isawaitable"),
)
_ROOT = "Client"  # the class of the namespace "/"


def python_classes(spec: Spec) -> Mapping[str, str]:
    """Return the name of each namespace's class, by namespace."""
    names = Names(_TAKEN)
    return {name: names.take(prefix or _ROOT) for name, prefix in prefixes_of(spec).items()}


def write_python(spec: Spec, *, sync: bool = False) -> ClientModule:
    """Return a class for each namespace of a contract, with types of all that it lets clients send and receive.

    The text depends on the contract alone. It imports nothing but Python's own modules.

    Args:
        spec: The contract.
        sync: Whether to write for ``socketio.Client``, whose methods block, rather than ``AsyncClient``.
    """
    served, classes = served_spec(spec), python_classes(spec)
    payloads = Payloads(served, _MODULE, taken=(*_TAKEN, *classes.values()))
    title = one_line(f"{spec.title} {spec.version}")
    module = Module(
        _MODULE,
        f"What clients of {title} send and receive",
        "A class per namespace works over a client of python-socketio that is connected to it.",
        own={*_OWN, *classes.values()},
    )
    writer = ClassWriter(module, Signatures(served, payloads), payloads, sync=sync)
    bodies = [
        line
        for name, namespace in served.namespaces.items()
        for line in ["", "", *writer.lines(classes[name], namespace)]
    ]
    payloads.define(module)
    prelude = _prelude("\n".join(bodies), sync=sync)
    for name in ("Any", "Protocol", "TypedDict", "cast", "NotRequired"):
        module.use("typing", name)
    if not sync and "isawaitable(" in prelude:
        module.use("inspect", "isawaitable")
    path = f'PATH = {literal(spec.path)}\n"""The path of the server: `socketio_path` of `connect`."""'
    types = ["", "", *module.lines] if module.lines else []
    module.lines = [path, "", "", prelude, *types, *bodies]
    head = f"# {MARKER} {literal(title)}. Do not edit: changes are overwritten.\n"
    surfaces = surfaces_of(spec, DataTypes(spec.resolver))
    return ClientModule(text=head + module.text(), warnings=tuple(hidden_refusals(surfaces)))


def _prelude(uses: str, *, sync: bool) -> str:
    """Return what every module declares, and the functions of its own that the text below uses."""
    text = _HERE.joinpath("prelude.py.txt").read_text("utf-8").strip("\n")
    if sync:  # without "async", the heads fit into one line
        text = re.sub(r"async (def \w+\()\n +(.+)\n +(\) -> Any:)", r"\1\2\3", text)
        text = text.replace("async def", "def").replace(
            "await result if isawaitable(result) else result", "result"
        )
    parts = text.split("\n\n\n")
    return "\n\n\n".join(
        part for part in parts if not part.startswith("def ") or f"{part[4:].partition('(')[0]}(" in uses
    )
