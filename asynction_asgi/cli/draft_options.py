"""The options of commands that write a first document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable


def draft_options(*, title: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds ``output``, ``force``, ``title`` and ``version`` to a command.

    Args:
        title: Of the document, unless the user names another.
    """
    options = (
        click.option(
            "-o",
            "--output",
            type=click.Path(dir_okay=False),
            help="The file to write; by default, standard output.",
        ),
        click.option("--force", is_flag=True, help="Overwrite an existing file."),
        click.option("--title", default=title, show_default=True, help="The document's title."),
        click.option(
            "--asyncapi",
            "version",
            type=click.Choice(["3.0", "2.6"]),
            default="3.0",
            show_default=True,
            help="The version of AsyncAPI to write.",
        ),
    )

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return add
