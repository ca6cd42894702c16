"""``asynction-asgi schema``: a JSON Schema with which editors check documents."""

from __future__ import annotations

import json

import click


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, writable=True),
    help="The file to write; by default, standard output.",
)
@click.option(
    "--alone", is_flag=True, help="Leave out AsyncAPI's own schema, which editors fetch by its URL."
)
def schema(output: str | None, *, alone: bool) -> None:
    """Print a JSON Schema with which editors complete and check documents as they are written.

    It extends AsyncAPI's own schema, which accepts any extension. 'check' finds more.
    """
    from ...spec.structure.editor_schema import editor_schema  # noqa: PLC0415  # not for --help and completion

    text = json.dumps(editor_schema(alone=alone), indent=2)
    if output is None:
        click.echo(text)
        return
    try:
        with click.open_file(output, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
    except OSError as error:
        raise click.ClickException(f"can't write {output}: {error.strerror}") from None
