"""The support desk: run `uvicorn app:app`, with DESK_SECRET in the environment."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from sqlite3 import Connection
from time import perf_counter
from typing import Annotated, Any

from asynction_asgi import AsynctionSocketIO, Call
from fastapi import Depends, FastAPI

from database import select, transaction
from handlers import AGENTS

DOCUMENT = Path(__file__).with_name("desk.yaml")
sio = AsynctionSocketIO.from_spec(DOCUMENT, provide={Connection: transaction})
app = FastAPI(title="Support desk", lifespan=sio.lifespan)
app.mount("/desk", sio)


@sio.around
async def timed(call: Call, proceed: Callable[[], Awaitable[Any]]) -> Any:
    began = perf_counter()
    try:
        return await proceed()
    finally:
        logging.getLogger("desk").info("%s: %.3f s", call.event, perf_counter() - began)


@sio.background(every=1)
async def show_queue() -> None:
    async with asynccontextmanager(transaction)() as db:
        queue = select(db, "state = 'open' order by number")
    await sio.emit("queue", queue, to=AGENTS)


@app.get("/waiting")
async def waiting(db: Annotated[Connection, Depends(transaction)]) -> int:
    return len(select(db, "state = 'open'"))
