"""``asynction-asgi completion``: a shell's script to complete commands, options and files."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_PROGRAM = "asynction-asgi"
_VARIABLE = "_ASYNCTION_ASGI_COMPLETE"  # as click derives it from the program's name


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, /, shell: str) -> None:
    """Print the script that makes SHELL complete this command.

    \b
    bash, in ~/.bashrc:  eval "$(asynction-asgi completion bash)"
    zsh, in ~/.zshrc:    eval "$(asynction-asgi completion zsh)"
    fish, once:          asynction-asgi completion fish > ~/.config/fish/completions/asynction-asgi.fish
    """  # noqa: D301  # \b is click's mark for lines that stay as they are
    script = get_completion_class(shell)
    if script is None:  # cannot happen: click completes all three shells
        raise click.UsageError(f"there is no completion for {shell}")
    click.echo(script(ctx.find_root().command, {}, _PROGRAM, _VARIABLE).source())
