"""The keys of an issuer (RFC 7517): fetched by https in a worker thread, cached, renewed.

A token with an unknown key id triggers a fetch, at a limited rate whatever clients send. While the issuer
can't be reached, known keys are used for some time longer.
"""

from __future__ import annotations

import asyncio
import http.client
import ipaddress
import json
import time
import urllib.error
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from ...errors import RefusedError
from ...logs import get_logger
from .fetching import TooLargeError, fetch
from .jwks import KeySet

if TYPE_CHECKING:
    import jwt

logger = get_logger()

_LARGEST = 512 * 1024
_RETRY_SECONDS = 5.0
# How much longer the task waits than the thread.
_GRACE_SECONDS = 0.5
# Keys are used for this multiple of their lifetime while the issuer can't be reached.
_STALE = 6.0


class IssuerKeys:
    """The key set behind a URL.

    Args:
        url: Must pass `check_url`.
        lifetime: Seconds after which the set is fetched again.
        cooldown: Minimum seconds between two fetches for unknown key ids.
        timeout: Seconds that one fetch may take.
    """

    def __init__(self, url: str, *, lifetime: float, cooldown: float, timeout: float) -> None:
        self._url = url
        self._lifetime = lifetime
        self._cooldown = cooldown
        self._timeout = timeout
        self._keys: KeySet | None = None
        self._fetched = self._not_before = float("-inf")
        self._fetching: asyncio.Task[None] | None = None
        self._reading = False  # whether a thread is fetching, possibly longer than the task waits

    async def find(self, kid: str | None, algorithm: str) -> jwt.PyJWK | None:
        """Return the key that matches a token's key id and algorithm, or None.

        Raises:
            RefusedError: ``unavailable``: The keys can't be fetched.
        """
        age = time.monotonic() - self._fetched
        if self._keys is None or age > self._lifetime * _STALE:
            await self._renew()
        elif age > self._lifetime:
            self._start()  # the known keys are used meanwhile
        if self._keys is None or time.monotonic() - self._fetched > self._lifetime * _STALE:
            raise RefusedError("unavailable", "tokens can't be verified now")
        if kid is not None and not self._keys.knows(kid):
            await self._renew()
        return self._keys.find(kid, algorithm)

    async def _renew(self) -> None:
        """Wait for the current fetch, or start one unless the cooldown forbids it."""
        task = self._start()
        if task is not None:
            await asyncio.shield(task)

    def _start(self) -> asyncio.Task[None] | None:
        task = self._fetching
        loop = asyncio.get_running_loop()
        if task is not None and not task.done() and task.get_loop() is loop:
            return task
        if self._reading or time.monotonic() < self._not_before:
            return None
        self._not_before = time.monotonic() + self._cooldown
        self._fetching = loop.create_task(self._fetch())
        return self._fetching

    async def _fetch(self) -> None:
        # With a limiter of its own it need not wait until plain handlers free a thread.
        limiter = anyio.CapacityLimiter(1)
        reading = asyncio.ensure_future(
            anyio.to_thread.run_sync(self._read, abandon_on_cancel=True, limiter=limiter)
        )
        reading.add_done_callback(_looked_at)
        try:
            # The thread has the same timeout, but resolving a host name can't be interrupted.
            if not (await asyncio.wait([reading], timeout=self._timeout + _GRACE_SECONDS))[0]:
                raise TimeoutError
            reading.result()
        except (OSError, http.client.HTTPException, ValueError, RecursionError) as error:
            self._not_before = time.monotonic() + min(self._cooldown, _RETRY_SECONDS)
            where = urlsplit(self._url).hostname
            logger.warning("the keys of %s can't be fetched: %s", where, _reason(error, self._timeout))

    def _read(self) -> None:
        """Fetch the keys and keep them, also if the task no longer waits; runs in a thread, one at a time."""
        self._reading = True
        try:
            keys = KeySet(json.loads(fetch(self._url, seconds=self._timeout, largest=_LARGEST)))
            self._keys, self._fetched = keys, time.monotonic()
        finally:
            self._reading = False


def _looked_at(reading: asyncio.Future[None]) -> None:
    """Retrieve an error that came too late, so that asyncio does not report it."""
    if not reading.cancelled():
        reading.exception()


def _reason(error: Exception, seconds: float) -> str:
    """Return why keys can't be fetched, without any text that the server sent."""
    if isinstance(error, TimeoutError):
        return f"no complete answer came within {seconds:g} seconds"
    if isinstance(error, urllib.error.HTTPError):
        return f"the answer has the status {error.code}"
    if isinstance(error, TooLargeError):
        return f"the answer is larger than {_LARGEST} bytes"
    if isinstance(error, OSError):
        return str(error) or type(error).__name__
    if isinstance(error, http.client.HTTPException):
        return f"the answer is not HTTP ({type(error).__name__})"
    return "the answer is not a JSON Web Key Set"


def check_url(url: str) -> None:
    """Check that keys from a URL can be trusted to come from its host.

    Raises:
        ValueError: The URL is neither https nor, for a loopback address, http.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if not host or parts.username is not None:
        raise ValueError("jwks must be an absolute URL without a user name")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise ValueError("jwks must be an https URL; http is allowed for loopback addresses only")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
