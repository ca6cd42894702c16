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
    """Every file of a contract, laid out so that its references go on to lead where they led.

    Where one leads out of the document's folder, the folder that holds both is what is copied.

    Returns:
        The document's own path among the copies, and the file behind each of them; relative, with slashes.

    Raises:
        ScaffoldError: the document is no file, or a reference holds in its own place alone.
    """
    documents = spec.resolver.documents
    places = {one: _place(one, is_first=index == 0) for index, one in enumerate(documents)}
    for one in documents:
        for reference in _references(one.value):
            _check_movable(reference, one, places)
    root = Path(os.path.commonpath([one.parent for one in places.values()]))
    files = {one.relative_to(root).as_posix(): one for one in places.values()}
    return places[documents[0]].relative_to(root).as_posix(), files


def _place(document: Document, *, is_first: bool) -> Path:
    if document.path is None:
        raise ScaffoldError("a document that is no file can't be copied")
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
        one = waiting.pop()
        if isinstance(one, dict | list):
            if id(one) in seen:  # shared by an alias
                continue
            seen.add(id(one))
            if isinstance(one, dict) and isinstance(one.get("$ref"), str):
                yield one["$ref"]
            waiting += one.values() if isinstance(one, dict) else one
