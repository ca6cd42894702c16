"""State of one process: a fork starts without it, and never destroys the inherited objects."""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")
_every: weakref.WeakSet[PerProcess[Any]] = weakref.WeakSet()


class PerProcess(Generic[Value]):
    """A value and its lock, which forked processes do not share.

    Attributes:
        value: None until it is set in this process; read and set it under `lock`.
        lock: The lock of this process.
    """

    def __init__(self) -> None:
        self.value: Value | None = None
        self.lock = threading.Lock()
        _every.add(self)

    def begin_anew(self) -> None:
        """Forget the value, and replace the lock, which may be held for ever by a thread that was not copied."""
        self.lock = threading.Lock()
        keep_for_ever(self.value)
        self.value = None


def keep_for_ever(inherited: object) -> None:
    """Keep an object that a fork has copied from ever being destroyed.

    The child shares the descriptors of its parent's loop: if a connection of that loop were destroyed here,
    asyncio would remove it from the selector, which is the parent's as well.
    """
    if inherited is not None and hasattr(ctypes, "pythonapi"):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited))


def _begin_anew() -> None:
    for state in list(_every):
        state.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)  # before the child has a second thread
