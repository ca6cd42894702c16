"""Tickets in SQLite: a transaction for each event and each request."""

import os
from collections.abc import AsyncGenerator
from sqlite3 import Connection, Row, connect

from asynction_asgi import RefusedError

from models import Ticket

TABLES = """
create table if not exists tickets (number integer primary key, title, priority,
    customer, opened, state default 'open');
create table if not exists replies (ticket, author, text);
"""


async def transaction() -> AsyncGenerator[Connection, None]:
    db = connect(os.environ.get("DESK_DATABASE", "desk.db"), check_same_thread=False)
    db.row_factory = Row
    try:
        db.executescript(TABLES)
        with db:  # commits, or rolls back if an error is raised at the yield
            yield db
    finally:
        db.close()


def select(db: Connection, condition: str, *values: object) -> list[Ticket]:
    rows = db.execute(f"select * from tickets where {condition}", values)
    return [Ticket.model_validate(dict(row)) for row in rows]


def find(db: Connection, number: int | None) -> Ticket:
    for ticket in select(db, "number = ?", number):
        return ticket
    raise RefusedError("no_such_ticket", f"there is no ticket {number}")


def insert(db: Connection, table: str, **values: object) -> int | None:
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    command = f"insert into {table} ({names}) values ({marks})"
    return db.execute(command, list(values.values())).lastrowid
