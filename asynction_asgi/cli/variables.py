"""Environment variables that set the options of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.types import StringParamType

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Lines(StringParamType):
    """A string that may contain spaces: a variable has one value per line."""

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """Return the lines of a variable that are not empty."""
        return [line.strip() for line in rv.splitlines() if line.strip()]


LINES = _Lines()


def name_variables(command: click.Command, prefix: str) -> None:
    """Name the variable of each option after the option, also where the parameter of the function differs.

    click reads a variable that is named after the parameter, too.
    """
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            name_variables(inner, f"{prefix}_{name.upper()}")
    for option in command.params:
        if isinstance(option, click.Option) and option.envvar is None:
            longest = max(option.opts, key=len)
            option.envvar = f"{prefix}_{longest.lstrip('-').replace('-', '_').upper()}"
