"""Optional packages: whether they are installed, and which extra of this package installs them."""

from __future__ import annotations

import importlib.util


def is_installed(module: str) -> bool:
    """Return whether a top-level module can be imported, without importing it."""
    return importlib.util.find_spec(module) is not None


def require(module: str, option: str, extra: str) -> None:
    """Check that an optional package is installed.

    Args:
        module: The top-level module that the package provides.
        option: What needs it, in the words of the user's code.
        extra: The extra of this package that installs it.

    Raises:
        ModuleNotFoundError: The package is not installed.
    """
    if not is_installed(module):
        raise ModuleNotFoundError(
            f"{option} needs the module {module!r}, which is not installed;"
            f" use: pip install 'asynction-asgi[{extra}]'",
            name=module,
        )
