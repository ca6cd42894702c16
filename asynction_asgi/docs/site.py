"""The documentation as files, for a site; without a console, since there is nothing to talk to."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..spec.model.export import bundled_document, check_publishable
from ..spec.model.offered import served_spec
from ..spec.text.yaml import dump_yaml
from ..typed_clients import write_python, write_typescript
from .assets import ASSETS, POLICY, VERSION
from .page import render_page

if TYPE_CHECKING:
    import os

    from ..spec import Spec


def build_site(
    spec: Spec, folder: str | os.PathLike[str], *, root: str | os.PathLike[str] | None = None
) -> list[Path]:
    """Write ``index.html``, the document, and what the page needs; whatever else is there stays.

    Args:
        spec: The contract.
        folder: Where to write.
        root: A folder whose files may be published, besides the document's own.

    Returns:
        The files written.

    Raises:
        SpecError: The contract refers to a file in another folder; nothing was written.
        OSError: A file can't be written; those before it were.
    """
    check_publishable(spec, root)
    place = Path(folder)
    document = bundled_document(spec)
    static = f"static/{VERSION}/"
    files = {
        "index.html": render_page(served_spec(spec), folder="", static=static, policy=POLICY),
        "asyncapi.json": json.dumps(document, ensure_ascii=False, indent=2),
        "asyncapi.yaml": dump_yaml(document),
        "client.ts": write_typescript(spec).text,
        "client.py": write_python(spec).text,
        **{f"{static}{name}": ASSETS[name].decode() for name in ("docs.css", "docs.js")},
    }
    written = []
    for name, text in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "backslashreplace"))
        written.append(path)
    return written
