"""pytest's ``--asynction-cov``: which parts of the contract the tests exercised.

pytest imports this module in every run of every project that has the package installed, so the
server and all that it needs are imported only when the option is given.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .testing.coverage import Coverage, Item, Tally

_COVERAGE = pytest.StashKey["Coverage"]()
_WORKER_OUTPUT = "asynction_coverage"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    group = parser.getgroup("asynction_asgi", "coverage of Socket.IO contracts")
    group.addoption(
        "--asynction-cov",
        action="store_true",
        help="report which events, acknowledgements, refusals and security schemes the tests exercised",
    )
    group.addoption(
        "--asynction-cov-fail-under",
        type=_percentage,
        metavar="PERCENT",
        help="fail if tests exercise less than this share of the contracts; implies --asynction-cov",
    )


def _percentage(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number between 0 and 100")
    return number


def pytest_configure(config: pytest.Config) -> None:
    """Watch every application created from now on."""
    if not config.getoption("--asynction-cov") and config.getoption("--asynction-cov-fail-under") is None:
        return
    from .server.observer import observing  # noqa: PLC0415  # as the module says
    from .testing.coverage import Coverage  # noqa: PLC0415  # as the module says

    config.stash[_COVERAGE] = coverage = Coverage()
    token = observing.set(coverage.watch)
    config.add_cleanup(lambda: observing.reset(token))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add the tallies of a pytest-xdist worker."""
    coverage = node.config.stash.get(_COVERAGE, None)
    if coverage is not None:
        coverage.add_json(getattr(node, "workeroutput", {}).get(_WORKER_OUTPUT, {}))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run that exercised less than required."""
    coverage, least = _asked(session.config)
    output = getattr(session.config, "workeroutput", None)
    if coverage is None:
        return
    if output is not None:  # a pytest-xdist worker only counts
        output[_WORKER_OUTPUT] = coverage.as_json()
    elif session.exitstatus == pytest.ExitCode.OK and _is_too_little(coverage, least):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the report."""
    coverage, least = _asked(config)
    if coverage is None:
        return
    from .errors import printable  # noqa: PLC0415  # as the module says

    terminalreporter.section("coverage of the contract")
    for name, tally in coverage.tallies.items():
        terminalreporter.write_line(f"{printable(name)}: {tally.covered} of {len(tally.items)}")
        for line in _lines(tally):
            terminalreporter.write_line(f"  {printable(line)}")
    if not coverage.tallies:
        terminalreporter.write_line("no contract was served")
    else:
        terminalreporter.write_line(f"total: {coverage.percent:.1f} %")
    if _is_too_little(coverage, least):
        terminalreporter.write_line(f"FAIL: less than the required {least:g} %", red=True)


def _asked(config: pytest.Config) -> tuple[Coverage | None, float | None]:
    return config.stash.get(_COVERAGE, None), config.getoption("--asynction-cov-fail-under")


def _is_too_little(coverage: Coverage, least: float | None) -> bool:
    return least is not None and (not coverage.tallies or coverage.percent < least)


def _lines(tally: Tally) -> list[str]:
    """Return one line per event, connection and scheme: what was exercised, and what was not."""
    parts: dict[tuple[str, str], list[Item]] = {}
    for item in tally.items:
        parts.setdefault((item.place, item.name), []).append(item)
    place_width = max((len(place) for place, _ in parts), default=0)
    name_width = max((len(name) for _, name in parts), default=0)
    lines = []
    for (place, name), items in parts.items():
        done = ", ".join(item.aspect for item in items if item in tally.exercised)
        missing = ", ".join(item.aspect for item in items if item not in tally.exercised)
        found = "; ".join([*([done] if done else []), *([f"NOT: {missing}"] if missing else [])])
        lines.append(f"{place:{place_width}}  {name:{name_width}}  {found}")
    return lines
