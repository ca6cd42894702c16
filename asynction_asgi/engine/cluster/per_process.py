"""State that belongs to one process: a fork begins without it, and never destroys what it inherited."""

from __future__ import annotations

import ctypes
import os
import threading
from typing import Generic, TypeVar

__all__ = ["PerProcess", "keep_for_ever"]

Value = TypeVar("Value")


class PerProcess(Generic[Value]):
    """A value and its lock, which a forked process does not share.

    Attributes:
        value: None until it is set in this process; read and set it under `lock`.
    """

    def __init__(self) -> None:
        self.value: Value | None = None
        self._process = os.getpid()
        self._lock = threading.Lock()

    @property
    def lock(self) -> threading.Lock:
        """The lock of this process; after a fork another one, and the value is forgotten."""
        if self._process != os.getpid():  # the lock may be taken for ever, by a thread that was not copied
            self._process, self._lock = os.getpid(), threading.Lock()
            keep_for_ever(self.value)
            self.value = None
        return self._lock


def keep_for_ever(inherited: object) -> None:
    """Never let an object that a fork has copied be destroyed.

    The child shares the descriptors of its parent's loop: where a connection of that loop is destroyed here,
    asyncio takes it out of the selector, which is the parent's as well.
    """
    if inherited is not None and hasattr(ctypes, "pythonapi"):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited))
