"""The command line: ``check``, ``diff``, ``run``, ``mock`` or ``scaffold`` a document, ``call`` a server.

A module of `commands` is arguments, options and help. Its function imports what carries it out, from the
module of the same name in `actions`, so that ``--help`` and completion are there at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from .. import __version__
from .report import escaped

__all__ = ["main"]

# By the name of the command, of its module in `commands` and of the function in it: its line in the list.
_COMMANDS = {
    "call": "Emit an event to a server and print its answer.",
    "check": "Check documents without importing any handler.",
    "client": "Write a typed client module for front ends.",
    "completion": "Print the script that completes this command.",
    "demo": "Serve a chat to try, with a page to break its rules.",
    "diff": "Say which changes of a document break clients.",
    "docs": "Build the documentation page of a document.",
    "listen": "Print the events of a server as they arrive.",
    "mock": "Serve a document before its handlers are written.",
    "run": "Serve a document, or an application.",
    "scaffold": "Write an application to start from.",
    "schema": "Print a JSON Schema for editors.",
}


class _Commands(click.Group):
    """Imports a command when it is run or completed: to list them, the options of all can wait."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        if name is None or listed is None:  # an unknown one, while completing
            return name, listed, rest
        return name, getattr(import_module(f".commands.{name}", __name__), name), rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what its error quotes of documents and servers reaches the terminal escaped."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            raise escaped(error) from None


@click.group(
    cls=_Commands,
    commands=[click.Command(name, short_help=line) for name, line in _COMMANDS.items()],
    context_settings={"auto_envvar_prefix": "ASYNCTION_ASGI"},
)
@click.version_option(__version__, prog_name="asynction-asgi")
def main() -> None:
    """A Socket.IO server whose contract is an AsyncAPI document.

    Exits with 0 when all is well, 1 when the document or its handlers are at fault,
    2 when the command was used wrongly.
    """
