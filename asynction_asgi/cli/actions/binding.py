"""A check, in a separate process, of whether an application in a folder still fits its document."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 60.0
# The folder is the working directory, from which modules are imported first.
_CODE = """\
import sys
from asynction_asgi import AsynctionSocketIO, BindingError, SpecError
try:
    import app
    servers = [value for value in vars(app).values() if isinstance(value, AsynctionSocketIO)]
    for server in servers:
        server.check_handlers()
except (BindingError, SpecError) as error:
    sys.exit(str(error))
except Exception as error:
    sys.exit(f"app.py can't be imported: {type(error).__name__}: {error}")
if not servers:
    sys.exit("app.py defines no AsynctionSocketIO, so its handlers are not checked")
"""


def misfits(folder: Path) -> list[str]:
    """Return the lines in which servers of the module ``app`` in a folder report handlers that don't fit."""
    try:
        done = subprocess.run(  # noqa: S603  # the application is the user's own
            [sys.executable, "-c", _CODE],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return [f"app.py was not imported within {_SECONDS:g} s"]
    return done.stderr.splitlines()
