"""A Redis or Valkey server: how links connect to it, and what its errors mean.

Example usage
-------------
    server = RedisServer("rediss://redis.example.org/0")
    await server.attempt(end, work)             # work(end, client, client)

How does it work?
-----------------
The client must not repeat a command by itself: after a broken connection, a link asks for its
position, and sends again what is missing, even to a server that has lost everything. So an error in
LOST means "try again"; any other one becomes a linkError with a remedy.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import redis.asyncio
import redis.retry
from redis.asyncio import SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from Kamaelia.Net.Connections import detectDeadPeer, openConnection
from Kamaelia.Net.Ends import LinkEnd
from Kamaelia.Support.Links.Errors import linkError, linkTakenOver
from Kamaelia.Support.Secrets import withoutCredentials

LOST: tuple[type[Exception], ...] = (
    RedisConnectionError,
    RedisTimeoutError,
    BusyLoadingError,
    OSError,
)

#: What to do about an answer of the server, by a word in it.
REMEDIES = {
    "OOM": "the server has no memory left: raise maxmemory, or let the readers catch up",
    "READONLY": "the server is a replica: give the address of the primary",
    "MISCONF": "the server cannot store its data on disk: look at its log",
    "WRONGTYPE": "a key of the link has another type: choose another name for the link",
    "NOPERM": "the user of the server may not use this command or key",
    "NOAUTH": "the server needs a password: redis://user:password@host",
    "already authenticated": "the server needs a password: redis://user:password@host",
    "WRONGPASS": "the user or the password is wrong",
}

#: The words with which an answer begins that redis-py turns into these errors.
WORDS: dict[type[Exception], str] = {
    AuthenticationError: "WRONGPASS",
    OutOfMemoryError: "OOM",
    ReadOnlyError: "READONLY",
    NoPermissionError: "NOPERM",
}


class RedisServer:
    """RedisServer(url): the server at `url`. shown: the url without a password.

    For rediss://, the certificates are in the query, as redis-py reads it:
    ?ssl_ca_certs=/etc/ssl/ca.pem&ssl_certfile=...&ssl_keyfile=...
    """

    def __init__(self, url: str) -> None:
        isShort = url.startswith("unix:") and not url.startswith("unix://")
        self._url = f"unix://{url.removeprefix('unix:')}" if isShort else url
        self.shown = withoutCredentials(url)

    def client(self) -> Any:
        """Return a new client for an event loop."""
        client: Any = redis.asyncio.Redis.from_url(self._url, **self._options(Retry))
        pool = client.connection_pool
        if pool.connection_class is SSLConnection:
            pool.connection_class = TLSConnection
        return client

    def blockingClient(self) -> Any:
        """Return a new client for a thread."""
        return redis.Redis.from_url(self._url, **self._options(redis.retry.Retry))

    def _options(self, retry: Any) -> dict[str, Any]:
        # no socket_timeout: a blocking read lasts longer than the default of some versions
        options: dict[str, Any] = {"retry": retry(NoBackoff(), 0), "socket_timeout": None}
        options["socket_connect_timeout"] = 10
        if not self._url.startswith("unix:"):
            options["socket_keepalive"] = True
        return options

    async def attempt(self, end: Any, work: Callable[..., Awaitable[None]], count: int = 2) -> None:
        """Call `work` with `count` new clients, and translate the errors of the server."""
        made = [self.client() for _ in range(count)]
        try:
            await work(end, *made)
        except LOST as error:
            if isinstance(error, AuthenticationError):
                raise self._explained(error, end) from error
            raise
        except RedisError as error:
            if "NOGROUP" in str(error):  # the server has lost its data
                raise RedisConnectionError(str(error)) from error
            raise self._explained(error, end) from error
        finally:
            for client in made:
                await client.aclose()

    def _explained(self, error: RedisError, end: LinkEnd) -> linkError:
        """Return the error of a link that `error`, an answer of the server, means."""
        text = str(error)
        if "TAKENOVER" in text:
            return takenOver(end, text.partition("TAKENOVER ")[2])
        words = f"{WORDS.get(type(error), '')} {text}"
        remedy = next((each for word, each in REMEDIES.items() if word in words), "")
        return linkError(f"{self.shown}, link {end.name!r}: {text}{remedy and ' - '}{remedy}")


def takenOver(end: LinkEnd, rival: str) -> linkTakenOver:
    """Return the error of an end whose place `rival` has taken."""
    return linkTakenOver(f"{rival} has taken over the link {end.name!r} from {end.identity}")


class TLSConnection(SSLConnection):  # type: ignore[misc, unused-ignore]
    """A TLS connection to the server that does not outlive its event loop.

    redis-py does not wait for the end of TLS after a command was cancelled, and the loop may be
    closed before the server has answered.
    """

    async def _connect(self) -> None:  # redis-py has no public name for this, nor for a writer
        options = self._connection_arguments()
        async with asyncio.timeout(self.socket_connect_timeout):
            self._reader, self._writer = await openConnection(
                options["host"], options["port"], options["ssl"]
            )
        detectDeadPeer(self._writer.get_extra_info("socket"))

    async def disconnect(self, *arguments: Any, **options: Any) -> None:
        """End the connection at once. All that was sent has been answered, or is given up."""
        writer = self._writer
        if writer is not None:
            writer.transport.abort()
        await super().disconnect(*arguments, **options)
