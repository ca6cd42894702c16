"""Paired figures and the table that shows them."""

from __future__ import annotations

import os
import platform
import statistics
import sys
import sysconfig
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from .processes import node_versions
from .variants import BARE, VARIANTS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PACKAGES = (
    "python-socketio",
    "python-engineio",
    "uvicorn",
    "httptools",
    "h11",
    "websockets",
    "uvloop",
    "orjson",
    "fastjsonschema",
    "jsonschema-rs",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The costs of a variant and of the baseline in the same round and unit."""

    cost: float
    baseline: float

    @property
    def ratio(self) -> float:
        """The cost relative to the baseline; below 1 the variant is cheaper."""
        return self.cost / self.baseline


def heading(title: str, unit: str) -> None:
    """Print a table's heading, with the environment of the measurement."""
    print(f"\n{title}: {unit}; ratio and quartiles relative to the baseline in the same rounds")
    print(
        f"{platform.python_implementation()} {platform.python_version()} ({_build()}), {os.cpu_count()} CPUs; {_versions()}"
    )
    print(f"{'':12}{'variant':44}{'cost':>10}{'ratio':>8}  quartiles        rounds", flush=True)


def row(group: str, title: str, pairs: Sequence[Pair], *, scale: float = 1.0) -> None:
    """Print a variant's row: median cost and median of the paired ratios."""
    ratios = [pair.ratio for pair in pairs]
    low, _, high = statistics.quantiles(ratios, n=4, method="inclusive") if len(ratios) > 1 else ratios * 3
    cost = statistics.median(pair.cost for pair in pairs) * scale
    ratio = statistics.median(ratios)
    print(f"{group:12}{title:44}{cost:10.1f}{ratio:8.3f}  {low:.3f} to {high:.3f}{len(pairs):7}", flush=True)


def _versions() -> str:
    versions = []
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            versions.append(f"{package} absent")
    versions += node_versions()
    return ", ".join(versions)


def _build() -> str:
    """Return how Python was built, which changes its speed by up to a third."""
    options = str(sysconfig.get_config_var("CONFIG_ARGS") or "")
    flags = str(sysconfig.get_config_var("PY_CFLAGS") or "")
    profiled = "optimised by profile" if "--enable-optimizations" in options else "not optimised by profile"
    linked = "with LTO" if "--with-lto" in options or "-flto" in flags else "without LTO"
    levels = [flag for flag in flags.split() if flag.startswith("-O")]
    return f"{profiled}, {linked}, {levels[-1] if levels else 'unknown -O'}"


def command_line(program: str, docstring: str | None) -> ArgumentParser:
    """Return a parser without options for a program that measures other processes; exit unless on Linux.

    Args:
        program: What follows the package's name, such as ``.echo``.
        docstring: The program's.
    """
    if sys.platform != "linux":
        sys.exit(
            "this program reads the CPU time and memory of another process as Linux shows them; run it there"
        )
    return ArgumentParser(
        prog=f"python -m benchmarks{program}",
        description=docstring,
        formatter_class=RawDescriptionHelpFormatter,
    )


def arguments(
    program: str, docstring: str | None, *, rounds: int = 7, seconds: float | None = 1.0
) -> ArgumentParser:
    """Return a parser with the common options of programs that compare variants.

    Args:
        program: What follows the package's name, such as ``.echo``.
        docstring: The program's.
        rounds: How many, by default.
        seconds: Of load per pair and round by default, or None if the program takes as long as its load does.
    """
    parser = command_line(program, docstring)
    # Those with offsets are for `recovery`: they send more than the other programs expect.
    names = [name for name, variant in VARIANTS.items() if name != BARE and variant.offset is None]

    def variant(name: str) -> str:
        if name not in names:
            raise ArgumentTypeError(f"{name!r} is not a variant; use one of {', '.join(names)}")
        return name

    parser.add_argument(
        "variants", nargs="*", type=variant, default=names, metavar="VARIANT", help=", ".join(names)
    )
    parser.add_argument("--rounds", type=positive(int), default=rounds)
    if seconds is not None:
        parser.add_argument(
            "--seconds", type=positive(float), default=seconds, help="seconds of load per pair and round"
        )
    return parser


def positive(kind: Callable[[str], float]) -> Callable[[str], float]:
    """Return what reads an option's value that must be above zero."""

    def read(text: str) -> float:
        number = kind(text)
        if number <= 0:
            raise ArgumentTypeError(f"{text} is not above 0")
        return number

    return read
