"""What is said of a queue by the error of its client."""

from __future__ import annotations

import aiormq.exceptions
import redis.exceptions
import valkey.exceptions

from asynction_asgi.engine.cluster.troubles import name_trouble


def test_errors_of_clients_are_told_apart() -> None:
    """Whatever the client's package, a broker that answers is not called unreachable."""
    states = {
        "refuses the user or password": [
            redis.exceptions.AuthenticationError,
            redis.exceptions.AuthenticationWrongNumberOfArgsError,
            valkey.exceptions.AuthenticationError,
            valkey.exceptions.AuthenticationWrongNumberOfArgsError,
            aiormq.exceptions.ProbableAuthenticationError,
        ],
        "denies its user a required permission": [
            redis.exceptions.NoPermissionError,
            valkey.exceptions.NoPermissionError,
            aiormq.exceptions.ChannelAccessRefused,
            aiormq.exceptions.ConnectionNotAllowed,
        ],
        "answers with an error": [
            redis.exceptions.ReadOnlyError,
            valkey.exceptions.ReadOnlyError,
            aiormq.exceptions.ChannelPreconditionFailed,
        ],
        "can't be reached": [
            redis.exceptions.ConnectionError,
            valkey.exceptions.BusyLoadingError,
            aiormq.exceptions.AMQPConnectionError,
            OSError,
            TimeoutError,
        ],
    }
    for state, errors in states.items():
        for error in errors:
            assert name_trouble(error()).state == state, error
