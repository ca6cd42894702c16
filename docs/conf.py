"""Sphinx's settings: ``nox -s docs`` builds the pages, and any warning fails."""

from __future__ import annotations

from asynction_asgi import __version__

project = "asynction_asgi"
author = "The asynction_asgi authors"
release = version = __version__
extensions = ["myst_parser"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"asynction_asgi {release}"
html_show_copyright = False
html_show_sphinx = False
