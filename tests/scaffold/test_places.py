"""Dotted paths in a document, and the places that they name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from asynction_asgi.scaffold.places import Place, Places
from tests.cases import each_case

if TYPE_CHECKING:
    from pathlib import Path


@each_case(
    ("path", "place"),
    [
        ("h.say", Place(module="h", name="say")),
        ("pkg.h.say", Place(module="pkg.h", name="say")),
        ("pkg.h.Chat.say", Place(module="pkg.h", classes=("Chat",), name="say")),
        ("pkg.h:Chat.say", Place(module="pkg.h", classes=("Chat",), name="say")),
        ("pkg.h:chat.say", Place(module="pkg.h", classes=("chat",), name="say")),
        ("pkg.h.Chat", Place(module="pkg.h", name="Chat")),
        ("say", None),
        ("h.def", None),
        ("h.__say", None),
        ("h.\ufb01nd", None),
        ("sys.say", None),
        ("__main__.say", None),
        ("own.say", None),
        ("pytest.say", None),
        ("asynction_asgi.demo.say", None),
    ],
)  # fmt: skip
def test_a_path_names_a_place(path: str, place: Place | None, tmp_path: Path) -> None:
    """A path that names no usable place gives a warning with the reason."""
    places = Places(tmp_path, ["own"])
    assert places.find(path, "an event") == place
    assert [repr(path) in warning for warning in places.warnings] == ([] if place else [True])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("pkg.h", "an event"), ("pkg.h.say", "an event")),
        (("pkg.h.say", "an event"), ("pkg.h", "an event")),
        (("h.Chat", "an event"), ("h.Chat.say", "an event")),
        (("h.Chat.say", "an event"), ("h.Chat", "an event")),
        (("h.say", "an event"), ("h.say", "connect")),
    ],
    ids=["function, module", "module, function", "function, class", "class, function", "two kinds"],
)
def test_two_things_can_not_share_a_name(
    first: tuple[str, str], second: tuple[str, str], tmp_path: Path
) -> None:
    """The first use gets the name, and the second is warned about once."""
    places = Places(tmp_path, [])
    assert places.find(*first) is not None
    assert places.find(*second) is None
    assert places.find(*second) is None
    assert len(places.warnings) == 1


def test_modules_in_the_folder_do_not_clash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module in the target or working folder may be reused; an installed one may not."""
    elsewhere = tmp_path / "elsewhere"
    for folder, name in ((tmp_path, "near_by"), (elsewhere, "far_away")):
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text("", "utf-8")
        monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    places = Places(tmp_path, [])
    assert places.find("near_by.say", "an event") is not None
    assert places.find("far_away.say", "an event") is None
