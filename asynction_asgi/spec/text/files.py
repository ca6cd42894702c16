"""The files that the references of a document reach; nothing is ever fetched."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from ...errors import SpecError
from .document import Document, Node, load_document
from .hints import did_you_mean
from .reference_faults import ReferenceFault, reference_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


class Confinement(NamedTuple):
    """What the references of a file can't leave.

    Attributes:
        folder: The folder.
        uri: The URI that stands for the file, or for one that refers to it.
    """

    folder: Path
    uri: str


class Files:
    """A document and the files beside it, each read once.

    Args:
        document: The first one.
        read: Returns the content of the file at an absolute path, or raises OSError.
    """

    def __init__(self, document: Document, read: Callable[[Path], bytes]) -> None:
        self._document = document
        self._read_file = read
        self._files: dict[Path, Document | ReferenceFault] = {}
        if document.path is not None:
            self._files[document.path.resolve()] = document
        self._reached: dict[Path, Node] = {}
        self._confined: dict[Document, Confinement] = {}

    @property
    def documents(self) -> tuple[Document, ...]:
        """Every document read so far, the first one first."""
        others = (document for document in self._files.values() if isinstance(document, Document))
        return (self._document, *(document for document in others if document is not self._document))

    @property
    def reached(self) -> Mapping[Path, Node]:
        """The first reference that led to each file besides the document's own, by absolute path."""
        return self._reached

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file that was read or that a reference names, readable or not; absolute."""
        return tuple(self._files)

    def named(self, node: Node, uri: str) -> Document:
        """Return the file that the URI of a reference names, beside the one that holds it.

        Raises:
            ReferenceFault: The file can't be read, or lies elsewhere.
        """
        try:
            parts = urlsplit(uri)
        except ValueError as error:
            raise reference_fault(node, "REF_FILE", f"{uri!r} is not a URI: {error}") from error
        if "\\" in uri or _DRIVE.match(uri):
            message = f"{uri!r} is a Windows path; use a relative path with / between folders"
            raise reference_fault(node, "REF_FILE", message)
        if parts.scheme not in {"", "file"} or parts.netloc not in {"", "localhost"}:
            raise reference_fault(
                node,
                "REF_REMOTE",
                f"remote references are never fetched: {uri!r}; save the file beside this one, or save it "
                "anywhere and say where by --schemas URI=PATH",
            )
        if parts.path.endswith("/"):
            raise reference_fault(node, "REF_FILE", f"can't read {uri!r}: it names a directory")
        base = node.document.path
        relative = Path(unquote(parts.path))
        if base is None and not relative.is_absolute():
            raise reference_fault(
                node,
                "REF_FILE",
                f"{uri!r} is relative, but this document was not read from a file; use an absolute path",
            )
        path = base.parent / relative if base is not None else relative
        return self.at(node, path, uri, name=_shown(node, uri))

    def at(
        self, node: Node, path: Path, uri: str, *, name: str, within: Confinement | None = None
    ) -> Document:
        """Return the file at a path, which the URI of a reference stands for.

        A file read within a folder is confined to it: its own references can't leave the folder, nor can
        those of the files that it refers to, whatever else refers to them. The first document is never confined.

        Args:
            node: Holds the reference.
            path: Of the file.
            uri: As diagnostics say it.
            name: What to call the file in diagnostics.
            within: What confines it, where the file itself means the folder that it is in. None if only what
                confines the document that refers to it counts.

        Raises:
            ReferenceFault: The file can't be read, or is outside the folder, and was not read.
        """
        confined = self._confined.get(node.document)
        because = "" if confined is None else f", to which {confined.uri!r} confines this file"
        try:
            path = path.resolve()
            if within is not None:
                folder = within.folder.resolve()
                confined, because = Confinement(folder.parent if folder == path else folder, within.uri), ""
        except (OSError, ValueError, RuntimeError) as error:
            raise reference_fault(node, "REF_FILE", f"can't read {uri!r}: {error}") from error
        if confined is not None and not path.is_relative_to(confined.folder):
            message = f"{uri!r} leads out of the folder {str(confined.folder)!r}{because}; save the file in that folder"
            raise reference_fault(node, "REF_FILE", message)
        known = self._files.get(path)
        if known is None:
            known = self._read(node, path, uri, name)
            self._files[path] = known
            self._reached[path] = node
        if isinstance(known, ReferenceFault):
            raise known
        if confined is not None and known is not self._document:
            self._confined.setdefault(known, confined)
        return known

    def _read(self, node: Node, path: Path, uri: str, name: str) -> Document | ReferenceFault:
        try:
            return load_document(path, name=name, read=self._read_file)
        except SpecError as error:
            if error.diagnostics[0].code != "REF_FILE":
                return ReferenceFault(error.diagnostics)
            reason = error.diagnostics[0].message.rpartition(": ")[2]
            where = f" from {name}" if urlsplit(uri).scheme not in ("", "file") else ""
            return reference_fault(node, "REF_FILE", f"can't read {uri!r}{where}: {reason}{_meant(path)}")


def _meant(path: Path) -> str:
    """Return a hint at the file that a path was probably meant to lead to, or ``""``."""
    try:
        names = [] if path.exists() else sorted(entry.name for entry in path.parent.iterdir())
    except (OSError, ValueError):
        return ""
    longer = next((name for name in names if name.startswith(f"{path.name}.")), None)
    return did_you_mean(path.name, names) if longer is None else f"; did you mean {longer!r}?"


def _shown(node: Node, uri: str) -> str:
    """Return the name of a referenced file, in the terms in which the author named the first one."""
    name, path = node.document.name, node.document.path
    if name is None:
        return uri
    referenced = unquote(urlsplit(uri).path)
    folder = name.removesuffix(path.name) if path is not None else ""
    if folder.endswith(":"):  # a revision's top folder, as in main:chat.yaml
        return f"{folder}{Path(referenced)}"
    return str(Path(name).parent / referenced)
