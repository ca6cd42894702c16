"""The document and the files that it refers to, as they are copied."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from .errors import ScaffoldError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..spec.model import Spec
    from ..spec.text.document import Document

__all__ = ["copied_documents"]


def copied_documents(spec: Spec) -> tuple[str, dict[str, Path]]:
    """Return every file of a contract, laid out so that its references stay valid.

    Where one leads out of the document's folder, the folder that holds both is what is copied.

    Returns:
        The document's own path among the copies, and the file that each was copied from; relative, with slashes.

    Raises:
        ScaffoldError: The document is not a file, or a reference works only where it is.
    """
    documents = spec.resolver.files.documents
    places = {document: _place(document, is_first=index == 0) for index, document in enumerate(documents)}
    for document in documents:
        for reference in _references(document.value):
            _check_movable(reference, document, places)
    root = Path(os.path.commonpath([place.parent for place in places.values()]))
    files = {place.relative_to(root).as_posix(): place for place in places.values()}
    return places[documents[0]].relative_to(root).as_posix(), files


def _place(document: Document, *, is_first: bool) -> Path:
    if document.path is None:
        raise ScaffoldError("a document that is not a file can't be copied")
    # The first one may be a link, beside which its references are looked for; others were followed.
    return document.path.parent.resolve() / document.path.name if is_first else document.path


def _check_movable(reference: str, document: Document, places: dict[Document, Path]) -> None:
    """Refuse a reference to a file that is copied, if it would not lead to the copy."""
    parts = urlsplit(reference.partition("#")[0])
    target = Path(unquote(parts.path))
    if not parts.path or parts.scheme not in ("", "file"):
        return
    lexical = Path(os.path.normpath(places[document].parent / target))
    if lexical.resolve() not in places.values():
        return
    if target.is_absolute() or lexical != lexical.resolve():
        why = "is absolute" if target.is_absolute() else "leads through a symbolic link"
        raise ScaffoldError(
            f"{document.name}: the reference {reference!r} {why}, so that a copy would not be self-contained;"
            " write it relative to the file that it stands in"
        )


def _references(value: object) -> Iterator[str]:
    waiting = [value]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict | list):
            if id(value) in seen:  # shared by an alias
                continue
            seen.add(id(value))
            if isinstance(value, dict) and isinstance(value.get("$ref"), str):
                yield value["$ref"]
            waiting += value.values() if isinstance(value, dict) else value
