"""What ``asynction-asgi export`` does: it imports servers, writes their document and binds it to them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import click

from ...errors import BindingError, printable
from ...export import ExportError, export_document, read_served
from ...server.contract import Contract
from ...spec import check_document
from ...spec.model.offered import served_spec
from ..report import show_diagnostics
from .connection import say
from .importing import import_from, import_name
from .writing import write_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...drafts import Version
    from ...errors import Diagnostic


def export(
    targets: Sequence[str], *, output: str | None, force: bool, title: str, version: Version, app_dir: str
) -> None:
    """Write the document of servers and namespaces; print what is left open in it and what does not fit.

    Args:
        targets: As ``module:name``.
        output: The file to write; None is standard output.
        force: Whether an existing file is overwritten.
        title: Of the document.
        version: Of AsyncAPI.
        app_dir: The folder to import from.

    Raises:
        click.ClickException: A target can't be imported or exported, or the file can't be written.
        SystemExit: The document is written, and has problems.
    """
    import_from(app_dir)
    for target in targets:
        if not _is_name(target):
            raise click.UsageError(f"{target!r} is not module:name")
    try:
        served = read_served({target: import_name(target) for target in targets})
    except ExportError as error:
        raise click.ClickException(str(error)) from None
    modules = [target.partition(":")[0] for target in targets]
    exported = export_document(served, modules=modules, version=version, title=title)
    write_document(exported.text, output, force=force)
    for note in exported.notes:
        say(printable(str(note)))
    problems = _problems(exported.text, output)
    show_diagnostics(problems, err=True)
    if any(problem.severity == "error" for problem in problems):
        raise SystemExit(1)
    if output is not None and served.servers:
        source = f"AsynctionSocketIO.from_spec({output!r}, bind='start')"
        say(printable(f"next: sio = {source} in place of the server, so that handlers emit through it"))


def _problems(text: str, output: str | None) -> list[Diagnostic]:
    """Check a document strictly, and bind it to the handlers that it names; return what is wrong."""
    outcome = check_document(io.StringIO(text), strict=True, name=output or "<exported>")
    if outcome.spec is None:
        return list(outcome.diagnostics)
    try:
        contract = Contract.bind(served_spec(outcome.spec))
    except BindingError as error:
        return [*outcome.diagnostics, *error.diagnostics]
    return [*outcome.diagnostics, *contract.routes.warnings]


def _is_name(target: str) -> bool:
    module, colon, names = target.partition(":")
    return bool(colon) and all(name.isidentifier() for name in (*module.split("."), *names.split(".")))
