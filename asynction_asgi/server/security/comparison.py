"""Compare secrets in constant time, so that the time does not tell how much of a guess was right."""

from __future__ import annotations

import hmac


def same_secret(one: str | bytes | None, other: str | bytes | None) -> bool:
    """Return whether two keys, passwords or tokens are equal; None equals nothing, not even None.

    Takes a time that depends on the lengths alone. Text is compared by its UTF-8 form.
    """
    if one is None or other is None:
        return False
    return hmac.compare_digest(_encode(one), _encode(other))


def _encode(secret: str | bytes) -> bytes:
    return secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret
