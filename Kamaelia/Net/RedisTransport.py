"""Links over a Redis or Valkey server: `redis://`, `rediss://` and `unix:`.

How does it work?
-----------------
A link `name` is a stream of that key. The id of an entry is the number of its last message, so the
server refuses a repeat. One script confirms messages: it compares the reader's epoch, stores the
position, removes the entries that are done, and notifies the writer through the stream `name:ack`.
`name:reader` and `name:writer` contain the epoch and the identity of the present reader and writer.
A reader learns from the stream `name:reader:claims` that another one has taken its place.
The entry of the end stays in the stream when it is done, so that a reader that was killed then, and
is started again, ends at once. The next writer that starts from the beginning removes it.

The client must not repeat a command by itself: after a broken connection this asks for the position
of the stream, and sends again what is missing, even to a server that has lost everything.
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
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from Kamaelia.Net.Connections import detectDeadPeer, openConnection
from Kamaelia.Net.Ends import LinkEnd, ReaderEnd, WriterEnd, firstOf, keepTrying
from Kamaelia.Net.Liveness import KEEPALIVE, aliveKey
from Kamaelia.Net.RedisPool import PoolReader, Pulse
from Kamaelia.Support.Links.Codecs import availableCodecs
from Kamaelia.Support.Links.Errors import linkError, linkTakenOver
from Kamaelia.Support.Links.Frames import DATA, END, Frame
from Kamaelia.Support.Links.Pool import Share
from Kamaelia.Support.Secrets import withoutCredentials

LOST: tuple[type[Exception], ...] = (
    RedisConnectionError,
    RedisTimeoutError,
    BusyLoadingError,
    OSError,
)
READ = 32  # entries of one read

#: What to do about an answer of the server, by its beginning.
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

# KEYS: name:reader or name:writer, and that with ":claims". ARGV: the identity.
# Return the new epoch.
CLAIM = """
local epoch = (tonumber(redis.call('HGET', KEYS[1], 'epoch')) or 0) + 1
redis.call('HSET', KEYS[1], 'epoch', epoch, 'who', ARGV[1])
redis.call('DEL', KEYS[2])
redis.call('XADD', KEYS[2], epoch .. '-0', 'who', ARGV[1])
return epoch
"""

# An epoch that has vanished with the data is set again, and is no rival.
_CHECK = """
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then
  redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'who', ARGV[2])
elseif epoch ~= ARGV[1] then
  return redis.error_reply('TAKENOVER ' .. (redis.call('HGET', KEYS[1], 'who') or '?'))
end
"""

# KEYS: name:reader, name, name:position, name:ack. ARGV: epoch, identity, number, entry to keep.
CONFIRM = (
    _CHECK
    + """
redis.call('SET', KEYS[3], ARGV[3])
redis.call('XTRIM', KEYS[2], 'MINID', ARGV[4])
redis.call('XADD', KEYS[4], 'MAXLEN', '1', '*', 'n', ARGV[3])
return 1
"""
)

# KEYS: name:writer, name. ARGV: epoch, identity, then id, codec, count and payload of each frame.
WRITE = (
    _CHECK
    + """
for i = 3, #ARGV, 4 do
  local done = redis.pcall(
    'XADD', KEYS[2], ARGV[i] .. '-0', 'k', ARGV[i + 1], 'c', ARGV[i + 2], 'd', ARGV[i + 3])
  if done.err and not string.find(done.err, 'equal or smaller') then return done end
