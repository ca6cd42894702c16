"""What ``asynction-asgi infer`` does: it reads records and writes a document."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...errors import printable
from ...infer import Seen, make_document
from ...traffic import RecordError, read_record
from .connection import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from ...drafts import Version


def infer_document(records: Sequence[str], *, title: str, version: Version, guesses: bool) -> str:
    """Return the YAML of a document that declares what records contain.

    Args:
        records: Paths, read in this order; the order makes no difference.
        title: Of the document.
        version: Of AsyncAPI.
        guesses: Whether to write guesses as comments.

    Raises:
        click.ClickException: A record can't be read, or none contains an event.
    """
    seen = Seen()
    with _progress(sum(Path(record).stat().st_size for record in records)) as progress:
        for record in records:
            _read(record, seen, progress)
    if seen.left_out:
        count, example = seen.left_out.total(), repr(next(iter(seen.left_out)))
        say(f"{count} lines are left out: no document can declare names such as {example}")
    if not seen.messages:
        raise click.ClickException("the records contain no events; use the server through the proxy first")
    if seen.refused:
        say(f"{seen.refused} events are left out: the server refused them as invalid")
    return make_document(seen, version=version, title=title, guesses=guesses)


def _read(record: str, seen: Seen, progress: Callable[[int], object]) -> None:
    try:
        with Path(record).open(encoding="utf-8", newline="\n") as file:
            for line in read_record(_counted(file, progress), record):
                seen.add(line)
    except RecordError as error:
        raise click.ClickException(str(error)) from None
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{record}: not a record: {error}") from None
    except OSError as error:
        raise click.ClickException(f"can't read {record}: {error.strerror}") from None


def say_next(output: str | None) -> None:
    """Say what to do with the file of a document, if it is one."""
    if output is not None:
        say(printable(f"next: asynction-asgi proxy URL -s {output} --validation warn"))


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[int], object]]:
    """Yield a function that takes the number of characters just read, and shows on a terminal how far it is."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=total, label="reading", file=sys.stderr) as shown:
        yield shown.update


def _counted(texts: Iterable[str], progress: Callable[[int], object]) -> Iterator[str]:
    for text in texts:
        yield text
        progress(len(text))
