"""What customers and agents do; the document names these functions."""

from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from sqlite3 import Connection
from typing import Annotated, Any

from asynction_asgi import Provide, RefusedError, Socket

from database import find, insert, select
from models import NewTicket, Reply, Ticket

AGENTS = "agents"


def is_agent(token_info: Mapping[str, Any]) -> bool:
    return "agent" in token_info.get("scope", "").split()


def now() -> datetime:
    return datetime.now(UTC)


def room_of(customer: str) -> str:
    return f"customer {customer}"


async def news(socket: Socket) -> AsyncGenerator[list[tuple[str, Any, str]], None]:
    pending: list[tuple[str, Any, str]] = []
    yield pending
    for event, value, room in pending:
        await socket.to(room).emit(event, value)


Agent = Annotated[bool, Provide(is_agent, scope="connection")]
Now = Annotated[datetime, Provide(now)]
# Asked for before `db`, it ends after it, and tells others only what was committed.
News = Annotated[list[tuple[str, Any, str]], Provide(news)]


async def connect(socket: Socket, *, user: str, agent: Agent) -> None:
    await socket.join(AGENTS if agent else room_of(user))


async def open_ticket(new: NewTicket, *, user: str, db: Connection, now: Now) -> Ticket:
    values = {**new.model_dump(), "customer": user, "opened": now.isoformat()}
    return find(db, insert(db, "tickets", **values))


async def my_tickets(*, user: str, db: Connection) -> list[Ticket]:
    return select(db, "customer = ? order by number desc", user)


async def reply(
    number: int, text: str, *, user: str, agent: Agent, news: News, db: Connection
) -> None:
    ticket = find(db, number)
    if not agent and ticket.customer != user:
        raise RefusedError("forbidden", "this is the ticket of another customer")
    answer = Reply(ticket=number, author=user, text=text)
    insert(db, "replies", **answer.model_dump())
    news += [("replied", answer, AGENTS), ("replied", answer, room_of(ticket.customer))]


async def close_ticket(number: int, *, news: News, db: Connection) -> Ticket:
    db.execute("update tickets set state = 'closed' where number = ?", [number])
    ticket = find(db, number)
    news.append(("closed", ticket, room_of(ticket.customer)))
    return ticket
