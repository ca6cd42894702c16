"""Write a document that a command makes."""

from __future__ import annotations

from pathlib import Path

import click

from ...errors import printable


def write_document(text: str, output: str | None, *, force: bool) -> None:
    """Write a document to a file, or to standard output if `output` is None.

    Raises:
        click.ClickException: The file exists, or can't be written.
    """
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with Path(output).open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise click.ClickException(f"{output} exists; --force overwrites it") from None
    except OSError as error:
        raise click.ClickException(f"can't write {output}: {error.strerror}") from None
    click.echo(printable(output))
