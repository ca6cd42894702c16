"""The command line, as the commands declare it."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import click

from asynction_asgi.cli import main

from .markdown import table

if TYPE_CHECKING:
    from collections.abc import Iterator


def all_commands() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Yield each command with its name, groups left out but for their commands."""
    top = click.Context(main, info_name="asynction-asgi")
    for name in main.list_commands(top):
        _, command, _ = main.resolve_command(top, [name])
        if command is not None:
            yield from _within(name, command, click.Context(command, info_name=name, parent=top))


def _within(
    name: str, command: click.Command, context: click.Context
) -> Iterator[tuple[str, click.Command, click.Context]]:
    if not isinstance(command, click.Group):
        yield name, command, context
        return
    for inner in command.list_commands(context):
        found = command.get_command(context, inner)
        if found is not None:
            yield from _within(
                f"{name} {inner}", found, click.Context(found, info_name=inner, parent=context)
            )


def commands() -> str:
    """Return a section for each command: usage, help and options."""
    return "".join(_section(*command) for command in all_commands())


def _section(name: str, command: click.Command, context: click.Context) -> str:
    usage = " ".join((context.command_path, *command.collect_usage_pieces(context)))
    records = [
        record
        for parameter in command.get_params(context)
        if (record := _record(parameter, context)) is not None
    ]
    options = table(("Option", "Does"), records)
    return f"## {name}\n\n```text\n{usage}\n```\n\n{_help(command)}\n\n{options}"


def _help(command: click.Command) -> str:
    return _with_code(inspect.cleandoc(command.help or ""))


def _record(parameter: click.Parameter, context: click.Context) -> tuple[str, str] | None:
    record: Any = parameter.get_help_record(context)
    if record is None or isinstance(parameter, click.Argument) or parameter.name == "help":
        return None
    names, text = record
    return f"`{names}`", _with_code(text)


def _with_code(text: str) -> str:
    """Return a help text with its options and quoted arguments as code, where hyphens and quotes stay as they are."""
    return re.sub(r"""`[^`]*`|(?<!\w)(--[a-z][a-z-]*|'"[^']*"')""", _as_code, text)


def _as_code(match: re.Match[str]) -> str:
    return f"`{match[1]}`" if match[1] else match[0]
