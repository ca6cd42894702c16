"""What ``call`` and ``listen`` share: the server's address, credentials, and messages about failures."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import click

from ...client.refusals import connect_refusal
from ...client.remote_client import DEFAULT_PATH, TRANSPORTS, Address, ClosedError, ConnectRefusedError
from ...client.remote_http import MissingClientError, RedirectedError, UnreachableError
from ...errors import RefusedError, ValidationError, printable
from ..arguments import read_json
from ..report import INTERRUPTED, show_diagnostics

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence

    from ...spec import Spec
    from ...testing.contract import NamespaceContract

# The words of Socket.IO's servers in JavaScript and of this package, and those of python-socketio.
_UNKNOWN_NAMESPACE = ("Invalid namespace", "Unable to connect")


class ReaderGoneError(Exception):
    """The reader of standard output has closed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The connection that the options of a command describe.

    Attributes:
        seconds: How long to wait for each answer of the server.
        contract: The checks of the namespace, or None without ``--spec``.
    """

    address: Address
    seconds: float
    contract: NamespaceContract | None


def read_connection(
    ctx: click.Context,
    url: str,
    *,
    namespace: str,
    path: str | None,
    auth: str | None,
    headers: Sequence[str],
    query: Sequence[str],
    transport: str,
    timeout: float,
    insecure: bool,
    spec: str | None,
    schemas: Mapping[str, str],
) -> Connection:
    """Read the options of `connection_options`; exit with 1 if the document of ``--spec`` has errors.

    Raises:
        click.UsageError: An option is invalid.
    """
    document = None if spec is None else read_document(ctx, spec, schemas=schemas)
    address = read_address(
        url,
        document=document,
        namespace=namespace,
        path=path,
        auth=auth,
        headers=headers,
        query=query,
        transport=transport,
        insecure=insecure,
    )
    return Connection(
        address=address,
        seconds=timeout,
        contract=None if document is None else _contract(document, address.namespace),
    )


def read_address(
    url: str,
    *,
    document: Spec | None,
    namespace: str = "/",
    path: str | None,
    auth: str | None,
    headers: Sequence[str],
    query: Sequence[str],
    transport: str,
    insecure: bool,
) -> Address:
    """Read the options of `address_options`.

    Raises:
        click.UsageError: An option is invalid.
    """
    if path is None:
        path = DEFAULT_PATH if document is None else document.path
    base, full_path = _read_place(url, path, [_parameter(parameter) for parameter in query])
    return Address(
        url=base,
        path=full_path,
        namespace=namespace if namespace.startswith("/") else f"/{namespace}",
        auth=None if auth is None else read_json(auth, "--auth"),
        headers=[_header(header) for header in headers],
        transports=TRANSPORTS if transport == "auto" else (transport,),
        verify=not insecure,
    )


def _contract(document: Spec, namespace: str) -> NamespaceContract:
    from ...testing.contract import Contract  # noqa: PLC0415  # only documents need it

    return Contract(document).of_namespace(namespace)


def read_document(
    ctx: click.Context,
    path: str,
    *,
    schemas: Mapping[str, str],
    server_name: str | None = None,
    code: int = 1,
) -> Spec:
    """Read a document; exit with `code` if it has errors, which are printed."""
    from ...spec import check_document  # noqa: PLC0415  # only documents need it

    outcome = check_document(path, server_name=server_name, schemas=schemas)
    if outcome.spec is None:
        show_diagnostics(outcome.diagnostics, err=True)
        ctx.exit(code)
    return outcome.spec


def _read_place(url: str, path: str, query: list[tuple[str, str]]) -> tuple[str, str]:
    """Return the URL with its query but without a path, and the path of Socket.IO."""
    hint = "" if "://" in url else f"; did you mean 'http://{url}'?"
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https", "ws", "wss") and parts.hostname and parts.port != 0
    except ValueError as error:  # such as a port that is not a number, or brackets without an address
        raise click.UsageError(f"{url!r} is not a URL: {error}") from None
    if not known:
        raise click.UsageError(f"{url!r} is not the URL of a server, such as http://127.0.0.1:8000{hint}")
    parameters = "&".join(text for text in (parts.query, urlencode(query)) if text)
    return f"{parts.scheme}://{parts.netloc}/?{parameters}", _joined(parts.path, path)


def _joined(base: str, path: str) -> str:
    """Join two paths; write a shared end and beginning once.

    Servers print their URL with the path at start-up, and users paste it.
    """
    upper, lower = ([part for part in text.split("/") if part] for text in (base, path))
    shared = next((n for n in range(len(lower), 0, -1) if upper[-n:] == lower[:n]), 0)
    return "/" + "/".join([*upper, *lower[shared:]])


def _parameter(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise click.UsageError(f"--query takes NAME=VALUE, not {text!r}")
    return name, value


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip() or not text.isprintable():
        raise click.UsageError(f"--header takes 'Name: value', not {text!r}")
    return name.strip(), value.strip()


def write(text: str) -> None:
    """Write one line of output and flush it.

    Raises:
        ReaderGoneError: The reader has closed standard output.
    """
    try:
        click.echo(text)
    except BrokenPipeError:
        raise ReaderGoneError from None


def say(text: str, *, fg: str | None = None) -> None:
    """Print a line about the progress to standard error."""
    click.secho(text, err=True, fg=fg)


def say_refusal(what: str, error: RefusedError) -> None:
    """Print a refusal with its code and all its details."""
    # Other implementations send no code.
    code = "" if error.code == RefusedError.code else f" [{printable(error.code)}]"
    say(f"{what}: {printable(error.message)}{code}", fg="red")
    if len(error.details) > 1:  # the message names the first
        for violation in error.details:
            say(f"  {printable(violation.pointer) or 'the arguments'}: {printable(violation.message)}")
    if isinstance(error.ref, str):
        say(f"  the server's log has more under {printable(error.ref)}")


def say_violation(error: ValidationError) -> None:
    """Print how something does not match the document of ``--spec``."""
    what = "the acknowledgement of " if error.part == "ack" else ""
    say_refusal(f"{what}{printable(repr(error.event))} does not match the document", error)


def finish(ctx: click.Context, connection: Connection, work: Coroutine[Any, Any, int]) -> None:
    """Run a client as `run_client` does and exit with its code."""
    ctx.exit(run_client(connection, work))


def run_client(connection: Connection, work: Coroutine[Any, Any, int], *, failure: int = 1) -> int:
    """Run a client and return its exit code; print each failure as one line.

    Args:
        connection: What the client connects to.
        work: The client.
        failure: The exit code if it fails.
    """
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        return INTERRUPTED
    except ReaderGoneError:
        # Python flushes the rest at exit, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MissingClientError:
        say("this command needs aiohttp: pip install 'asynction-asgi[client]'", fg="red")
    except UnreachableError as error:
        reason = printable(str(error))
        say(
            f"no connection to {connection.address.shown}: {reason}{_hint(connection, error, reason)}",
            fg="red",
        )
    except ConnectRefusedError as error:
        refusal = connect_refusal(error.answer)
        say_refusal(f"the server refused the connection to {printable(error.namespace)}", refusal)
        if refusal.message in _UNKNOWN_NAMESPACE:
            say("The server does not have this namespace; use --namespace for another one")
    except ClosedError as error:
        say(printable(str(error)), fg="red")
    except ValidationError as error:
        say_violation(error)
    except RecursionError:
        say("what the server sent is nested too deeply to be shown", fg="red")
    return failure


def _hint(connection: Connection, error: UnreachableError, reason: str) -> str:
    if isinstance(
        error, RedirectedError
    ):  # its message says what to do, and its address may match the checks below
        return ""
    if re.search(r"\b404\b", reason):  # and no part of a port
        # For clients in JavaScript a path in the URL is a namespace.
        return (
            "\nSocket.IO has another path on this server; use --path for it, and --namespace for a namespace"
        )
    if "CERTIFICATE_VERIFY_FAILED" in reason:
        return "\n--insecure accepts any certificate"
    if "wrong version number" in reason.lower().replace("_", " "):
        return f"\nThe server does not speak TLS; did you mean {connection.address.shown.replace('s://', '://', 1)}?"
    return ""
