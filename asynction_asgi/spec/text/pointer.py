"""JSON Pointers, read and written in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pointer:
    """The way from a value to one within it, as keys and indices without escapes.

    Source: RFC 6901, sections 3 and 4.
    """

    tokens: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Pointer:
        """Read a pointer; a tilde that escapes nothing stands for itself.

        Raises:
            ValueError: The text is neither empty nor begins with a slash.
        """
        if not text:
            return cls()
        first, *tokens = text.split("/")
        if first:
            raise ValueError(f"a JSON Pointer is empty or begins with /, unlike {text!r}")
        if "~" in text:
            tokens = [token.replace("~1", "/").replace("~0", "~") for token in tokens]
        return cls(tuple(tokens))

    @staticmethod
    def escape(token: str | int) -> str:
        """Return one key or index as it is written within a pointer."""
        return token.replace("~", "~0").replace("/", "~1") if isinstance(token, str) else str(token)

    @property
    def last(self) -> str:
        """The key or index of the value itself; ``""`` at the root."""
        return self.tokens[-1] if self.tokens else ""

    @property
    def parent(self) -> Pointer:
        """The pointer to what holds the value; the root's own at the root."""
        return Pointer(self.tokens[:-1])

    def __truediv__(self, token: str | int) -> Pointer:
        """Descend to a member or an element."""
        return Pointer((*self.tokens, str(token)))

    def __str__(self) -> str:
        """Write the pointer, with escapes."""
        return "".join(f"/{self.escape(token)}" for token in self.tokens)
