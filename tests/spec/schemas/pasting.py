"""Models of pydantic, their schemas pasted into a document, and values of them."""

from __future__ import annotations

import copy
import json
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

from fastapi import FastAPI
from pydantic import AnyUrl, BaseModel, ConfigDict, Field, StringConstraints

from asynction_asgi.spec import load_spec
from asynction_asgi.spec.schemas import Mismatch

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from pathlib import Path

    from asynction_asgi.spec import Spec


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Node(BaseModel):
    value: int
    children: list[Node] = []


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: Annotated[int, Field(ge=0, le=9)]


class Dog(BaseModel):
    kind: Literal["dog", "wolf"]
    name: str | None = None


class Owner(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    others: list[Cat | Dog] = []


class Pair(BaseModel):
    fixed: tuple[int, str]
    any: tuple[float, ...] = ()


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: bool
    colour: Colour | None = None


class Extra(BaseModel):
    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, int]
    a: str = ""


class Limits(BaseModel):
    name: Annotated[str, Field(min_length=2, max_length=4, pattern="^[a-z]+$")]
    count: Annotated[int, Field(multiple_of=3, gt=0)] = 3
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    items: Annotated[list[int], Field(min_length=1, max_length=2)] = [1]


class Named(BaseModel):
    by_code: dict[Annotated[str, StringConstraints(max_length=2)], int]
    free: dict[str, Node] = {}


class Moment(BaseModel):
    day: date
    at: datetime
    key: UUID
    link: AnyUrl | None = None


class Child(Closed):
    b: int | str | None
    label: str = Field(alias="the label")


VALID: dict[type[BaseModel], Any] = {
    Node: {"value": 1, "children": [{"value": 2, "children": [{"value": 3}]}]},
    Owner: {"pet": {"kind": "cat", "lives": 9}, "others": [{"kind": "dog"}, {"kind": "wolf", "name": None}]},
    Pair: {"fixed": [1, "a"], "any": [1.5, 2]},
    Closed: {"a": True, "colour": "red"},
    Extra: {"a": "x", "b": 1},
    Limits: {"name": "abc", "count": 6, "share": 0.25, "items": [1, 2]},
    Named: {"by_code": {"a": 1}, "free": {"x y": {"value": 1}}},
    Moment: {
        "day": "2026-02-28",
        "at": "2026-02-28T12:00:00Z",
        "key": "12345678-1234-4234-8234-123456789012",
        "link": "https://example.com/a",
    },
    Child: {"a": False, "b": "x", "the label": "y"},
}
# Left out are whole floats, naive times, sets with equal members and dictionaries whose keys have a pattern:
# what pydantic's code says of them differs from its schema.
OTHERS: list[Any] = [
    *(None, True, 0, 1, -1, 9, 10, 1.5, "", "a", "abc", "cat", "red", "2026-02-30", "2026-02-28"),
    *([], [1], ["a"], [1, "a", 2], {}, {"a": 1}, {"kind": "cat"}, {"value": 1}),
]
TRIES = 150


def values(valid: Any, chance: random.Random) -> Iterator[Any]:
    """Yield a value, and others that differ from it in one or two places."""
    yield valid
    for _ in range(TRIES):
        value = copy.deepcopy(valid)
        for _ in range(chance.randint(1, 2)):
            value = changed(value, chance)
        yield value


def changed(value: Any, chance: random.Random) -> Any:
    """Return a value with one place changed, left out or added."""
    if not isinstance(value, dict | list) or not value or chance.random() < 0.1:
        return copy.deepcopy(chance.choice(OTHERS))
    if isinstance(value, dict):
        key = chance.choice([*value, "more"])
        if key == "more":
            return {**value, key: copy.deepcopy(chance.choice(OTHERS))}
        if chance.random() < 0.2:
            return {name: inner for name, inner in value.items() if name != key}
        return {**value, key: changed(value[key], chance)}
    index = chance.randrange(len(value))
    if chance.random() < 0.3:
        return [*value, copy.deepcopy(chance.choice(OTHERS))]
    return [changed(inner, chance) if place == index else inner for place, inner in enumerate(value)]


def contract(
    payloads: dict[str, Any], schemas: dict[str, Any] | None = None, *, folder: Path | None = None
) -> Spec:
    """Return the contract with an event for each payload, of a document in a folder or in none."""
    messages = [{"name": name, "payload": payload} for name, payload in payloads.items()]
    document = {
        "asyncapi": "2.6.0",
        "info": {"title": "T", "version": "1"},
        "channels": {"/": {"publish": {"message": {"oneOf": messages}}}},
        "components": {"schemas": schemas or {}},
    }
    if folder is None:
        return load_spec(document, strict=True)
    (folder / "asyncapi.json").write_text(json.dumps(document))
    return load_spec(folder / "asyncapi.json", strict=True)


def accepts(spec: Spec, event: str, value: Any) -> bool:
    """Return whether the payload of an event accepts a value."""
    schema = spec.namespaces["/"].receives[event].arguments.schema
    assert schema is not None
    try:
        spec.bundle.check(schema)(value)
    except Mismatch:
        return False
    return True


def components() -> dict[str, Any]:
    """Return the components of a FastAPI application with an endpoint for each model."""
    app = FastAPI()

    for model in VALID:

        def endpoint(body: Any) -> None:
            """Take a body."""

        endpoint.__annotations__["body"] = model
        app.post(f"/{model.__name__}")(endpoint)
    schemas: dict[str, Any] = app.openapi()["components"]["schemas"]
    return schemas


def by_component() -> dict[str, Any]:
    """Return a payload for each model, which refers to the component of its name."""
    return {model.__name__: {"$ref": f"#/components/schemas/{model.__name__}"} for model in VALID}
