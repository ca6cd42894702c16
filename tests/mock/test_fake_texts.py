"""Texts by Faker, for formats and property names, reproducible by seed."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from faker import Factory

from asynction_asgi.mock.fake_texts import fake_texts
from asynction_asgi.spec.instances import Choices
from tests.cases import each_case


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
    """A provider's value is returned as text, determined by the seed and, for times, by the current second."""
    text = made(name)
    assert isinstance(text, str)
    assert text
    assert any(made(name) == made(name) for _ in range(5))
    assert len({made(name, seed=seed) for seed in range(20)}) > 1


@each_case(
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
def test_other_names_give_no_text(name: str) -> None:
    """Generator methods, private names and providers of bytes, lists or objects give no text."""
    assert made(name) is None


def test_properties_of_common_names_have_texts() -> None:
    """Every spelling of a known property name gives the same text; an unknown name gives no text."""
    texts = fake_texts()
    assert texts is not None
    makers = [texts.of_property(name) for name in ("firstName", "first_name", "FirstName", "first-name")]
    assert len({make(Choices.seeded(1)) for make in makers if make is not None}) == 1
    assert None not in makers
    assert texts.of_property("seed") is None


def test_a_locale_speaks_its_language() -> None:
    """A locale gives texts in its language, and an unknown locale is refused."""
    name = made("name", locale="ja_JP")
    assert name is not None
    assert not name.isascii()
    for locale in ("xx_XX", "../de"):
        with pytest.raises(ValueError, match="no locale"):
            fake_texts(locale)


def test_every_accepted_provider_gives_a_text() -> None:
    """A provider without data in the locale is not offered; every other provider works."""
    assert made("bank") is not None
    assert made("bank", locale="de_DE") is None
    texts = fake_texts("de_DE")
    assert texts is not None
    providers = Factory.create("de_DE").get_providers()
    names = {name for provider in providers for name in dir(provider)}
    results = [make(Choices.seeded(1)) for name in names if (make := texts.of_format(name)) is not None]
    assert len(results) > 100
    assert all(isinstance(text, str) for text in results)


def test_without_faker_there_are_no_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Faker only a requested locale is an error."""
    absent: Any = None
    monkeypatch.setitem(sys.modules, "faker", absent)
    assert fake_texts() is None
    with pytest.raises(ValueError, match=r"asynction-asgi\[mock\]"):
        fake_texts("de_DE")
