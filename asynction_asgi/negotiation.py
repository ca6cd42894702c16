"""Which representation a client prefers, by its Accept and Accept-Encoding (RFC 9110, section 12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def preferred(accept: str, offered: Mapping[str, Sequence[str]]) -> str:
    """Return the key of `offered` whose media types are wanted most; the first one in doubt.

    Args:
        accept: The header's value.
        offered: Media types of each representation, the server's favourite first.
    """
    ranges = _weighted(accept)
    best, first = 0.0, next(iter(offered))
    for name, types in offered.items():
        quality = max(_quality(media_type, ranges) for media_type in types)
        if quality > best:
            best, first = quality, name
    return first


def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether a body may be sent in gzip."""
    codings = _weighted(accept_encoding)
    return codings.get("gzip", codings.get("*", 0.0)) > 0


def holds(if_none_match: str, tag: str) -> bool:
    """Return whether the client has the representation of this ETag already (RFC 9110, 13.1.2)."""
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return tag in tags or "*" in tags


def _quality(media: str, ranges: Mapping[str, float]) -> float:
    kind = media.partition("/")[0]
    return next((ranges[pattern] for pattern in (media, f"{kind}/*", "*/*") if pattern in ranges), 0.0)


def _weighted(header: str) -> Mapping[str, float]:
    """Return the weight of each range; of those that differ in their parameters alone, the greatest."""
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        if name:
            weights[name] = max(quality, weights.get(name, 0.0))
    return weights
