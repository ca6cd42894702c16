"""A server of python-socketio as people write it, with every kind of annotation."""

import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, NotRequired, TypedDict

import msgspec
import pydantic
import socketio

if TYPE_CHECKING:
    from fractions import Fraction


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Address(pydantic.BaseModel):
    city: str = pydantic.Field(min_length=1)


class ByCard(pydantic.BaseModel):
    by: Literal["card"]
    number: str


class InCash(pydantic.BaseModel):
    by: Literal["cash"]


class Order(pydantic.BaseModel):
    sku: str
    count: int = pydantic.Field(1, ge=1)
    price: decimal.Decimal = decimal.Decimal("1.5")
    due: dt.datetime | None = None
    address: Address | None = pydantic.Field(None, description="Where to")
    payment: Annotated[ByCard | InCash, pydantic.Field(discriminator="by")] = InCash(by="cash")
    picture: bytes = b""
    discount: Annotated[decimal.Decimal, pydantic.Field(ge=0, le=1)] | None = None
    reference: pydantic.UUID4 | None = None


class Node(pydantic.BaseModel):
    children: list["Node"] = []


@dataclass
class Point:
    x: float
    colour: Colour = Colour.RED
    weight: decimal.Decimal = decimal.Decimal(0)
    day: dt.date | None = None
    size: Size = Size.SMALL


class Box(msgspec.Struct, tag=True):
    size: Annotated[int, msgspec.Meta(ge=1)]
    seal: bytes = b""
    worth: decimal.Decimal = decimal.Decimal(0)
    since: Annotated[dt.datetime, msgspec.Meta(tz=True)] | None = None


class Bag(msgspec.Struct, tag=True):
    owner: uuid.UUID


class Options(TypedDict):
    loud: bool
    times: NotRequired[int]


class Pair(NamedTuple):
    left: int
    right: str


class Auth(pydantic.BaseModel):
    token: str


sio = socketio.AsyncServer(async_mode="asgi")


@sio.event
async def connect(sid: str, environ: dict[str, Any], auth: Auth) -> None:
    """Welcome a client."""


@sio.event
def disconnect(sid: str, reason: str) -> None:
    """Forget a client."""


@sio.event
async def order(sid: str, data: Order) -> Order:
    """Take an order.

    It is repeated to all.
    """
    await sio.emit("ordered", {"sku": data.sku})
    return data


@sio.on("draw line")
def draw(sid: str, start: Point, end: Point, options: Options | None = None) -> tuple[float, str]:
    return end.x - start.x, type(options).__name__


@sio.event
async def pack(sid: str, thing: Box | Bag) -> Box | Bag:
    return thing


@sio.event
async def tree(sid: str, node: Node) -> int | None:
    return len(node.children) or None


@sio.event
def pair(sid: str, one: tuple[int, str]) -> Pair:
    return Pair(*one)


@sio.event
async def add(sid: str, *numbers: int) -> tuple[int, ...]:
    return (*numbers, sum(numbers))


@sio.event
async def choose(sid: str, word: Literal["yes", "no"]) -> tuple[int, int] | str | None:
    return {"yes": "fine", "no": None}[word]


@sio.event
async def ping(sid: str) -> None:
    await sio.emit("pong", to=sid, namespace="/", callback=print)


@sio.event
async def say(sid, text):  # as most are written
    await sio.emit("said", text, skip_sid=sid)
    await sio.send(text)
    await sio.emit(f"said {text}")
    return text


@sio.event
async def whisper(sid, text, volume=1):
    def unheard():
        return text

    server = sio
    await server.emit("whispered", unheard())


@sio.event
async def late(sid: str, share: "Fraction") -> "Fraction":
    return share


@sio.event
async def run(sid: str, function: Callable[[], None]) -> Any:
    return None


@sio.on("*")
async def other(event: str, sid: str, *values: str) -> str:
    return event


@sio.on("*", namespace="*")
async def anywhere(namespace: str, event: str, sid: str) -> None: ...


@sio.on("")
async def nameless(sid: str) -> None: ...


class Room(socketio.AsyncNamespace):
    async def on_connect(self, sid: str, environ: dict[str, Any]) -> None: ...

    async def on_join(self, sid: str, name: str) -> bool:
        await self.emit("joined", name)
        return True


room = Room("/room")
sio.register_namespace(room)
sio.register_namespace(Room("/nameless"))
sio.on("unnamed", lambda sid, value: value)
app = socketio.ASGIApp(sio, socketio_path="shop/socket.io")
