"""The forms in which a document may be given."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from ..errors import SpecError
from ..spec import Spec, check_document
from ..spec.load import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..errors import Diagnostic

Schemas: TypeAlias = Mapping[str, str | os.PathLike[str]]
Source: TypeAlias = str | os.PathLike[str] | Mapping[str, Any] | IO[str] | Spec


def load_source(
    source: Source,
    *,
    server_name: str | None = None,
    strict: bool = False,
    schemas: Schemas | None = None,
    find_more: Callable[[Spec], Iterable[Diagnostic]] | None = None,
) -> Spec:
    """Load the document from a path, an open file or a mapping; a loaded `Spec` is returned unchanged.

    Args:
        source: The document.
        server_name: Which of its servers this is.
        strict: See `load_spec`.
        schemas: See `load_spec`.
        find_more: Called with what could be read of a document that can't be served; what it returns is
            reported together with the document's errors.

    Raises:
        SpecError: The document can't be loaded or served.
        TypeError: `source` has another type.
    """
    if isinstance(source, Spec):
        return source
    if not isinstance(source, str | os.PathLike | Mapping) and not hasattr(source, "read"):
        raise TypeError(
            f"a document is a path, an open file, a mapping or a Spec, not {type(source).__name__}"
        )
    outcome = check_document(source, server_name=server_name, strict=strict, schemas=schemas)
    if outcome.spec is not None:
        return outcome.spec
    draft, found = outcome.draft, outcome.diagnostics
    if draft is not None and find_more is not None:
        found = in_order((*found, *find_more(draft)), draft.resolver)
    raise SpecError(found)
