"""Values at the edges of a schema, and values that miss it at one place: what tells two checkers apart."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..model.arguments import compile_arguments
from ..readers.examples import written_bytes
from ..schemas import Mismatch
from .choices import Choices
from .generator import Instances, UnsatisfiableError
from .near import at_edges, beside, demand
from .paths import found, pointer_of, replaced
from .sites import sites_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ...errors import Violation
    from ..model import Arguments, Spec
    from ..schemas.definitions import Schema
    from ..text.document import Node
    from .paths import Path
    from .sites import Site

    Make = Callable[[Schema], Any]

_FAULTS = 3  # of a keyword at a place
_MOST_BYTES = 60_000  # of a value as JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A value, made to meet or to miss one keyword at one place.

    Attributes:
        value: A list of arguments, or a value of another kind.
        pointer: To the place, from the value.
        keyword: The one that it is about; of a fault, the one that it misses.
        base: A value like it that meets its schema.
        mismatch: How it misses its schema, or None if it meets it.
    """

    value: Any
    pointer: str
    keyword: str
    base: Any
    mismatch: Mismatch | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A value with the place and the keyword that it is about, and the value that it was made of."""

    value: Any
    path: Path
    keyword: str
    base: Any

    def listed(self) -> _Candidate:
        """Return the candidate as the only one of a list."""
        return _Candidate([self.value], (0, *self.path), self.keyword, [self.base])


class Variants:
    """Makes the edges and faults of a contract's schemas, the same ones for the same seed.

    Args:
        spec: The contract.
        seed: Of the values in which the keywords of interest stand.
    """

    def __init__(self, spec: Spec, *, seed: int = 0) -> None:
        self._spec = spec
        self._instances = Instances(spec, examples=False)
        self._seed = seed

    def of_arguments(self, arguments: Arguments) -> Iterator[Variant]:
        """Yield lists of arguments; none where the document leaves them open."""
        check = compile_arguments(arguments, self._spec.bundle)
        yield from _told_apart(self._lists(arguments), lambda values: check(list(values)))

    def of_value(self, schema: Node) -> Iterator[Variant]:
        """Yield values of a schema that the contract checks by itself, such as the auth of a handshake.

        Raises:
            KeyError: The contract doesn't check it.
        """

        def make(also: Schema) -> Any:
            return self._instances.value(schema, self._choices(), small=True, also=also)

        bundle = self._spec.bundle
        yield from _told_apart(self._around(bundle.definition(schema), make), bundle.check(schema))

    def _choices(self) -> Choices:
        return Choices.seeded(self._seed)

    def _lists(self, arguments: Arguments) -> Iterator[_Candidate]:
        for alternative in arguments.of:
            yield from self._lists(alternative)
        if arguments.schema is None or arguments.kind not in ("single", "positional"):
            return

        def make(also: Schema) -> Any:
            made = list(self._instances.arguments(arguments, self._choices(), small=True, also=also))
            return made if arguments.kind == "positional" else made[0]

        schema = self._spec.bundle.definition(arguments.schema)
        if arguments.kind == "positional":
            yield from (near for near in self._around(schema, make) if isinstance(near.value, list))
        else:
            yield from (near.listed() for near in self._around(schema, make))
        try:
            plain = make(True)
        except UnsatisfiableError:
            return
        plain = plain if arguments.kind == "positional" else [plain]
        for values in ([*plain, None], plain[:-1], []):  # an argument more, and fewer
            yield _Candidate(values, (), "maxItems" if len(values) > len(plain) else "minItems", plain)

    def _around(self, root: Schema, make: Make) -> Iterator[_Candidate]:
        """Yield values at and beside what each schema demands at each place."""
        for site in sites_of(root, self._instances.selector.follow):
            base = _made(make, site, True)
            if base is None:
                continue
            whole, value = base
            yield _Candidate(whole, site.path, "type", whole)
            for keyword, limit in site.schema.items():
                wanted = demand(keyword, limit)
                exact = None if wanted is None else _made(make, site, wanted)
                if exact is not None:
                    yield _Candidate(exact[0], site.path, keyword, exact[0])
                start, inner = exact or base
                for candidate in beside(keyword, limit, inner):
                    yield _Candidate(replaced(start, site.path, candidate), site.path, keyword, start)
            for candidate in at_edges(value):
                yield _Candidate(replaced(whole, site.path, candidate), site.path, "type", whole)


def _made(make: Make, site: Site, wanted: Schema) -> tuple[Any, Any] | None:
    """Return a value that has a place, and what stands there; None if none was found."""
    also = site.hold(wanted)
    try:
        whole = make(also if isinstance(also, dict) else True)
        return whole, found(whole, site.path)
    except (UnsatisfiableError, LookupError, TypeError):
        return None


def _told_apart(candidates: Iterable[_Candidate], check: Callable[[Any], object]) -> Iterator[Variant]:
    """Yield each candidate once, with how a check takes it; few that miss the same keyword at one place."""
    seen: set[str] = set()
    missed: Counter[Violation] = Counter()
    for near in candidates:
        text = json.dumps(near.value, default=written_bytes, sort_keys=True)
        if text in seen or len(text) > _MOST_BYTES:
            continue
        seen.add(text)
        try:
            check(near.value)
        except Mismatch as mismatch:
            violation = mismatch.violations[0]
            missed[violation] += 1  # whose message names a member that is missing
            if missed[violation] <= _FAULTS:
                yield Variant(
                    value=near.value,
                    pointer=violation.pointer,
                    keyword=violation.keyword,
                    base=near.base,
                    mismatch=mismatch,
                )
        else:
            yield Variant(
                value=near.value, pointer=pointer_of(near.path), keyword=near.keyword, base=near.base
            )
