"""``asynction-asgi client``: a typed module for the clients of a contract."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...errors import printable
from ..report import show_diagnostics
from ..schemas_option import schemas_option

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command()
@click.argument("spec", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--language",
    type=click.Choice(["typescript", "python"]),
    default="typescript",
    show_default=True,
    help="What to write: a module for socket.io-client, or for python-socketio.",
)
@click.option("--sync", is_flag=True, help="With Python: write for socketio.Client, whose methods block.")
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False),
    help="The folder to write to; created if it does not exist.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if the file is not up to date.")
@click.option("--force", is_flag=True, help="Overwrite a file that this command did not write.")
@click.option(
    "--server-name", help="The document's server to connect to; it picks path, security and channels."
)
@click.option(
    "--mount",
    default="",
    metavar="PATH",
    help="Where another application mounts the server, such as /realtime; the module's path begins with it.",
)
@schemas_option
@click.pass_context
def client(
    ctx: click.Context,
    /,
    spec: str,
    *,
    language: Any,
    sync: bool,
    output: str,
    check: bool,
    force: bool,
    server_name: str | None,
    mount: str,
    schemas: Mapping[str, str],
) -> None:
    """Write a typed client module for SPEC.

    The module is named after the document's title. It depends only on the contract: commit it, and let --check
    report when it is out of date.

    Exits with 1 when the document can't be served, the file was not written by this command, or --check
    finds a difference.
    """
    from ...spec import check_document  # noqa: PLC0415  # not for --help and completion
    from ...typed_clients import (  # noqa: PLC0415  # likewise
        differences,
        file_name,
        is_ours,
        mounted,
        write_python,
        write_typescript,
    )

    if sync and language != "python":
        raise click.UsageError("--sync needs --language python")
    if mount and (not mount.startswith("/") or set(mount) & set("?#")):
        raise click.UsageError(f"--mount takes a path such as /realtime, not {mount!r}")
    outcome = check_document(spec, server_name=server_name, schemas=schemas)
    if outcome.spec is None:
        show_diagnostics(outcome.diagnostics, err=True)
        ctx.exit(1)
    contract = mounted(outcome.spec, mount)
    module = write_python(contract, sync=sync) if language == "python" else write_typescript(contract)
    path = Path(output) / file_name(outcome.spec, language)
    for warning in module.warnings:
        click.echo(printable(f"warning: {warning}"), err=True)
    try:
        present = path.read_bytes().decode("utf-8", "replace") if path.exists() else None
        if check:
            for line in differences(present, module.text, str(path)):
                click.echo(printable(line), err=True)
            ctx.exit(0 if present == module.text else 1)
        if present is not None and not force and not is_ours(present):
            click.echo(printable(f"{path} was not written by this command; --force overwrites it"), err=True)
            ctx.exit(1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(module.text.encode())
    except OSError as error:
        click.echo(printable(f"can't write {error.filename or path}: {error.strerror}"), err=True)
        ctx.exit(1)
    click.echo(printable(str(path)))