end
return 1
"""
)


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


class RedisTransport:
    """RedisTransport(url): links over the server at `url`.

    For rediss://, the certificates are in the query, as redis-py reads it:
    ?ssl_ca_certs=/etc/ssl/ca.pem&ssl_certfile=...&ssl_keyfile=...
    """

    isLocal = False
    isShareable = True

    def __init__(self, url: str) -> None:
        isShort = url.startswith("unix:") and not url.startswith("unix://")
        self._url = f"unix://{url.removeprefix('unix:')}" if isShort else url
        self.shown = withoutCredentials(url)

    def _options(self, retry: Any) -> dict[str, Any]:
        # no socket_timeout: a blocking read lasts longer than the default of some versions
        options: dict[str, Any] = {"retry": retry(NoBackoff(), 0), "socket_timeout": None}
        options["socket_connect_timeout"] = 10
        if not self._url.startswith("unix:"):
            options["socket_keepalive"] = True
        return options

    def _client(self) -> Any:
        client: Any = redis.asyncio.Redis.from_url(self._url, **self._options(Retry))
        pool = client.connection_pool
        if pool.connection_class is SSLConnection:
            pool.connection_class = TLSConnection
        return client

    async def attempt(self, end: Any, work: Callable[..., Awaitable[None]], count: int = 2) -> None:
        """Call `work` with `count` new clients, and translate the errors of the server."""
        made = [self._client() for _ in range(count)]
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
            return _takenOver(end, text.partition("TAKENOVER ")[2])
        kinds = {
            AuthenticationError: "WRONGPASS",
            OutOfMemoryError: "OOM",
            ReadOnlyError: "READONLY",
            NoPermissionError: "NOPERM",
        }
        sign = kinds.get(type(error), "")
        remedy = next((each for word, each in REMEDIES.items() if word in f"{sign} {text}"), "")
        return linkError(f"{self.shown}, link {end.name!r}: {text}{remedy and ' - '}{remedy}")

    # The writer

    async def write(self, end: WriterEnd) -> None:
        """Carry frames from `end` into the stream."""
        await keepTrying(lambda: self.attempt(end, self._writeOnce), end, LOST)

    async def _writeOnce(self, end: WriterEnd, client: Any, listener: Any) -> None:
        writer = _StreamWriter(end, client)
        await writer.begin()
        end.connected()
        await firstOf(writer.send(), writer.listen(listener))

    # The reader

    async def read(self, end: ReaderEnd) -> None:
        """Carry the entries of the stream to `end`."""
        if isinstance(end.incoming, Share):
            await self._readShared(end, end.incoming)
            return
        await keepTrying(lambda: self.attempt(end, self._readOnce), end, LOST)

    async def _readOnce(self, end: ReaderEnd, client: Any, listener: Any) -> None:
        reader = _StreamReader(end, client)
        await reader.begin()
        end.connected()
        await firstOf(reader.receive(listener), reader.confirm())

    def pulse(self, end: LinkEnd, heartbeat: float) -> Pulse:
        """Begin to show the life of `end`."""
        client = redis.Redis.from_url(self._url, **self._options(redis.retry.Retry))
        return Pulse(client, aliveKey(end.name, end.token), heartbeat)

    async def _readShared(self, end: ReaderEnd, share: Share) -> None:
        pulse = self.pulse(end, end.heartbeat)

        async def once(end: ReaderEnd, client: Any, listener: Any, watcher: Any) -> None:
            reader = PoolReader(end, client, share)
            await reader.begin()
            end.connected()
            await reader.carry(listener, watcher)

        try:
            await keepTrying(lambda: self.attempt(end, once, 3), end, LOST)
        finally:
            await pulse.stopped()


async def _claim(client: Any, end: LinkEnd, role: str) -> None:
    """Make `end` the present reader or writer of its link, unless it is already."""
    if not end.epoch:
        script = client.register_script(CLAIM)
        key = f"{end.name}:{role}"
        end.epoch = int(await script(keys=[key, f"{key}:claims"], args=[end.identity]))


def _takenOver(end: LinkEnd, rival: str) -> linkTakenOver:
    return linkTakenOver(f"{rival} has taken over the link {end.name!r} from {end.identity}")


def _numberOf(entry: bytes) -> int:
    """Return the number of the last message of an entry, from its id."""
    return int(entry.split(b"-")[0])


async def _lastEntry(client: Any, name: str) -> tuple[int, str | None]:
    """Return the number of the last entry of a stream, or 0; and the kind of an end that it is."""
    try:
        about = await client.xinfo_stream(name)
    except ResponseError as error:
        if "no such key" not in str(error):
            raise
        return 0, None
    number = _numberOf(about["last-generated-id"])
    last: Any = about["last-entry"] or (b"0-0", {})
    entry, fields = last
    if _numberOf(entry) != number or fields.get(b"k") != b"END":
        return number, None
    return number, fields.get(b"d", b"").decode("ascii", "replace")


class _StreamWriter:
    """The traffic of one connection of a writer."""

    def __init__(self, end: WriterEnd, client: Any) -> None:
        self._end, self._client = end, client
        self._write = client.register_script(WRITE)

    async def begin(self) -> None:
        """Claim the link, unless this writer has it already, and continue where it is."""
        end, name = self._end, self._end.name
        await _claim(self._client, end, "writer")
        last, endKind = await _lastEntry(self._client, name)
        position = int(await self._client.get(f"{name}:position") or 0)
        have = max(last, position)
        outgoing = end.outgoing
        beginsAnew = not outgoing.hasBegun and outgoing.position is None
        if beginsAnew and endKind is not None and last <= position:  # an earlier link has ended
            await self._client.xdel(name, f"{last}-0")
        if outgoing.hasBegun and have < outgoing.confirmed:  # the server has lost its data
            await self._client.set(f"{name}:position", outgoing.confirmed)
        if outgoing.hasBegun:
            end.confirm(min(position, outgoing.last))
        outgoing.resume(have)

    async def send(self) -> None:
        """Write frames as they become ready."""
        end, outgoing = self._end, self._end.outgoing
        keys = [f"{end.name}:writer", end.name]
        codec = outgoing.codec.name
        while True:
            frames = outgoing.take()
            if frames:
                arguments: list[Any] = [end.epoch, end.identity]
                for frame in frames:
                    kind = codec if frame.kind == DATA else "END"
                    arguments += [frame.last, kind, frame.messages, frame.payload]
                await self._write(keys=keys, args=arguments)
            else:
                await end.waitForFrames()

    async def listen(self, listener: Any) -> None:
        """Receive the confirmations, until the end is confirmed."""
        end = self._end
        key, last = f"{end.name}:ack", "0-0"
        while not end.outgoing.isDone():
            for _, entries in await listener.xread({key: last}, block=KEEPALIVE) or ():
                last = entries[-1][0]
                number = int(entries[-1][1][b"n"])
                end.confirm(min(number, max(end.outgoing.last, end.outgoing.confirmed)))


class _StreamReader:
    """The traffic of one connection of a reader."""

    def __init__(self, end: ReaderEnd, client: Any) -> None:
        self._end, self._client = end, client
        self._confirm = client.register_script(CONFIRM)
        self._position = 0  # what the server stores; one that was killed may have forgotten more

    async def begin(self) -> None:
        """Claim the link, unless this reader has it already, and continue where it is."""
        end, name = self._end, self._end.name
        await _claim(self._client, end, "reader")
        self._position = int(await self._client.get(f"{name}:position") or 0)
        if not end.incoming.hasBegun:
            last, endKind = await _lastEntry(self._client, name)
            end.begin(self._position, endKind if last == self._position else None)
            end.changed()
        end.settle(min(self._position, end.confirmable))  # the answer to this may have been lost
        if end.confirmable > self._position:
            end.toConfirm.set()

    async def receive(self, listener: Any) -> None:
        """Pass the entries of the stream to the end."""
        end, incoming = self._end, self._end.incoming
        claims = f"{end.name}:reader:claims"
        while True:
            since = {claims: f"{end.epoch}-0"}
            if incoming.endKind is None:  # what follows the end is for the next reader
                since[end.name] = f"{incoming.last}-0"
            for key, entries in await listener.xread(since, count=READ, block=KEEPALIVE) or ():
                if key == claims.encode():
                    raise _takenOver(end, entries[-1][1][b"who"].decode("utf-8", "replace"))
                for number, fields in entries:
                    if incoming.endKind is None:
                        self._accept(_numberOf(number), fields)
            end.changed()
            await end.waitForRoom()

    def _accept(self, last: int, fields: dict[bytes, bytes]) -> None:
        try:
            kind, count, payload = fields[b"k"].decode("ascii"), int(fields[b"c"]), fields[b"d"]
        except (KeyError, ValueError) as error:
            raise linkError(
                f"the stream {self._end.name!r} has an entry that no writer of links has written"
            ) from error
        isEnd = kind == "END"
        codec = self._end.codec(availableCodecs()[0] if isEnd else kind)
        self._end.incoming.accept(Frame(END if isEnd else DATA, last, count, payload), codec)

    async def confirm(self) -> None:
        """Confirm what is done, until the end is over."""
        end, name = self._end, self._end.name
        keys = [f"{name}:reader", name, f"{name}:position", f"{name}:ack"]
        while True:
            await end.toConfirm.wait()
            end.toConfirm.clear()
            number = end.confirmable
            if number > self._position:
                isEnd = end.incoming.endKind is not None and number >= end.incoming.last
                keep = number if isEnd else number + 1
                await self._confirm(keys=keys, args=[end.epoch, end.identity, number, f"{keep}-0"])
                self._position = number
                end.settle(number)
            if end.over.is_set() and end.settled >= end.confirmable:
                return
