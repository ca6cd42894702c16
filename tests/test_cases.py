"""A table of cases that runs as one test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .cases import each_case

if TYPE_CHECKING:
    from pathlib import Path


@each_case("number, text", [(1, "1"), pytest.param(2, "3", id="unequal"), (4, "4"), (5, "x")])
def check(number: int, text: str, folder: Path) -> None:
    (folder / f"{number}").touch()
    assert int(text) == number


def test_all_cases_run_and_each_failure_is_shown(tmp_path: Path) -> None:
    """A failure keeps no later case from running, and has its name and its traceback."""
    with pytest.raises(pytest.fail.Exception) as failed:
        check(folder=tmp_path)
    assert len([*tmp_path.iterdir()]) == 4
    lines = str(failed.value).splitlines()
    assert lines[0] == "2 of 4 cases failed"
    assert [line for line in lines if line.startswith("[")] == ["[unequal]", "[5-'x']"]
    assert "E   AssertionError: assert 3 == 2" in lines
    assert "E   ValueError: invalid literal for int() with base 10: 'x'" in lines


@each_case("flag", [True, False], ids=["on", "off"])
@pytest.mark.parametrize("count", [1, 2])
def test_a_test_has_its_fixtures(tmp_path: Path, flag: bool, count: int) -> None:
    """Fixtures and other parameters are what they are without a table."""
    assert tmp_path.is_dir()
    assert flag in {True, False}
    assert count in {1, 2}
