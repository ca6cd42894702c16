"""Which class serves the requests that are no handshakes of ours."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from .heads import BoundedProtocol, is_bounded
from .polling import PollingProtocol
from .proving import passes

if TYPE_CHECKING:
    from collections.abc import Callable

_LEAVING = (
    "leaving requests of polling to uvicorn, at twice the CPU for each: %s (uvicorn %s, httptools %s); all else works"
    " as usual. Use httptools 0.6.3 or later; if it is that already, update asynction-asgi"
)


@functools.cache
def request_class() -> Any:
    """Return uvicorn's own class for h11, or a subclass of that for httptools; decided once, in a few milliseconds.

    The one that answers polls by itself is a matter of the release; if that can't be used, the log says so.
    """
    if not is_bounded():
        return AutoHTTPProtocol
    return PollingProtocol if passes(_self_test, _LEAVING, "httptools") else BoundedProtocol


def _self_test() -> Callable[[], None]:
    from .polling_self_test import run  # noqa: PLC0415  # an unknown release may fail that

    return run
