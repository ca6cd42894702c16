"""What user code raised at start-up, in words for a diagnostic."""

from __future__ import annotations

import traceback


def describe_raised(error: BaseException) -> str:
    """Return the class and text of an error, with the line of user code that raised it if there is one.

    To be called where the error was caught.
    """
    called = traceback.extract_tb(error.__traceback__)[1:]  # the first frame is the caller's
    frames = [frame for frame in called if "importlib" not in frame.filename]
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}"
