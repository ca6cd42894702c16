"""Names of processes on a queue."""

from __future__ import annotations

from asynction_asgi.engine.cluster.process_id import Identity

from .threads import in_threads


def test_threads_share_the_name_of_their_process() -> None:
    """Threads that ask for it at the same time, before any other did, get the same name."""
    for _ in range(300):
        identity = Identity()
        names = in_threads(4, lambda identity=identity: [identity.name])  # type: ignore[misc]  # its type
        assert names == [identity.name] * 4
        assert (identity.last, identity.number(), identity.last) == (0, 1, 1)
