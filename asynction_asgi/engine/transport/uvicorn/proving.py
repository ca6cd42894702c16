"""Self-tests of what is used of the installed uvicorn, and what the log says if one of them fails."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from ....logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Callable

logger = get_logger("engine")


def prove(self_test: Callable[[], Any]) -> Any:
    """Run a self-test in an event loop of its own, beside the one that runs, and return its result."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(self_test).result()


def passes(load: Callable[[], Callable[[], Any]], otherwise: str, beside: str) -> bool:
    """Return whether a self-test passes.

    Args:
        load: Imports the self-test and returns it; an unknown release may fail that, too.
        otherwise: What the log says if it does not pass, with the reason and two versions.
        beside: The package whose version is named beside uvicorn's.
    """
    try:
        prove(load())
    except Exception as error:  # noqa: BLE001  # whatever an unknown release does
        logger.warning(otherwise, explain(error), version_of("uvicorn"), version_of(beside))
        return False
    return True


def explain(error: Exception) -> str:
    """Say that a self-test failed, and why."""
    return f"the self-test failed: {type(error).__name__}: {error}"


def version_of(package: str) -> str:
    """Return the version of a package, for the log."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "of unknown version"
