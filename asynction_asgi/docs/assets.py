"""The page's own files: styles and scripts, none of them from elsewhere."""

from __future__ import annotations

import hashlib
from pathlib import Path

_FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
ASSETS = {
    name: (_FOLDER / name).read_bytes() for name in ("docs.css", "docs.js", "console.js", "socketio.js")
}
"""Contents by name."""
VERSION = hashlib.sha256(b"".join(ASSETS.values())).hexdigest()[:16]
"""Changes with any of them, so that each may be kept for ever under it."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""The page's Content-Security-Policy, but for ``frame-ancestors``, which only a header may set."""
