"""Tables of cases that run as one test, as pytest's own work per test is ten times that of a tiny case."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    Test = Callable[..., None]


def each_case(
    names: str | Sequence[str],
    cases: Iterable[Any],
    *,
    ids: Callable[[Any], object] | Iterable[object] | None = None,
) -> Callable[[Test], Test]:
    """Call the test for every case, then fail with the name and the traceback of each one that failed.

    The arguments are those of ``pytest.mark.parametrize``. Fixtures are shared by all cases, so a test that
    changes what a fixture gives it is to be parametrized instead.
    """
    parameters = [name.strip() for name in names.split(",")] if isinstance(names, str) else [*names]
    table = [*_named(parameters, cases, ids)]
    assert table, "a table needs cases"

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def run_all(**fixtures: Any) -> None:
            outcomes = [(name, _failure(test, arguments | fixtures)) for name, arguments in table]
            failures = [f"[{name}]\n{failure}" for name, failure in outcomes if failure]
            if failures:
                head = f"{len(failures)} of {len(table)} cases failed"
                pytest.fail("\n\n".join([head, *failures]), pytrace=False)

        signature = inspect.signature(test)
        left = [value for key, value in signature.parameters.items() if key not in parameters]
        assert len(left) + len(parameters) == len(signature.parameters), f"the test must take {names}"
        vars(run_all)["__signature__"] = signature.replace(parameters=left)
        return run_all

    return decorate


def _failure(test: Test, arguments: dict[str, Any]) -> str | None:
    """Call the test, and return what pytest says of its failure, or None."""
    __tracebackhide__ = True
    try:
        test(**arguments)
    except (Exception, pytest.fail.Exception) as error:  # noqa: BLE001  # the caller reports it
        return str(pytest.ExceptionInfo.from_exception(error).getrepr(style="short"))
    return None


def _named(
    parameters: Sequence[str],
    cases: Iterable[Any],
    ids: Callable[[Any], object] | Iterable[object] | None,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the arguments of each case; those of ``pytest.param`` have an id of their own."""
    listed = None if ids is None or callable(ids) else iter(ids)
    for case in cases:
        param = case if isinstance(case, type(pytest.param())) else None
        values = param.values if param else (case,) if len(parameters) == 1 else tuple(case)
        if listed is not None:
            name = str(next(listed))
        elif param is not None and isinstance(param.id, str):
            name = param.id
        else:
            name = "-".join(str(ids(value)) if callable(ids) else repr(value) for value in values)
        yield name, dict(zip(parameters, values, strict=True))
