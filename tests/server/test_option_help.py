"""``help()`` of the method that takes the options."""

from __future__ import annotations

import dataclasses
import inspect
import pydoc

from asynction_asgi import AsynctionSocketIO, Options
from asynction_asgi.engine import ServerOptions
from asynction_asgi.server.own_options import OwnOptions


def test_help_shows_every_option() -> None:
    """Each option is in the signature with its type, and in the text with its sentence."""
    parameters = inspect.signature(AsynctionSocketIO.from_spec).parameters
    text = pydoc.render_doc(AsynctionSocketIO.from_spec)
    assert parameters.keys() - Options.__annotations__.keys() == {
        "spec_path",
        "server_name",
        "strict",
        "schemas",
    }
    for name in Options.__annotations__:
        assert f"    {name} ({parameters[name].annotation}): " in text
    assert "docs (bool): Whether the document and its page are served." in text


def test_the_constructor_shows_every_option() -> None:
    """As the method that loads a document does."""
    parameters = inspect.signature(AsynctionSocketIO).parameters
    assert parameters.keys() - Options.__annotations__.keys() == {"spec"}
    assert Options.__annotations__.keys() <= parameters.keys()
    assert parameters["docs"].default is True


def test_each_option_that_is_not_the_engines_has_a_default() -> None:
    """And no other."""
    own = {field.name for field in dataclasses.fields(OwnOptions)}
    assert own == Options.__annotations__.keys() - ServerOptions.__annotations__.keys()


def test_defaults_are_shown_where_a_value_says_them() -> None:
    """A default that only its sentence explains is not shown as a value."""
    parameters = inspect.signature(AsynctionSocketIO.from_spec).parameters
    assert parameters["validation"].default is True
    assert str(parameters["ping_timeout"]) == "ping_timeout: 'float' = ..."
