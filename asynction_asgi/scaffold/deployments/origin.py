"""Where this package was installed from, so that another machine installs the same."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = "asynction-asgi"
_HEAD = "# What the application needs; pin it, such as by pip freeze."
_UNKNOWN = """\
# This package was installed from files of one machine: replace the address by that of a wheel, or of a repository,
# such as git+https://git.example.com/asynction-asgi@v1. Its name alone may mean another package."""
_ANYWHERE = ("https://", "http://", "ssh://")


def installed_origin() -> Mapping[str, Any] | None:
    """Return what pip has noted about the address that this package came from, or None if it was an index.

    Source: PEP 610, ``direct_url.json``.
    """
    try:
        text = distribution(_NAME).read_text("direct_url.json")
    except PackageNotFoundError:  # run from its source
        return {}
    origin: Mapping[str, Any] | None = None if text is None else json.loads(text)
    return origin


def requirement(extras: str, origin: Mapping[str, Any] | None) -> str:
    """Return the lines of a file of requirements that name this package.

    Args:
        extras: Those that the application needs, separated by commas.
        origin: As `installed_origin` returns it.
    """
    name = f"{_NAME}[{extras}]"
    if origin is None:
        return f"{_HEAD}\n{name}"
    url = str(origin.get("url", ""))
    if not url.startswith(_ANYWHERE):
        # pip fails at this host at once; a comment alone would make an image without the package.
        return f"{_HEAD}\n{_UNKNOWN}\n{name} @ https://replace-this.invalid/asynction_asgi-0-py3-none-any.whl"
    if "vcs_info" in origin:
        url = f"{origin['vcs_info']['vcs']}+{url}@{origin['vcs_info']['commit_id']}"
    if "subdirectory" in origin:
        url += f"#subdirectory={origin['subdirectory']}"
    return f"{_HEAD}\n{name} @ {url}"
