"""The command line: ``check``, ``diff``, ``run``, ``mock`` or ``scaffold`` a document, ``call`` a server.

A module of `commands` declares arguments, options and help. Its function imports the work from `actions`,
mostly from the module of the same name, so that ``--help`` and completion start at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from .. import __version__
from .report import INTERRUPTED, escaped
from .variables import name_variables

__all__ = ["main"]

_VARIABLES = "ASYNCTION_ASGI"  # begins the names of environment variables

# By the name of the command, of its module in `commands` and of the function in it: its line in the list.
_COMMANDS = {
    "call": "Emit an event to a server and print its answer.",
    "check": "Check documents without importing any handler.",
    "client": "Write a typed client module.",
    "completion": "Print the script that completes this command.",
    "demo": "Serve a chat to try, with a page to break its rules.",
    "diff": "Say which changes of a document break clients.",
    "docs": "Build the documentation page of a document.",
    "export": "Write a first document from the code of a python-socketio server.",
    "infer": "Write a first document from recorded traffic.",
    "listen": "Print the events of a server as they arrive.",
    "mock": "Serve a document before its handlers are written.",
    "monitor": "Print a dashboard and alerts for metrics.",
    "proxy": "Keep a server to its document, and record its traffic.",
    "run": "Serve a document, or an application.",
    "scaffold": "Write an application to start from.",
    "schema": "Print a JSON Schema for editors.",
    "test": "Test a running server against its document.",
}


class _Commands(click.Group):
    """Imports a command only when it is run or completed; a list of commands needs no options."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        if name is None or listed is None:  # an unknown command, while completing
            return name, listed, rest
        command = getattr(import_module(f".commands.{name}", __name__), name)
        name_variables(command, f"{_VARIABLES}_{name.upper()}")
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; escape its error, which may quote documents and servers, and end quietly on Ctrl-C."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:  # before it waits, or in a command that doesn't expect one
            ctx.exit(INTERRUPTED)
        except click.ClickException as error:
            raise escaped(error) from None


@click.group(
    cls=_Commands,
    commands=[click.Command(name, short_help=line) for name, line in _COMMANDS.items()],
    context_settings={"auto_envvar_prefix": _VARIABLES},
)
@click.version_option(__version__, prog_name="asynction-asgi")
def main() -> None:
    """A Socket.IO server whose contract is an AsyncAPI document.

    Exits with 0 on success, 1 if the document, its handlers or the server fail, 2 if the command is used
    wrongly, 130 if it is interrupted. For `diff` and `test`, 1 means that something was found, and 2 that
    they could not run.
    """  # noqa: D401  # `--help` prints it, where it says what the program is
