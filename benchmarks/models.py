"""The nested payload of the contract as models, and handlers that take and return them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
import pydantic

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Status = Literal["open", "paid", "shipped", "cancelled"]


class Address(pydantic.BaseModel):
    street: str
    city: str
    postcode: str
    country: str
    verified: bool


class Customer(pydantic.BaseModel):
    name: str
    email: str
    billing: Address
    delivery: Address | None


class Line(pydantic.BaseModel):
    sku: str
    title: str
    quantity: int
    price: float
    tags: list[str] = []


class Order(pydantic.BaseModel):
    order: int
    status: Status
    customer: Customer
    lines: list[Line]
    total: float
    note: str | None


class AddressStruct(msgspec.Struct):
    street: str
    city: str
    postcode: str
    country: str
    verified: bool


class CustomerStruct(msgspec.Struct):
    name: str
    email: str
    billing: AddressStruct
    delivery: AddressStruct | None


class LineStruct(msgspec.Struct):
    sku: str
    title: str
    quantity: int
    price: float
    tags: list[str] = []


class OrderStruct(msgspec.Struct):
    order: int
    status: Status
    customer: CustomerStruct
    lines: list[LineStruct]
    total: float
    note: str | None


async def echo_pydantic(order: Order) -> Order:
    return order


async def echo_msgspec(order: OrderStruct) -> OrderStruct:
    return order


ECHOES: dict[str, Callable[..., Awaitable[Any]]] = {"pydantic": echo_pydantic, "msgspec": echo_msgspec}
