"""An order as a model of pydantic, msgspec, dataclasses, attrs and a TypedDict."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import uuid
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, TypedDict

import attrs
import msgspec
import pydantic

UUID_TEXT = "5d39fb4a-2b54-4ac1-b4e8-7f02c14ad4a5"
LINE = {
    "type": "object",
    "properties": {
        "sku": {"type": "string", "minLength": 1, "maxLength": 20},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 999},
    },
    "required": ["sku", "quantity"],
    "additionalProperties": False,
}
ORDER = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "at": {"type": "string", "format": "date-time"},
        "status": {"enum": ["open", "paid"]},
        "price": {"type": "string", "pattern": "^[0-9]{1,6}(\\.[0-9]{2})?$"},
        "lines": {"type": "array", "items": LINE, "minItems": 1},
        "note": {"type": "string", "maxLength": 50},
    },
    "required": ["id", "at", "status", "price", "lines"],
    "additionalProperties": False,
}
VALUE: dict[str, Any] = {
    "id": UUID_TEXT,
    "at": "2026-11-29T10:00:00Z",
    "status": "open",
    "price": "12.50",
    "lines": [{"sku": "S-1", "quantity": 2}],
}


class Status(enum.Enum):
    OPEN = "open"
    PAID = "paid"


class PydanticLine(pydantic.BaseModel):
    sku: str
    quantity: int


class PydanticOrder(pydantic.BaseModel):
    id: uuid.UUID
    at: dt.datetime
    status: Status
    price: Decimal
    lines: list[PydanticLine]
    note: str | None = None


class StructLine(msgspec.Struct):
    sku: str
    quantity: int


class StructOrder(msgspec.Struct):
    id: uuid.UUID
    at: dt.datetime
    status: Status
    price: Decimal
    lines: list[StructLine]
    note: str | None = None


@dataclasses.dataclass
class DataLine:
    sku: str
    quantity: int


@dataclasses.dataclass
class DataOrder:
    id: uuid.UUID
    at: dt.datetime
    status: Status
    price: Decimal
    lines: list[DataLine]
    note: str | None = None


@attrs.define
class AttrsLine:
    sku: str
    quantity: int


@attrs.define
class AttrsOrder:
    id: uuid.UUID
    at: dt.datetime
    status: Status
    price: Decimal
    lines: list[AttrsLine]
    note: str | None = None


class DictLine(TypedDict):
    sku: str
    quantity: int


class _Always(TypedDict):
    id: uuid.UUID
    at: dt.datetime
    status: Status
    price: Decimal
    lines: list[DictLine]


class DictOrder(_Always, total=False):
    note: str


ORDERS: dict[str, Any] = {
    "pydantic": PydanticOrder,
    "struct": StructOrder,
    "dataclass": DataOrder,
    "attrs": AttrsOrder,
    "typeddict": DictOrder,
}


def seen(order: Any) -> SimpleNamespace:
    """Return the members of an order, which is an object or a TypedDict."""
    return SimpleNamespace(**order) if isinstance(order, dict) else order
