"""Start and end of an application, as a lifespan announces them or its first request does."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from ..engine.transport.uvicorn.compat import prepare
from ..errors import AsynctionError, BindingError
from ..logs import get_logger
from ..metrics.health import Health
from .registering import log_findings
from .unserved import unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import Any

    from ..engine import Server
    from .background import Background
    from .contract import Contract
    from .dispatch import Dispatcher
    from .measuring import Measuring

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

logger = get_logger()


class _State(Enum):
    """How far an application has come; it may start again after its end."""

    NEW = auto()
    OPEN = auto()  # what clients reach is complete
    STARTED = auto()
    UNAVAILABLE = auto()  # the start failed, or handlers can't be attached at the first request


class Lifecycle:
    """Attaches, opens, starts and stops what an application consists of.

    Args:
        contract: The document with its handlers.
        dispatcher: Serves it.
        server: Reaches the clients.
        background: The tasks that run from start to stop.
        measuring: What the application counts, or None without metrics.
        engine: Answers at the path of Socket.IO.
    """

    def __init__(
        self,
        contract: Contract,
        dispatcher: Dispatcher,
        server: Server,
        background: Background,
        measuring: Measuring | None,
        engine: ASGIApp,
    ) -> None:
        self._engine = engine
        self._contract = contract
        self._dispatcher = dispatcher
        self._server = server
        self._background = background
        self._measuring = measuring
        self._state = _State.NEW

    @property
    def awaits_start(self) -> bool:
        """Whether neither a lifespan nor a request has started the application."""
        return self._state in (_State.NEW, _State.OPEN)

    @property
    def engine(self) -> ASGIApp:
        """What answers at the path of Socket.IO: 503 if the application could not start."""
        return unavailable if self._state is _State.UNAVAILABLE else self._engine

    @property
    def health(self) -> Health:
        """Whether clients may be sent here, and why not."""
        handlers = self._state is not _State.UNAVAILABLE
        return Health(handlers=handlers, queue=self._server.reached, draining=self._server.stopping)

    def bind(self) -> None:
        """Attach what the document names, once; raises as `Attachment.bind` does."""
        attachment = self._contract.attachment
        if not attachment.is_bound:
            attachment.bind()
            log_findings(attachment.routes.warnings)

    def check_imports(self) -> None:
        """Import the handlers that the document names; raises as `Attachment.check_imports` does."""
        self._contract.attachment.check_imports()

    def check_handlers(self) -> None:
        """Attach what the document names, and check that every declared event has a handler.

        Raises:
            BindingError: Events have none, and what clients send is enforced; or `bind` raised it.
        """
        self.bind()
        missing = [finding for finding in self._contract.routes.missing() if finding.severity == "error"]
        if missing:
            raise BindingError(missing)

    def measure(self) -> None:
        """Begin to look at the event loop's lag, if there are metrics."""
        if self._measuring is not None:
            self._measuring.start(lambda: self.health)

    async def start(self) -> None:
        """Start as a lifespan announces, all but the background tasks.

        Raises as `check_handlers` does. What has started is stopped then, also if it is cancelled, and nothing is
        served.
        """
        try:
            self.check_handlers()
            self._open()
            prepare()
            await self._run()
        except BaseException:
            self._state = _State.UNAVAILABLE
            await self.stop()
            raise

    def begin(self) -> None:
        """Begin the background tasks, for which the application that this one wraps must be running."""
        self._background.start()

    async def start_unannounced(self) -> None:
        """Start with the first request, when no lifespan announced it, as under a mount."""
        if self._state is _State.NEW:
            try:
                self.bind()
                self._open()
            except Exception as error:
                if isinstance(error, AsynctionError):
                    logger.error("Socket.IO is not served, and answers 503: %s", error)  # noqa: TRY400  # it says where
                else:
                    logger.exception("Socket.IO is not served, and answers 503")
                self._state = _State.UNAVAILABLE
                return
        await self._run()
        self.begin()

    async def stop(self) -> None:
        """Stop the background tasks, then the server, then what was provided."""
        try:
            await self._background.stop()
        finally:
            try:
                await self._server.shutdown()
            finally:
                if self._measuring is not None:
                    self._measuring.stop()
                await self._dispatcher.close()

    def _open(self) -> None:
        """Complete what clients reach, which is bound."""
        log_findings(self._contract.routes.missing())
        self._contract.start()
        measuring, sending = self._measuring, self._dispatcher.sending
        times = measuring and measuring.attach(self._server, sending, self._contract)
        self._dispatcher.start(times.by_routes if times else {})
        self._server.listen()
        self._state = _State.OPEN

    async def _run(self) -> None:
        self.measure()
        await self._server.ready()
        self._state = _State.STARTED
