"""``--schemas``, an option of every command that reads a document."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _read(_: click.Context, __: click.Parameter, texts: Sequence[str]) -> dict[str, str]:
    if not texts:
        return {}
    from ..spec.schemas.elsewhere import check_schemas  # noqa: PLC0415  # not for --help and completion

    schemas: dict[str, str] = {}
    for text in texts:
        uri, _sign, path = text.rpartition("=")
        try:
            check_schemas({uri: path})
        except ValueError:
            raise click.BadParameter(
                f"{text!r} is not URI=PATH, such as https://schemas.example.com/=vendor/schemas"
            ) from None
        if not Path(path).exists():
            raise click.BadParameter(f"{path!r} does not exist")
        schemas[uri] = path
    return schemas


def schemas_option(function: Callable[..., None]) -> Callable[..., None]:
    """Add ``--schemas``, whose value is a mapping as `load_spec` takes it."""
    return click.option(
        "--schemas",
        metavar="URI=PATH",
        multiple=True,
        callback=_read,
        help="Read references to URIs that begin with URI from the folder PATH, or those to exactly this URI from"
        " the file PATH; repeatable. Nothing is fetched.",
    )(function)
