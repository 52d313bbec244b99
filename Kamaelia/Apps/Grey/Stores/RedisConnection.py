"""A connection to a Redis or Valkey server, with its timeouts, retries and log messages.

Example usage::

    link = RedisConnection("redis://:secret@redis.example.org:6379/0")
    await link.send("PING")
    link.sendNow("PING")  # without an event loop

How does it work?

The server has TIMEOUT seconds to reply. After a failure, mayTry() returns False until the next
attempt is due; the pause doubles with each failure. A failure and a recovery are logged once
each. No message contains the password of the URL.
"""

from __future__ import annotations

import logging
import time
from asyncio import AbstractEventLoop, get_running_loop, timeout
from collections.abc import Awaitable
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from Kamaelia.Support.Secrets import withoutCredentials

from .Store import StoreFailed, StoreUnreachable

TIMEOUT = 1.0
ENCODING_ERRORS = "surrogateescape"  # any bytes survive a round trip
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds between two attempts

logger = logging.getLogger("Kamaelia.Apps.Grey")


class RedisConnection:
    """RedisConnection(url) -> a connection that is opened when it is first used.

    Raises ValueError if the URL is invalid, and StoreFailed if redis-py is missing.
    """

    def __init__(self, url: str, isQuiet: bool = False) -> None:
        parts, self.name = parse(url)
        self._secret = unquote(parts.password or "")
        self._isQuiet = isQuiet  # do not log failures
        self.url = url
        try:
            import redis.asyncio
        except ImportError:
            raise StoreFailed("a store in Redis requires the package redis: install it") from None
        self._redis = redis
        self._settings: dict[str, Any] = {
            "decode_responses": True,
            "encoding_errors": ENCODING_ERRORS,
            "protocol": 2,
            "socket_connect_timeout": TIMEOUT,
        }
        if parts.scheme == "rediss":
            self._settings["ssl_check_hostname"] = True
        self._now: Any = None  # the blocking client
        self._client: Any = None  # the client of an event loop
        self._connection: Any = None  # the connection of exchange()
        self._loop: AbstractEventLoop | None = None
        self.connections = 0  # that exchange() has made
        self.failure: StoreFailed | None = None  # the failure of the last message, if any
        self._pause = 0.0
        self._nextTry = 0.0

    def mayTry(self) -> bool:
        """Return whether the last message succeeded, or another attempt is due."""
        return self.failure is None or time.monotonic() >= self._nextTry

    def pause(self) -> float:
        """Return how many seconds to wait before the next attempt."""
        return 0.0 if self.failure is None else max(0.0, self._nextTry - time.monotonic())

    async def send(self, *command: str | float) -> Any:
        """Send a command and return its reply. Raise StoreFailed."""
        self._bindToLoop()
        return await self._inTime(self._client.execute_command(*command))

    async def exchange(self, *command: str | float) -> Any:
        """Send like send(), without a connection pool, which halves the work; one at a time."""
        self._bindToLoop()
        return await self._inTime(self._exchange(command))

    async def _exchange(self, command: tuple[str | float, ...]) -> Any:
        await self._client.connection_pool.ensure_connection(self._connection)
        await self._connection.send_command(*command)
        return await self._connection.read_response()

    async def _inTime(self, answer: Awaitable[Any]) -> Any:
        try:
            async with timeout(TIMEOUT):
                told = await answer
        except TimeoutError:
            raise self._fail(TimeoutError(f"no reply within {TIMEOUT:g} s")) from None
        except (self._redis.RedisError, OSError) as error:
            raise self._fail(error) from None
        self._succeed()
        return told

    def sendNow(self, *command: str | float) -> Any:
        """Send a command, block until the reply arrives, and return it. Raise StoreFailed."""
        if self._now is None:
            retry = self._redis.retry.Retry(self._redis.backoff.NoBackoff(), 0)
            self._now = self._redis.Redis.from_url(
                self.url, retry=retry, socket_timeout=TIMEOUT, **self._settings
            )
        # The packer of hiredis rejects text with surrogates, so it gets bytes.
        name, *rest = command
        try:
            answer = self._now.execute_command(name, *map(_encoded, rest))
        except (self._redis.RedisError, OSError) as error:
            raise self._fail(error) from None
        self._succeed()
        return answer

    def _bindToLoop(self) -> None:
        loop = get_running_loop()
        if loop is self._loop:
            return
        # No retries: a command that was perhaps executed must not be sent again.
        retry = self._redis.asyncio.retry.Retry(self._redis.backoff.NoBackoff(), 0)
        client = self._redis.asyncio.Redis
        # redis-py's own timeout would create a task for each command, so _inTime has one.
        self._client = client.from_url(self.url, retry=retry, socket_timeout=None, **self._settings)
        self._connection = self._client.connection_pool.make_connection()
        self._connection.register_connect_callback(self._countConnection)
        self._loop = loop

    def _countConnection(self, connection: Any) -> None:
        self.connections += 1

    def _fail(self, error: Exception) -> StoreFailed:
        text = str(error) or type(error).__name__
        if self._secret:
            text = text.replace(self._secret, "...")
        text = withoutCredentials(text)
        isNews = self.failure is None and not self._isQuiet
        kind = StoreUnreachable if self._isUnreachable(error) else StoreFailed
        self.failure = kind(f"the store {self.name} failed: {text}")
        self._pause = min(2 * self._pause, LONGEST_PAUSE) if self._pause else FIRST_PAUSE
        self._nextTry = time.monotonic() + self._pause
        if isNews:
            logger.error("%s; retrying", self.failure)
        return self.failure

    def _isUnreachable(self, error: Exception) -> bool:
        """Return whether the server could not be reached, rather than refused us."""
        if isinstance(error, self._redis.AuthenticationError):
            return False
        return isinstance(error, OSError | self._redis.ConnectionError | self._redis.TimeoutError)

    def _succeed(self) -> None:
        if self.failure is not None:
            self.failure = None
            self._pause = 0.0
            logger.warning("the store %s works again", self.name)

    def close(self) -> None:
        """Close the connection of sendNow(). disconnect() closes the others."""
        if self._now is not None:
            self._now.close()
            self._now = None

    async def disconnect(self) -> None:
        """Close the connections of send() and exchange() in this event loop."""
        if self._loop is get_running_loop():
            await self._connection.disconnect()
            await self._client.aclose()
            self._loop = self._client = self._connection = None


def checkServer(url: str) -> None:
    """Raise StoreFailed if the server does not respond, or refuses a command."""
    link = RedisConnection(url, isQuiet=True)
    try:
        link.sendNow("GET", "grey:entries:version")
    finally:
        link.close()


def _encoded(part: str | float) -> bytes | float:
    return part.encode(errors=ENCODING_ERRORS) if isinstance(part, str) else part


def parse(url: str) -> tuple[SplitResult, str]:
    """Return the parts of a URL, and its form for messages. Raise ValueError without its text."""
    try:
        parts = urlsplit(url)
        port = parts.port or 6379
        path = parts.path.strip("/") or "0"
        isGood = bool(parts.path) if parts.scheme == "unix" else path.isdecimal()
    except ValueError:
        isGood = False
    if not isGood:
        # The URL is not quoted, because it may contain a password.
        raise ValueError(
            "the URL of the store must be redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE] or"
            " unix://[USER:PASSWORD@]/PATH, with a number as the database, and with special"
            " characters percent-encoded, such as %2F for /"
        )
    if parts.scheme == "unix":
        return parts, f"unix://{parts.path}"
    return parts, f"{parts.scheme}://{parts.hostname or 'localhost'}:{port}/{path}"
