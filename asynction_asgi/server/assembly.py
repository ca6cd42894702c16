"""Puts an application together from a document and its options."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..docs import Docs
from ..engine import EngineApp, create_server
from ..spec.model.offered import served_spec, without_recovery
from .background import Background
from .contract import Contract
from .dispatch import Dispatcher
from .lifecycle import Lifecycle
from .measuring import create_measuring
from .own_options import read_options
from .targets import Targets
from .tracing.create import create_traces

if TYPE_CHECKING:
    from ..engine import Server, ServerOptions
    from ..spec import Spec
    from .emitting import Emitting
    from .measuring import Measuring
    from .options import Options
    from .own_options import OwnOptions
    from .tracing.traces import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an application consists of.

    Attributes:
        contract: The document with its handlers.
        dispatcher: Serves it to clients.
        server: Reaches the clients.
        background: The tasks that run from start to stop.
        measuring: What is counted, or None without metrics.
        lifecycle: Starts and stops the others.
        targets: Find what answers a request.
    """

    contract: Contract
    dispatcher: Dispatcher
    server: Server
    background: Background
    measuring: Measuring | None
    lifecycle: Lifecycle
    targets: Targets


def assemble(app: Emitting, spec: Spec, given: Options, *, complete: bool) -> Parts:
    """Make the parts of an application; nothing runs yet.

    Args:
        app: What handlers receive as their application.
        spec: The document.
        given: The options.
        complete: Whether no handlers follow, so that an event without one is a problem.

    Raises:
        BindingError: Handlers or security functions can't be attached.
        SpecError: Something can't be mocked.
        TypeError: An option is unknown, or has another type.
        ValueError: An option has another value than it takes, or contradicts another.
    """
    options, server_options = read_options(given)
    offered = served_spec(spec if options.recovery else without_recovery(spec))
    traces = create_traces(options.tracing)
    queue = server_options.get("message_queue") is not None
    measuring = create_measuring(options.metrics, offered, options.strictness, queue=queue)
    more = [part.outcomes for part in (traces,) if part] + [part.tallies for part in (measuring,) if part]
    contract = Contract.bind(offered, options, complete=complete, observers=more)
    dispatcher = Dispatcher(contract, app, traced=None if traces is None else traces.ends)
    server = _create_server(contract, dispatcher, traces, options, server_options)
    background = Background()
    lifecycle = Lifecycle(contract, dispatcher, server, background, measuring, EngineApp(server))
    return Parts(
        contract=contract,
        dispatcher=dispatcher,
        server=server,
        background=background,
        measuring=measuring,
        lifecycle=lifecycle,
        targets=_create_targets(contract.spec, lifecycle, measuring, options),
    )


def _create_server(
    contract: Contract,
    dispatcher: Dispatcher,
    traces: Traces | None,
    options: OwnOptions,
    server_options: ServerOptions,
) -> Server:
    return create_server(
        dispatcher if traces is None else traces.attach(dispatcher, contract),
        watch=contract.outcomes.watch,
        check_relayed=contract.outbound.check if options.message_queue_validation else None,
        carrier=None if traces is None else traces.carrier,
        **server_options,
    )


def _create_targets(
    spec: Spec, lifecycle: Lifecycle, measuring: Measuring | None, options: OwnOptions
) -> Targets:
    docs = (
        Docs(
            spec,
            path=options.docs_path,
            console=options.docs_console,
            guard=options.docs_guard,
            renderer=options.docs_renderer,
            root=options.docs_root,
        )
        if options.docs
        else None
    )
    return Targets(
        spec.path,
        lifecycle,
        docs=docs,
        wrapped=options.app,
        metrics_path=options.metrics_path,
        health_path=options.health_path,
        guard=options.monitor_guard,
        metrics=None if measuring is None else measuring.metrics,
    )
