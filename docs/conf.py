"""Sphinx's settings: ``nox -s docs`` builds the pages, and any warning fails."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from asynction_asgi import __version__

project = "asynction_asgi"
author = "The asynction_asgi authors"
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "docs.directive"]
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
autodoc_default_options = {"exclude-members": "__new__"}
napoleon_use_ivar = True
napoleon_custom_sections = [("Options", "params_style")]  # as `help(AsynctionSocketIO.from_spec)` shows them
default_role = "py:obj"
python_use_unqualified_type_names = True
# Types of other packages, and those that only annotations name, have no page to link to.
nitpick_ignore_regex = [("py:(class|data|func|obj|exc|meth|attr|mod)", ".*")]
myst_enable_extensions = ["attrs_inline", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_title = f"asynction_asgi {release}"
html_show_copyright = False
html_show_sphinx = False
