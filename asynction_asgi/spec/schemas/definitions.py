"""Definitions: the uniform shape of schemas, from which checks are generated.

Every schema becomes one definition ``s<N>``: references are local, annotations are gone, the keywords of
every dialect are draft-07's, and nothing is nested deeply. Recursion stays recursion. A definition is a plain
mapping with these liberties:

* ``$at`` holds the `Node` that it was made from, so that an error knows its place;
* ``$as`` names the keyword that a schema stands for whose keywords are not the author's;
* ``type`` is always a list, in which ``binary`` means bytes;
* ``dependencies`` holds schemas only;
* ``minContains`` and ``maxContains`` stand beside ``contains``, and the unevaluated keywords beside
  ``$members`` and ``$items`` (see `claims`), only where draft-07 can't say the same;
* ``$discriminator`` says which alternative a value names, for errors alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .children import children, inner_schemas

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

AT = "$at"
AS = "$as"
REF = "$ref"
DISCRIMINATOR = "$discriminator"
MARKS = frozenset({AT, AS, DISCRIMINATOR})  # change no verdict

Schema = dict[str, Any] | bool
Definitions = dict[str, dict[str, Any]]


def reachable(schemas: Iterable[Schema], definitions: Definitions) -> Definitions:
    """Return the definitions that schemas refer to, and those that these refer to."""
    found: Definitions = {}
    waiting = list(schemas)
    while waiting:
        schema = waiting.pop()
        if not isinstance(schema, dict):
            continue
        name = schema.get(REF)
        if name is not None and name not in found:
            found[name] = definitions[name]
            waiting.append(found[name])
        waiting += inner_schemas(schema)
    return found


def places(schemas: Iterable[Schema]) -> Iterator[dict[str, Any]]:
    """Yield every schema that a value of its own is made for, within others too."""
    waiting = list(schemas)
    while waiting:
        schema = waiting.pop()
        if isinstance(schema, dict):
            yield schema
            waiting += [
                child.schema for child in children(schema) if child.keyword not in ("not", "dependencies")
            ]
