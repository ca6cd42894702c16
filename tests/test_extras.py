"""Optional packages are found without importing them."""

from __future__ import annotations

import re
import sys

import pytest

from asynction_asgi.extras import is_installed, require


def test_a_module_is_found_without_being_imported() -> None:
    """Checking for a module does not import it."""
    sys.modules.pop("antigravity", None)
    assert is_installed("antigravity")
    assert "antigravity" not in sys.modules
    require("antigravity", "flying", "fun")


def test_a_missing_module_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what needs the module and which command installs it."""
    monkeypatch.setitem(sys.modules, "redis", None)
    message = (
        "message_queue redis:// needs the module 'redis', which is not installed;"
        " use: pip install 'asynction-asgi[redis]'"
    )
    with pytest.raises(ModuleNotFoundError, match=re.escape(message)) as caught:
        require("redis", "message_queue redis://", "redis")
    assert caught.value.name == "redis"
