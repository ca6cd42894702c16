"""What ``asynction-asgi test`` does: it reads its options, runs the cases and prints what was found."""

from __future__ import annotations

import ipaddress
import json
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, get_args
from urllib.parse import urlsplit

import click

from ...errors import SpecError, printable
from ...probe.before import LeadError
from ...probe.benches import Benches
from ...probe.commands import Commands
from ...probe.handshake import with_demanded
from ...probe.plan import UnknownNamespaceError, name_namespaces, plan_cases
from ...probe.refusals import RefusalReader, load_refusal
from ...probe.report import Report
from ...probe.run import Run
from ...probe.target import Target
from ...spec.model.offered import served_spec
from ...spec.readers.examples import written_bytes
from ...spec.text.hints import did_you_mean
from ...testing.cases import Phase
from ..report import INTERRUPTED, show_diagnostics
from .call import read_before
from .connection import Connection, read_address, read_document, run_client, say
from .findings import FORMATS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from ...client.remote_client import Address
    from ...probe.plan import Batch
    from ...spec.model import Spec

_UNUSABLE = 2
_WIDTH = 78  # of the line of progress, which must not wrap
_POLITE = 20.0  # events per second to another machine


def run(
    ctx: click.Context,
    url: str,
    *,
    spec: str,
    schemas: Mapping[str, str],
    server_name: str | None,
    namespaces: Sequence[str],
    phases: Collection[str],
    include: Sequence[str],
    exclude: Sequence[str],
    before: str | None,
    examples: int,
    seed: int,
    rate: float | None,
    seconds: float,
    allow_host: str | None,
    refusal: str | None,
    form: str,
    output: str | None,
    dry_run: bool,
    allow_untested: bool,
    timeout: float,
    **address_options: Any,
) -> None:
    """Read the options of the command, test the server and exit.

    Raises:
        click.UsageError: An option is invalid, or the server is on another machine and was not confirmed.
    """
    document = served_spec(read_document(ctx, spec, schemas=schemas, server_name=server_name, code=_UNUSABLE))
    address = read_address(url, document=document, **address_options)
    is_foreign = _check_host(address, allow_host)
    _check_events(document, (*include, *exclude))
    try:
        named = name_namespaces(document, namespaces)
    except UnknownNamespaceError as error:
        raise click.UsageError(str(error)) from None
    batches = plan_cases(
        document,
        named,
        phases=[phase for phase in get_args(Phase) if phase in phases],
        include=include,
        exclude=exclude,
        seed=seed,
        examples=examples,
    )
    if dry_run:
        _show_plan(batches, named)
        ctx.exit(0)
    addresses = {
        name: with_demanded(document.namespaces[name], document, replace(address, namespace=concrete))
        for name, concrete in named.items()
    }
    mapped = [word for uri, folder in schemas.items() for word in ("--schemas", f"{uri}={folder}")]
    checking = ["--spec", spec, *mapped]
    commands = Commands(address, checking=checking, path=document.path, addresses=addresses, before=before)
    report = Report.of(document, seed)
    steps = read_before(before)
    refusals = _refusals(ctx, refusal, schemas)

    async def work() -> int:
        target = Target(
            seconds=timeout,
            budget=seconds,
            rate=_POLITE if is_foreign and rate is None else rate,
            is_alone=is_foreign and rate is None,
            steps=steps,
        )
        benches = Benches(document, target, addresses, refusals=refusals, commands=commands, report=report)
        probe = Run(document, target, benches, commands=commands, report=report, progress=_progress())
        try:
            await probe.run(batches, wire="wire" in phases)
        except LeadError as error:
            raise click.UsageError(f"--before: {error}") from None
        finally:
            _progress()("")
        return 1 if report.findings else 0

    with _opened(output) as file:
        code = run_client(
            Connection(address=address, seconds=timeout, contract=None), work(), failure=_UNUSABLE
        )
        if code == INTERRUPTED:  # what was found so far is worth printing
            report.stopped = "interrupted"
        if code != _UNUSABLE:
            FORMATS[form](report, commands, file)
    if code == 0 and report.untested and not allow_untested:
        say(
            f"{len(report.untested)} of {len(named)} namespaces not tested: pass the credentials that they require with"
            " --auth, --header or --query, select others with --namespace, or add --allow-untested",
            fg="red",
        )
        code = _UNUSABLE
    ctx.exit(code)


def _opened(output: str | None) -> AbstractContextManager[TextIO | None]:
    """Open the file of the report, or nothing for standard output.

    Raises:
        click.UsageError: The file can't be written.
    """
    if output is None:
        return nullcontext()
    try:
        return Path(output).open("w", encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"--output: can't write {output}: {error.strerror}") from None


def _check_host(address: Address, allowed: str | None) -> bool:
    """Return whether the server is on another machine; raise unless that was confirmed."""
    host = urlsplit(address.url).hostname or ""
    if allowed is not None and allowed.lower() != host:
        raise click.UsageError(f"--allow-host names {allowed!r}, and URL has the host {host!r}")
    try:
        is_local = ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        is_local = host == "localhost" or host.endswith(".localhost")
    if not is_local and allowed is None:
        raise click.UsageError(
            f"{host!r} is not this machine, and a test sends every event of the document many times;"
            f" if its data may be lost, add --allow-host {host}"
        )
    return not is_local


def _check_events(spec: Spec, events: Sequence[str]) -> None:
    known = {name for namespace in spec.namespaces.values() for name in namespace.receives}
    for event in events:
        if event not in known:
            raise click.UsageError(
                f"the document does not let clients emit {event!r}{did_you_mean(event, known)}"
            )


def _refusals(ctx: click.Context, path: str | None, schemas: Mapping[str, str]) -> RefusalReader:
    if path is None:
        return RefusalReader()
    try:
        return RefusalReader(load_refusal(path, schemas=schemas))
    except SpecError as error:
        show_diagnostics(error.diagnostics, err=True)
        ctx.exit(_UNUSABLE)


def _show_plan(batches: Iterable[Batch], named: dict[str, str]) -> None:
    """Print a line of JSON for each case, in the order of sending."""
    for batch in batches:
        for case in batch.cases:
            body = {
                "phase": case.phase,
                "namespace": named[case.namespace],
                "event": case.event,
                "args": case.arguments,
                "valid": case.is_valid,
                "about": {"pointer": case.pointer, "keyword": case.keyword},
            }
            click.echo(json.dumps(body, default=written_bytes))


def _progress() -> Any:
    """Return a function that replaces the last line of a terminal; elsewhere it shows nothing."""
    if not sys.stderr.isatty():
        return lambda _: None

    def show(line: str) -> None:
        click.echo(f"\r\x1b[2K{printable(line)[:_WIDTH]}", nl=False, err=True)

    return show
