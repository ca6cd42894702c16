"""The paths by which a document finds the very function again."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.export.paths import path_of
from asynction_asgi.server.imports import Imports
from tests.cases import each_case

if TYPE_CHECKING:
    from collections.abc import Callable


def plain(sid: str) -> None: ...


class Owner:
    @staticmethod
    def static(sid: str) -> None: ...

    @classmethod
    def of_class(cls, sid: str) -> None: ...

    def method(self, sid: str) -> None: ...

    def __call__(self, sid: str) -> None: ...


def decorated(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(sid: str) -> Any:
        return function(sid)

    return wrapper


owner = Owner()
partial = functools.partial(plain)
wrapped = decorated(plain)


@each_case(
    ("function", "path"),
    [
        pytest.param(plain, ".plain", id="function"),
        pytest.param(Owner.static, ".Owner.static", id="static"),
        pytest.param(Owner.of_class, ".Owner.of_class", id="of a class"),
        pytest.param(owner.method, ":owner.method", id="method"),
        pytest.param(owner, ".owner", id="callable object"),
        pytest.param(partial, ".partial", id="partial"),
        pytest.param(wrapped, ".wrapped", id="a wrapper with the name of another"),
    ],
)
def test_a_path_leads_to_the_same_object(function: Callable[..., Any], path: str) -> None:
    """What the path names is what it was made for."""
    found = path_of(function, [__name__])
    assert found == f"{__name__}{path}"
    assert Imports().handler(found) == function


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda sid: None, id="lambda"),
        pytest.param(decorated(plain), id="wrapper without a name"),
        pytest.param(Owner().method, id="method of an object without a name"),
        pytest.param(Owner.method, id="function that needs an instance"),
    ],
)
def test_what_has_no_name_has_no_path(function: Callable[..., Any]) -> None:
    """A path that would lead to another object is never written."""
    assert path_of(function, [__name__]) is None
