"""Faker's texts, if it is installed: a ``format`` may name any provider that makes a text.

Each text is drawn from the mock's own choices, so that equal seeds give equal texts.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faker import Generator

    from ..spec.instances import Choices, Providers

# Return types of providers that have one obvious text form.
_TEXTUAL: tuple[type, ...] = (str, date, datetime, time, int, float, Decimal, UUID)
# Unambiguous property names, in lower case and without separators, and their providers.
_PROPERTIES: Mapping[str, str] = {
    "address": "street_address",
    "author": "name",
    "avatarurl": "image_url",
    "city": "city",
    "company": "company",
    "companyname": "company",
    "country": "country",
    "countrycode": "country_code",
    "currency": "currency_code",
    "displayname": "name",
    "domain": "domain_name",
    "email": "email",
    "emailaddress": "email",
    "filename": "file_name",
    "firstname": "first_name",
    "fullname": "name",
    "iban": "iban",
    "job": "job",
    "jobtitle": "job",
    "lastname": "last_name",
    "name": "name",
    "phone": "phone_number",
    "phonenumber": "phone_number",
    "postcode": "postcode",
    "sentence": "sentence",
    "street": "street_name",
    "surname": "last_name",
    "text": "sentence",
    "title": "catch_phrase",
    "url": "url",
    "useragent": "user_agent",
    "username": "user_name",
    "website": "url",
    "zipcode": "postcode",
}
_UNIONS = (typing.Union, types.UnionType)
_WIDEST = 2**32 - 1


def fake_texts(locale: str | None = None) -> Providers | None:
    """Return Faker's texts of a locale, or None if Faker is not installed.

    Raises:
        ValueError: Faker does not have the locale, or is not installed and a locale is given.
    """
    try:
        from faker import Factory  # noqa: PLC0415  # an extra
    except ImportError:
        if locale is None:
            return None
        raise ValueError("a locale is Faker's: pip install 'asynction-asgi[mock]'") from None
    try:
        generator = Factory.create(locale) if locale is not None else Factory.create()
    except (AttributeError, ImportError, ValueError):
        raise ValueError(f"Faker has no locale {locale!r}") from None
    return _FakeTexts(generator)


class _FakeTexts:
    """Implements `Providers`."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._known: dict[str, Callable[[Choices], str] | None] = {}

    def of_format(self, name: str) -> Callable[[Choices], str] | None:
        """Return the provider of that name, or None; ``phone-number`` is ``phone_number``."""
        if name not in self._known:
            self._known[name] = self._bind(name.replace("-", "_"))
        return self._known[name]

    def of_property(self, name: str) -> Callable[[Choices], str] | None:
        """Return the provider for a property of that name, such as ``firstName``, or None."""
        provider = _PROPERTIES.get(re.sub("[_-]", "", name).lower())
        return None if provider is None else self.of_format(provider)

    def _bind(self, name: str) -> Callable[[Choices], str] | None:
        method = None if name.startswith("_") else _find(self._generator, name)
        if method is None or not _makes_text(method):
            return None
        try:
            method()
        except Exception:  # noqa: BLE001  # not in this locale, or not without another package
            return None
        generator = self._generator

        def make(choices: Choices) -> str:
            generator.seed_instance(choices.integer(0, _WIDEST))
            return _text(method())

        return make


def _find(generator: Generator, name: str) -> Callable[[], Any] | None:
    """Return a provider's method, and not one of the generator itself, such as ``seed``."""
    for provider in generator.get_providers():
        method = getattr(provider, name, None)
        if inspect.ismethod(method):
            return method
    return None


def _makes_text(method: Callable[[], Any]) -> bool:
    """Return whether a method needs no arguments and its return type has one text form."""
    try:
        inspect.signature(method).bind()
        made = typing.get_type_hints(method).get("return")
    except (TypeError, NameError):
        return False
    options = typing.get_args(made) if typing.get_origin(made) in _UNIONS else (made,)
    literals = typing.get_args(made) if typing.get_origin(made) is typing.Literal else ()
    return (
        str in options
        or made in _TEXTUAL
        or (literals != () and all(isinstance(literal, str) for literal in literals))
    )


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | time) else str(value)
