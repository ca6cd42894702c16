"""Documents as they are on disk, or as they were in a revision of git."""

from __future__ import annotations

import errno
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from ..spec import check_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..spec import Outcome

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_SECONDS = 60.0
_FLAGS = frozenset({"--show-toplevel", "--is-shallow-repository", "--all"})  # ours, and never an author's


class RevisionError(Exception):
    """A document can't be read by its name; the message says why, and what to do."""


def check_revision(
    name: str, *, server_name: str | None = None, schemas: Mapping[str, str] | None = None
) -> Outcome:
    """Check a document by the name of its file, or as ``revision:path`` of git.

    References of a revision's document are read from the same revision. A file of that name comes first.

    Args:
        name: As typed.
        server_name: Of the document's servers, which to serve as.
        schemas: See `load_spec`; those of a revision are read from it, too.

    Raises:
        RevisionError: There is no such file, git has no such revision or path, or git itself failed.
    """
    revision, colon, path = name.partition(":")
    if Path(name).is_file():
        return check_document(name, server_name=server_name, schemas=schemas)
    if not colon or _DRIVE.match(name):
        raise RevisionError(f"{name!r} is not a file; write 'revision:path' for a document of git")
    if not revision or not path:
        raise RevisionError(f"{name!r} has no {'path' if revision else 'revision'}; write 'revision:path'")
    tree = _Tree(revision)
    place = tree.top / tree.inside(path)
    return check_document(place, server_name=server_name, schemas=schemas, name=name, read=tree.read)


def find_in_revision(path: str, revision: str) -> str | None:
    """Return the name of a file in a revision, or None if it is new; before the first commit all are.

    Args:
        path: Of a file on disk.
        revision: Of git.

    Raises:
        RevisionError: Git has no such revision, the file is outside of the repository, or git failed.
    """
    tree = _Tree(revision)
    name = f"{revision}:{tree.inside(f'./{os.path.relpath(path)}').as_posix()}"
    try:
        return name if _git("cat-file", "-t", name).strip() == b"blob" else None
    except RevisionError:
        if revision != "HEAD" or _git("rev-list", "-n", "1", "--all"):
            tree.check_revision()
        return None


class _Tree:
    """The files of one revision, under the paths that they have on disk when it is checked out."""

    def __init__(self, revision: str) -> None:
        self.revision = revision
        self.top = Path(_git("rev-parse", "--show-toplevel").decode().rstrip("\n"))

    def inside(self, path: str) -> Path:
        """Return a path from the top folder, as git reads it: relative to here if it begins with a dot."""
        if not path.startswith(("./", "../")):
            return Path(path)
        try:
            return Path(os.path.normpath(Path.cwd() / path)).relative_to(self.top)
        except ValueError:
            raise RevisionError(f"{path!r} is outside of the repository") from None

    def read(self, path: Path) -> bytes:
        """Return the content of a file.

        Raises:
            OSError: It is outside of the repository, or the revision doesn't have it.
            RevisionError: The revision itself is missing.
        """
        try:
            inside = path.relative_to(self.top).as_posix()
        except ValueError as error:
            raise OSError(errno.ENOENT, "it is outside of the repository") from error
        name = f"{self.revision}:{inside}"
        try:
            kind = _git("cat-file", "-t", name)
        except RevisionError:
            self.check_revision()
            hint = "" if Path.cwd() == self.top else "; paths begin at the top folder, or with ./ here"
            raise OSError(errno.ENOENT, f"{self.revision!r} has no file {inside!r}{hint}") from None
        if kind.strip() != b"blob":
            raise OSError(errno.EISDIR, "it names a directory")
        return _git("show", "--no-textconv", name)

    def check_revision(self) -> None:
        """Raise `RevisionError` if git has no such revision; says how a shallow clone gets it."""
        try:
            _git("rev-parse", "--verify", "--quiet", f"{self.revision}^{{tree}}")
        except RevisionError:
            pass
        else:
            return
        message = f"git has no revision {self.revision!r}"
        if _git("rev-parse", "--is-shallow-repository").strip() == b"true":
            remote, _, branch = self.revision.partition("/")
            what = f"{remote} {branch}" if branch else f"origin {self.revision}"
            message += f"; this is a shallow clone: fetch it first, by 'git fetch --depth 1 {what}'"
            message += ", or check out with fetch-depth: 0"
        raise RevisionError(message)


def _git(command: str, *arguments: str) -> bytes:
    """Run git, without a shell and with nothing that could be taken for an option.

    Raises:
        RevisionError: It is not installed, took too long, or failed; its own message is in it.
    """
    *options, name = arguments
    # What comes after is no option, whatever it begins with.
    words = [name] if name in _FLAGS else ["--end-of-options", name]
    try:
        done = subprocess.run(  # noqa: S603  # no shell, and the program is git itself
            ["git", command, *options, *words],  # noqa: S607  # the user's own git
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=_SECONDS,
        )
    except FileNotFoundError:
        raise RevisionError("git is not installed, and a revision can't be read without it") from None
    except subprocess.TimeoutExpired:
        raise RevisionError(f"git did not answer within {_SECONDS:.0f} seconds") from None
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().removeprefix("fatal: ").split("\n")[0]
        raise RevisionError(f"git {command} failed: {reason or f'exit status {done.returncode}'}")
    return done.stdout
