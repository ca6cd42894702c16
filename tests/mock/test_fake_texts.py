"""Faker's texts: by the name of a format, or of a property; the same for the same seed."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from faker import Factory

from asynction_asgi.mock.fake_texts import fake_texts
from asynction_asgi.spec.instances import Choices


def made(name: str, *, seed: int = 1, locale: str | None = None) -> str | None:
    texts = fake_texts(locale)
    assert texts is not None
    make = texts.of_format(name)
    return None if make is None else make(Choices.seeded(seed))


@pytest.mark.parametrize(
    "name",
    [
        *(
            "name",
            "first_name",
            "first-name",
            "sentence",
            "city",
            "uuid4",
            "sha256",
            "past_date",
            "date_time",
        ),
        *("time_object", "latitude", "port_number", "passport_gender"),
    ],
)
def test_a_provider_gives_a_text(name: str) -> None:
    """What is no text, but has one, becomes it; the seed decides."""
    text = made(name)
    assert isinstance(text, str)
    assert text
    assert made(name) == text
    assert len({made(name, seed=seed) for seed in range(20)}) > 1


@pytest.mark.parametrize(
    "name",
    [
        *(
            "seed",
            "seed_instance",
            "add_provider",
            "unique",
            "random",
            "format",
            "parse",
            "provider",
            "locales",
        ),
        *("_sentence", "__class__", "__doc__", "generator", "enum", "no such thing", ""),
        *("binary", "zip", "image", "pydict", "words", "profile", "pybool", "currency"),
    ],
)
def test_what_is_no_provider_of_text_is_left_alone(name: str) -> None:
    """The generator's own methods, private names, and what makes bytes, lists or objects."""
    assert made(name) is None


def test_properties_of_common_names_have_texts() -> None:
    """However they are spelt; others have none."""
    texts = fake_texts()
    assert texts is not None
    found = [texts.of_property(name) for name in ("firstName", "first_name", "FirstName", "first-name")]
    assert len({make(Choices.seeded(1)) for make in found if make is not None}) == 1
    assert None not in found
    assert texts.of_property("seed") is None


def test_a_locale_speaks_its_language() -> None:
    """Others are refused."""
    name = made("name", locale="ja_JP")
    assert name is not None
    assert not name.isascii()
    for locale in ("xx_XX", "../de"):
        with pytest.raises(ValueError, match="no locale"):
            fake_texts(locale)


def test_every_provider_that_is_taken_works() -> None:
    """Some have no data in a locale, or need packages that are not here: they give no text there."""
    assert made("bank") is not None
    assert made("bank", locale="de_DE") is None
    texts = fake_texts("de_DE")
    assert texts is not None
    providers = Factory.create("de_DE").get_providers()
    names = {name for one in providers for name in dir(one)}
    found = [make(Choices.seeded(1)) for name in names if (make := texts.of_format(name)) is not None]
    assert len(found) > 100
    assert all(isinstance(one, str) for one in found)


def test_without_faker_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing breaks, unless a locale is asked for."""
    absent: Any = None
    monkeypatch.setitem(sys.modules, "faker", absent)
    assert fake_texts() is None
    with pytest.raises(ValueError, match=r"asynction-asgi\[mock\]"):
        fake_texts("de_DE")
