"""The document and the files that it refers to, as they are copied."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from ..spec.schemas.resources import resources_of
from .errors import ScaffoldError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..spec.model import Spec
    from ..spec.text.document import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Where the files of a contract will be; paths are relative, with slashes.

    Attributes:
        document: The document's own path.
        sources: The file that each is copied from.
        schemas: The folder or file for each URI that references begin with, of those that are used.
    """

    document: str
    sources: Mapping[str, Path]
    schemas: Mapping[str, str]


def copied_documents(spec: Spec) -> Copies:
    """Return every file of a contract, laid out so that its references stay valid.

    Where one leads out of the document's folder, the folder that holds both is what is copied.

    Raises:
        ScaffoldError: The document is not a file, or a reference works only where it is.
    """
    documents = spec.resolver.files.documents
    places = {document: _place(document, is_first=index == 0) for index, document in enumerate(documents)}
    for document in documents:
        for reference in _references(document.value):
            _check_movable(reference, document, places)
    kept = {uri: path.resolve() for uri, path in resources_of((), spec.resolver).kept.items()}
    used = {
        uri: path
        for uri, path in kept.items()
        if any(place.is_relative_to(path) for place in places.values())
    }
    folders = [path if path.is_dir() else path.parent for path in used.values()]
    root = Path(os.path.commonpath([*folders, *(place.parent for place in places.values())]))
    return Copies(
        document=places[documents[0]].relative_to(root).as_posix(),
        sources={place.relative_to(root).as_posix(): place for place in places.values()},
        schemas={uri: path.relative_to(root).as_posix() for uri, path in used.items()},
    )


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
