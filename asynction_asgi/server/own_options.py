"""Values of the options of an application that are not its engine's, checked once, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, cast

from ..engine.option_values import check_switches
from .options import Options, check_handlers, check_limits, check_names, check_observers
from .validation import Validation, validation_of
from .wrappable import check_asgi

if TYPE_CHECKING:
    import os
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
    from typing import Literal

    from ..docs.guard import Guard
    from ..docs.http import Renderer
    from ..engine import ServerOptions
    from .observer import Observer
    from .tracing.option import Tracing
    from .validation import Enforcement

    Handler = Callable[..., Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOptions:
    """What `Options` describes, without the options of the engine.

    Raises:
        TypeError: An option has another type.
        ValueError: An option has another value than it takes.
    """

    validation: Validation | Enforcement | bool = True
    docs: bool = True
    docs_console: bool = True
    docs_path: str | None = None
    docs_guard: Guard | None = None
    docs_renderer: Renderer | None = None
    docs_root: str | os.PathLike[str] | None = None
    default_error_handler: Handler | None = None
    app: Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]] | None = None
    handlers: Mapping[str, Mapping[str, Handler | str]] | None = None
    security_handlers: Mapping[str, Handler | str] | None = None
    mock: Literal["missing"] | None = None
    message_queue_validation: bool = False
    check_types: bool = True
    bind: Literal["now", "start"] = "now"
    provide: Mapping[Any, Any] | None = None
    observers: Sequence[Observer] = ()
    recovery: bool = True
    tracing: Tracing | bool = False
    metrics: bool | str = False
    metrics_path: str | None = None
    health_path: str | None = None
    monitor_guard: Guard | Literal["missing"] | None = "missing"

    def __post_init__(self) -> None:
        check_handlers(self.handlers or {})
        check_observers(self.observers)
        check_switches(
            docs=self.docs,
            docs_console=self.docs_console,
            recovery=self.recovery,
            check_types=self.check_types,
        )
        if self.bind not in ("now", "start"):
            raise ValueError(f'bind must be "now" or "start", not {self.bind!r}')
        check_asgi(self.app)

    @property
    def strictness(self) -> Validation:
        """The option ``validation`` per direction.

        Raises:
            ValueError: It has another value.
        """
        return validation_of(self.validation)


def read_options(given: Options) -> tuple[OwnOptions, ServerOptions]:
    """Return the options of the application, and those that are left for its engine.

    Raises:
        TypeError: An option is unknown, or has another type.
        ValueError: An option has another value than it takes.
    """
    check_names(given, Options)
    names = {field.name for field in fields(OwnOptions)}
    own: dict[str, Any] = {name: value for name, value in given.items() if name in names}
    others = {name: value for name, value in given.items() if name not in names}
    check_limits(others.get("limits"))
    return OwnOptions(**own), cast("ServerOptions", others)
