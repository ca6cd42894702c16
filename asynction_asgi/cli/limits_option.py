"""The option ``--limits`` of the commands that serve a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def limits_option(function: Callable[..., None]) -> Callable[..., None]:
    """Add ``--limits``; the command receives the given limits by name."""
    return click.option(
        "--limits",
        metavar="NAME=VALUE",
        multiple=True,
        callback=_read,
        help="Change a limit on what one client may use, such as packet_bytes=40000000; repeatable. Sizes are"
        " bytes, times seconds.",
    )(function)


def _read(ctx: click.Context, param: click.Parameter, values: Sequence[str]) -> Mapping[str, float]:
    del ctx, param
    if not values:
        return {}
    from ..engine.limits import Limits  # noqa: PLC0415  # not for --help and completion
    from ..spec.text.hints import did_you_mean  # noqa: PLC0415  # likewise

    limits: dict[str, float] = {}
    for value in values:
        name, _, text = value.partition("=")
        kind = Limits.kinds().get(name)
        if kind is None:
            raise click.BadParameter(f"there is no limit {name!r}{did_you_mean(name, Limits.kinds())}")
        if name in limits:
            raise click.BadParameter(f"{name} is given twice")
        try:
            limits[name] = kind(text)
            Limits(**{name: limits[name]})  # type: ignore[arg-type]  # which the names and kinds fit
        except (TypeError, ValueError):
            wanted = "a whole number" if kind is int else "a number"
            raise click.BadParameter(f"{name} takes {wanted} above zero, not {text!r}") from None
    return limits
