"""Links over a Redis or Valkey server: `redis://`, `rediss://` and `unix:`.

How does it work?
-----------------
An end keeps trying to connect to the server (RedisServer). The writer of a link adds entries to a
stream, and its reader takes them from there (RedisStream). Readers that share a link divide the
entries among themselves (RedisPool).
"""

from __future__ import annotations

from typing import Any

from Kamaelia.Net.Ends import LinkEnd, ReaderEnd, WriterEnd, firstOf, keepTrying
from Kamaelia.Net.Liveness import aliveKey
from Kamaelia.Net.RedisPool import PoolReader, Pulse
from Kamaelia.Net.RedisServer import LOST, RedisServer
from Kamaelia.Net.RedisStream import StreamReader, StreamWriter
from Kamaelia.Support.Links.Pool import Share


class RedisTransport:
    """RedisTransport(url): links over the `server` at `url`."""

    isLocal = False
    isShareable = True

    def __init__(self, url: str) -> None:
        self.server = RedisServer(url)

    # The writer

    async def write(self, end: WriterEnd) -> None:
        """Carry frames from `end` into the stream."""
        await keepTrying(lambda: self.server.attempt(end, self._writeOnce), end, LOST)

    async def _writeOnce(self, end: WriterEnd, client: Any, listener: Any) -> None:
        writer = StreamWriter(end, client)
        await writer.begin()
        end.connected()
        await firstOf(writer.send(), writer.listen(listener))

    # The reader

    async def read(self, end: ReaderEnd) -> None:
        """Carry the entries of the stream to `end`."""
        if isinstance(end.incoming, Share):
            await self._readShared(end, end.incoming)
            return
        await keepTrying(lambda: self.server.attempt(end, self._readOnce), end, LOST)

    async def _readOnce(self, end: ReaderEnd, client: Any, listener: Any) -> None:
        reader = StreamReader(end, client)
        await reader.begin()
        end.connected()
        await firstOf(reader.receive(listener), reader.confirm())

    def pulse(self, end: LinkEnd, heartbeat: float) -> Pulse:
        """Begin to show the life of `end`."""
        return Pulse(self.server.blockingClient(), aliveKey(end.name, end.token), heartbeat)

    async def _readShared(self, end: ReaderEnd, share: Share) -> None:
        pulse = self.pulse(end, end.heartbeat)

        async def once(end: ReaderEnd, client: Any, listener: Any, watcher: Any) -> None:
            reader = PoolReader(end, client, share)
            await reader.begin()
            end.connected()
            await reader.carry(listener, watcher)

        try:
            await keepTrying(lambda: self.server.attempt(end, once, 3), end, LOST)
        finally:
            await pulse.stopped()
