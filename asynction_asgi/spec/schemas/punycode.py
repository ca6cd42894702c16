"""Punycode, in time linear in the label: decoding, and the length of what encoding would give.

Source: RFC 3492 (Punycode).
"""

from __future__ import annotations

PREFIX = "xn--"
_LONGEST = 63  # characters of a label
# RFC 3492, section 5. A digit's threshold is its weight less the bias, at least 1 and at most 26.
_BASE, _MOST, _SKEW, _DAMP, _BIAS, _FIRST = 36, 26, 38, 700, 72, 128
_DIGITS = {char: number for number, char in enumerate("abcdefghijklmnopqrstuvwxyz0123456789")}


def _adapt(delta: int, count: int) -> int:
    """Adapt the bias (RFC 3492, section 6.1)."""
    delta += delta // count
    bias = 0
    while delta > 455:  # (36 - 1) * 26 / 2
        delta //= 35
        bias += _BASE
    return bias + 36 * delta // (delta + _SKEW)


def encoded_length(label: str) -> int | None:
    """Return how many characters a label's A-label has, or None if more than 63 (RFC 3492, section 6.3).

    What is before a place in the label, and comes before in the order of code points, is counted in the
    bits of one integer.
    """
    if len(label) > _LONGEST:
        return None
    smaller = sum(1 << place for place, char in enumerate(label) if char.isascii())
    done = smaller.bit_count()
    left = _LONGEST - len(PREFIX) - done - bool(done)
    same = place = delta = 0
    bias, current, damp = _BIAS, _FIRST, _DAMP
    for code, next_place in sorted((ord(char), at) for at, char in enumerate(label) if not char.isascii()):
        if code != current:
            if same:
                delta += (smaller >> place).bit_count() + 1
                smaller |= same
                current += 1
            delta += (code - current) * (done + 1)
            current, same, place = code, 0, 0
        delta += (smaller >> place & (1 << next_place - place) - 1).bit_count()
        left -= 1
        rest, weight = delta, _BASE - bias
        while rest >= (threshold := 1 if weight < 1 else min(weight, _MOST)):
            rest = (rest - threshold) // (_BASE - threshold)
            weight += _BASE
            left -= 1
        if left < 0:
            return None
        done += 1
        bias = _adapt(delta // damp, done)
        delta, damp, place = 0, 2, next_place + 1
        same |= 1 << next_place
    return _LONGEST - left


def decode(text: str) -> str | None:
    """Decode lower-case Punycode (RFC 3492, section 6.2), or return None if the text is not Punycode."""
    base, dash, digits = text.rpartition("-")
    if dash and not base:
        return None
    decoded = list(base)
    bias, code, place = _BIAS, _FIRST, 0
    start, factor, weight, damp = 0, 1, _BASE, _DAMP
    for char in digits:
        digit = _DIGITS[char]
        place += digit * factor
        threshold = min(max(weight - bias, 1), _MOST)
        if digit >= threshold:
            factor *= _BASE - threshold
            weight += _BASE
            continue
        count = len(decoded) + 1
        bias = _adapt((place - start) // damp, count)
        code += place // count
        place %= count
        if code > 0x10FFFF:
            return None
        decoded.insert(place, chr(code))
        place += 1
        start, factor, weight, damp = place, 1, _BASE, 2
    return "".join(decoded) if weight == _BASE else None
