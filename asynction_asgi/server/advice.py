"""What a developer would otherwise have to find out, said once at the start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..logs import get_logger
from .reloading import reload_advice

if TYPE_CHECKING:
    from ..docs import Docs
    from ..spec import Spec

logger = get_logger()


def advise(spec: Spec, docs: Docs | None, app: object) -> None:
    """Log what a developer would otherwise have to find out."""
    if (advice := reload_advice(spec.files)) is not None:
        logger.warning("%s", advice)
    if docs is not None and docs.path == getattr(app, "docs_url", None):
        logger.warning("%s stays the wrapped application's; pass docs_path to serve our page too", docs.path)
