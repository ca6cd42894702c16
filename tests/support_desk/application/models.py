"""What travels, as objects; start-up compares them with the document."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, field_validator


class NewTicket(BaseModel):
    title: str
    priority: Literal["urgent", "normal", "low"] = "normal"

    @field_validator("title")
    @classmethod
    def has_words(cls, title: str) -> str:  # the document can't say this
        if title.isspace():
            raise ValueError("must not be blank")
        return title


class Ticket(NewTicket):
    number: int
    customer: str
    state: Literal["open", "closed"]
    opened: datetime


class Reply(BaseModel):
    ticket: int
    author: str
    text: str
