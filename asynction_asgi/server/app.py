"""`AsynctionSocketIO`: a document and its handlers as an ASGI application."""

from __future__ import annotations

import inspect
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from ..engine import EngineApp, ServerOptions, queue_of
from ..engine.options import UpstreamOptions
from ..engine.transport.direct import register
from .advice import advise
from .assembly import assemble
from .attaching import find_problems
from .document_source import load_source
from .emitting import Emitting
from .instead import missing_attribute
from .lifespan import compose_lifespan
from .option_help import show_options
from .options import Options
from .own_options import OwnOptions
from .registering import Registering, log_findings
from .unserved import refuse

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
    from contextlib import AbstractContextManager
    from typing import ClassVar, Self, Unpack

    from ..engine.cluster.view import Queue
    from ..metrics import Metrics
    from ..metrics.health import Health
    from ..spec import Spec
    from .document_source import Schemas, Source
    from .socket import Socket

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class AsynctionSocketIO(Registering, Emitting):
    """A Socket.IO server whose contract is an AsyncAPI document; itself the ASGI application.

    Serve it directly, mount it under any path of a Starlette or FastAPI application, or let it wrap an
    application (`app`): it serves the document's Socket.IO path and the docs, and passes on all other
    requests and the lifespan.
    """

    # Whether code may attach handlers later; if not, events without a handler are reported at once.
    handlers_follow: ClassVar[bool] = True

    def __init__(self, spec: Spec, **options: Unpack[Options]) -> None:
        parts = assemble(self, spec, options, complete=not self.handlers_follow)
        self._spec = spec
        self._contract, self._dispatcher, self._measuring = parts.contract, parts.dispatcher, parts.measuring
        self._lifecycle, self._targets = parts.lifecycle, parts.targets
        Registering.__init__(self, parts.contract.routes, parts.dispatcher.sending.around, parts.background)
        Emitting.__init__(self, parts.server, parts.dispatcher.sending)
        log_findings((*parts.contract.spec.warnings, *parts.contract.routes.warnings))
        advise(parts.contract.spec, parts.targets.docs, parts.targets.wrapped)

    @classmethod
    def from_spec(
        cls,
        spec_path: Source,
        *,
        server_name: str | None = None,
        strict: bool = False,
        schemas: Schemas | None = None,
        **options: Unpack[Options],
    ) -> Self:
        """Create the server of a document.

        Args:
            spec_path: A path, an open file, a mapping, or a loaded `Spec`.
            server_name: Which of the document's servers this is; it determines path and security.
            strict: Whether what the document declares and is not enforced is an error, such as schemas
                in a format that is not validated.
            schemas: Maps a URI, or the beginning of URIs, to the file or folder from which references to it are
                read; the longest match counts. Nothing is ever fetched.
            options: Those of `Options`, which include those of ``socketio.AsyncServer``.

        Raises:
            SpecError: The document can't be loaded, served or, with ``mock``, mocked. Problems with its
                handlers are reported too.
            BindingError: Handlers that it names, or that are given, can't be bound.
            TypeError: An option is unknown, or the document has another type.
            ValueError: An option contradicts another.
        """
        find_more = partial(find_problems, given=options, complete=not cls.handlers_follow)
        spec = load_source(
            spec_path, server_name=server_name, strict=strict, schemas=schemas, find_more=find_more
        )
        return cls(spec, **options)

    if not TYPE_CHECKING:  # type checkers report the attribute themselves

        def __getattr__(self, name: str) -> Any:
            raise missing_attribute(self, name)

    @property
    def spec(self) -> Spec:
        """The compiled contract."""
        return self._spec

    @property
    def wrapped(self) -> ASGIApp | None:
        """The application that the option ``app`` gave, or None."""
        return self._targets.wrapped

    @property
    def queue(self) -> Queue | None:
        """The state of this process's connection to the message queue, or None without `message_queue`."""
        return queue_of(self._server.manager)

    def socket(self, sid: str, namespace: str | None = None) -> Socket | None:
        """Return the connection with this sid, or None if it is not in this process."""
        return self._dispatcher.connections.get(namespace or "/", sid)

    @property
    def ready(self) -> bool:
        """Whether clients may be sent here.

        The application could start, the message queue, if there is one, has been reached, and shutdown has not
        begun. A later outage changes this only with `run --ready-needs-queue`, because the process still serves
        its clients.
        """
        return self.health.ready

    @property
    def awaits_start(self) -> bool:
        """Whether neither a lifespan nor a request has started the application."""
        return self._lifecycle.awaits_start

    @property
    def health(self) -> Health:
        """What `ready` depends on."""
        return self._lifecycle.health

    @property
    def metrics(self) -> Metrics | None:
        """What the application counts, or None without the option ``metrics``."""
        return None if self._measuring is None else self._measuring.metrics

    def measure(self) -> None:
        """Begin to look at the event loop's lag, if there are metrics; start-up calls this."""
        self._lifecycle.measure()

    async def drain(self, seconds: float) -> None:
        """Let the clients leave one after another, so that they come back to other processes.

        `ready` becomes False, and new clients are refused with 503. The clients leave evenly over the time,
        the oldest first: the handlers of each end and answer, in five seconds at most, what it sends meanwhile
        is not taken, and its connection closes in a way after which clients come back. Returns when all have
        left; then stop the server. ``asynction-asgi run --drain`` calls this by itself.

        Raises:
            ValueError: `seconds` is negative or not a number; nothing has changed.
        """
        await self._server.drain(seconds)

    def serves(self, path: str, root: str = "") -> bool:
        """Return whether a request below a mount's path is answered here, and not by the wrapped application."""
        return self._targets.serves(path, root)

    @property
    def docs_path(self) -> str | None:
        """The path of the documentation below the mount, or None without documentation."""
        docs = self._targets.docs
        return None if docs is None else docs.path

    @property
    def violations(self) -> Counter[tuple[str, str | None, str]]:
        """Number of violations that ``warn`` let through, by namespace, event and part."""
        return self._contract.violations.counts

    def bind(self) -> None:
        """Attach the handlers and security functions that the document names, if that has not been done yet.

        With the option ``bind="start"`` start-up calls this, also through `check_handlers`.

        Raises:
            BindingError: Some can't be attached; all of them are reported.
            SpecError: Something can't be mocked.
        """
        self._lifecycle.bind()

    def check_handlers(self) -> None:
        """Check that every declared event has a handler; start-up calls this.

        Raises:
            BindingError: Events have no handler, and what clients send is enforced; all of them are reported.
                Or `bind` raised it.
        """
        self._lifecycle.check_handlers()

    def check_imports(self) -> None:
        """Check that the handlers that the document names can be imported, and leave all else to the start.

        Raises:
            BindingError: Some can't; all of them are reported.
        """
        self._lifecycle.check_imports()

    def override(self, replacements: Mapping[Any, Any]) -> AbstractContextManager[None]:
        """Replace providers within a block, as tests do.

        Args:
            replacements: By type, or by the function of a `Provide`: another provider, or the value itself. A
                function or class makes the value, for as long as what it replaces lasts; a `Provide` says how
                long. Any other object is the value, also one that can be called.

        Raises:
            ValueError: Nothing is provided by a key.
            TypeError: A provider can't be filled, or has a shorter lifetime than what it replaces.
        """
        return self._contract.attachment.providers.override(replacements)

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncIterator[None]:  # noqa: ARG002  # frameworks pass it
        """Start, and stop when the block ends: ``FastAPI(lifespan=sio.lifespan)``, for applications that mount this.

        Frameworks do not tell a mounted application of start and end. With this, handlers are checked at
        start-up, and at the end they may finish, background tasks are cancelled, and what providers made for
        the application is closed, as without a mount.

        Args:
            app: The application that mounts this one; frameworks pass it.

        Raises:
            BindingError: As `check_handlers` does; the application does not start.
        """
        await self._lifecycle.start()
        try:
            self._lifecycle.begin()
            yield
        finally:
            await self._lifecycle.stop()

    async def aclose(self) -> None:
        """Close what providers made for the application, once no connection uses it; shutdown does this by itself.

        What one of them raises is logged.
        """
        await self._dispatcher.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection: lifespan, HTTP or WebSocket."""
        lifecycle = self._lifecycle
        if scope["type"] == "lifespan":
            await compose_lifespan(self._targets.wrapped, scope, receive, send, lifecycle)
            return
        if lifecycle.awaits_start:
            await lifecycle.start_unannounced()
        target = self._targets.find(scope)
        if target is not None:
            await target(scope, receive, send)
        else:
            await refuse(scope, send, 404, "Not Found")


def _engine_at(app: AsynctionSocketIO, path: str, root: str) -> EngineApp | None:
    """Return the engine if it answers at a path below the root path, and None if anything else does."""
    target = app._targets.find({"type": "http", "path": root + path, "root_path": root})  # noqa: SLF001  # its own
    return target if isinstance(target, EngineApp) else None


register(AsynctionSocketIO.__call__, _engine_at)

_GROUPS, _DEFAULTS = (Options, ServerOptions, UpstreamOptions), inspect.signature(OwnOptions).parameters
show_options(AsynctionSocketIO.__init__, _GROUPS, _DEFAULTS)
show_options(AsynctionSocketIO.from_spec.__func__, _GROUPS, _DEFAULTS)  # type: ignore[attr-defined]  # of the class method
