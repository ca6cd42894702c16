"""``asynction-asgi demo``: a chat to try in two browser windows."""

from __future__ import annotations

from typing import Any

import click

from ..server_options import uvicorn_options


@click.command()
@uvicorn_options("host", "port", "log_level")
def demo(**options: Any) -> None:
    """Serve a chat that a document drives, with a page to try it and to break its rules.

    Open the address in two browser windows and choose two names.
    """
    from ...demo import create_app  # noqa: PLC0415  # not for --help and completion
    from ..actions.log_config import configure_logging  # noqa: PLC0415  # likewise
    from ..actions.serve import serve  # noqa: PLC0415  # likewise

    configure_logging(options, refusals=True)
    serve(create_app(), options)
