"""The way to a Redis or Valkey server: its address, whether it answers, and what is said of it.

Example usage::

    link = RedisConnection("redis://:secret@redis.example.org:6379/0")
    await link.send("PING")
    link.sendNow("PING")  # where no event loop runs

How does it work?

The server has TIMEOUT seconds for an answer. After a failure nobody is made to wait: until
the next try is due, after a time that doubles from failure to failure, mayTry() is False.
When the server goes and when it is back is logged, once each. The password of the
address is in no text that leaves this module.
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
ENCODING_ERRORS = "surrogateescape"  # whatever is there can be told again
FIRST_REST, LONGEST_REST = 0.1, 5.0  # seconds between two tries

logger = logging.getLogger("Kamaelia.Apps.Grey")


class RedisConnection:
    """RedisConnection(url) -> a connection that is opened when it is first used.

    Raises ValueError if the URL is invalid, and StoreFailed if redis-py is missing.
    """

    def __init__(self, url: str, isQuiet: bool = False) -> None:
        parts, self.name = parse(url)
        self._secret = unquote(parts.password or "")
        self._isQuiet = isQuiet  # failures are not logged
        self.url = url
        try:
            import redis.asyncio
        except ImportError:
            raise StoreFailed("a store in Redis needs the package redis: install it") from None
        self._redis = redis
        self._settings: dict[str, Any] = {
            "decode_responses": True,
            "encoding_errors": ENCODING_ERRORS,
            "protocol": 2,
            "socket_connect_timeout": TIMEOUT,
        }
        if parts.scheme == "rediss":
            self._settings["ssl_check_hostname"] = True
        self._now: Any = None  # the client that waits
        self._client: Any = None  # the one of an event loop
        self._connection: Any = None  # and what exchange() has of it
        self._loop: AbstractEventLoop | None = None
        self.failure: StoreFailed | None = None  # of the last message
        self._rest = 0.0
        self._nextTry = 0.0

    def mayTry(self) -> bool:
        """Whether the server answered last time, or it is time to try it again."""
        return self.failure is None or time.monotonic() >= self._nextTry

    async def send(self, *command: str | float) -> Any:
        """One command -> its answer. Raises StoreFailed."""
        self._meetLoop()
        return await self._inTime(self._client.execute_command(*command))

    async def exchange(self, *command: str | float) -> Any:
        """The same for one at a time, as the server says it: no pool is asked, half the work."""
        self._meetLoop()
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
            raise self._fail(TimeoutError(f"no answer within {TIMEOUT:g} s")) from None
        except (self._redis.RedisError, OSError) as error:
            raise self._fail(error) from None
        self._succeed()
        return told

    def sendNow(self, *command: str | float) -> Any:
        """The same where nobody minds to wait."""
        if self._now is None:
            retry = self._redis.retry.Retry(self._redis.backoff.NoBackoff(), 0)
            self._now = self._redis.Redis.from_url(
                self.url, retry=retry, socket_timeout=TIMEOUT, **self._settings
            )
        # Its packer in C, where there is one, would refuse what is no good text.
        name, *rest = command
        try:
            answer = self._now.execute_command(name, *map(_encoded, rest))
        except (self._redis.RedisError, OSError) as error:
            raise self._fail(error) from None
        self._succeed()
        return answer

    def _meetLoop(self) -> None:
        loop = get_running_loop()
        if loop is self._loop:
            return
        # Tried once: a message that was perhaps heard must not be said again.
        retry = self._redis.asyncio.retry.Retry(self._redis.backoff.NoBackoff(), 0)
        client = self._redis.asyncio.Redis
        # One timeout for all of an answer is ours; theirs are a task for each that is sent.
        self._client = client.from_url(self.url, retry=retry, socket_timeout=None, **self._settings)
        self._connection = self._client.connection_pool.make_connection()
        self._loop = loop

    def _fail(self, error: Exception) -> StoreFailed:
        text = str(error) or type(error).__name__
        if self._secret:
            text = text.replace(self._secret, "...")
        text = withoutCredentials(text)
        isNews = self.failure is None and not self._isQuiet
        kind = StoreUnreachable if self._isUnreachable(error) else StoreFailed
        self.failure = kind(f"the store {self.name} does not answer as it should: {text}")
        self._rest = min(2 * self._rest, LONGEST_REST) if self._rest else FIRST_REST
        self._nextTry = time.monotonic() + self._rest
        if isNews:
            logger.error("%s; it is tried again", self.failure)
        return self.failure

    def _isUnreachable(self, error: Exception) -> bool:
        """Return whether the server was not there, in contrast to one that refuses us."""
        if isinstance(error, self._redis.AuthenticationError):
            return False
        return isinstance(error, OSError | self._redis.ConnectionError | self._redis.TimeoutError)

    def _succeed(self) -> None:
        if self.failure is not None:
            self.failure = None
            self._rest = 0.0
            logger.warning("the store %s answers again", self.name)

    def close(self) -> None:
        """Hang up what sendNow has called; hangUp() the rest."""
        if self._now is not None:
            self._now.close()
            self._now = None

    async def hangUp(self) -> None:
        """Hang up what send has called in this event loop."""
        if self._loop is get_running_loop():
            await self._connection.disconnect()
            await self._client.aclose()
            self._loop = self._client = self._connection = None


def checkServer(url: str) -> None:
    """Raise StoreFailed if the server does not respond, or does not let us ask."""
    link = RedisConnection(url, isQuiet=True)
    try:
        link.sendNow("GET", "grey:entries:version")
    finally:
        link.close()


def _encoded(part: str | float) -> bytes | float:
    return part.encode(errors=ENCODING_ERRORS) if isinstance(part, str) else part


def parse(url: str) -> tuple[SplitResult, str]:
    """The parts of an address, and a name to speak of it. Raises ValueError without its text."""
    try:
        parts = urlsplit(url)
        port = parts.port or 6379
        path = parts.path.strip("/") or "0"
        isGood = bool(parts.path) if parts.scheme == "unix" else path.isdecimal()
    except ValueError:
        isGood = False
    if not isGood:
        # It is not repeated: there may be a password in it.
        raise ValueError(
            "the address of the store is like redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE] or"
            " unix://[USER:PASSWORD@]/PATH, with a number for the database, and with %2F and the"
            " like in place of what means something else in an address"
        )
    if parts.scheme == "unix":
        return parts, f"unix://{parts.path}"
    return parts, f"{parts.scheme}://{parts.hostname or 'localhost'}:{port}/{path}"
