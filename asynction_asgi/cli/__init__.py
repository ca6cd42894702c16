"""The command line: ``check``, ``run``, ``mock`` or ``scaffold`` a document, ``call`` a server, build ``docs``."""

from __future__ import annotations

import click

from .. import __version__
from .call import call
from .check import check
from .completion import completion
from .demo import demo
from .docs import docs
from .listen import listen
from .mock import mock
from .run import run
from .scaffold import scaffold

__all__ = ["main"]


@click.group(context_settings={"auto_envvar_prefix": "ASYNCTION_ASGI"})
@click.version_option(__version__, prog_name="asynction-asgi")
def main() -> None:
    """A Socket.IO server whose contract is an AsyncAPI document.

    Exits with 0 when all is well, 1 when the document or its handlers are at fault,
    2 when the command was used wrongly.
    """


for _command in (check, run, mock, call, listen, docs, scaffold, demo, completion):
    main.add_command(_command)
