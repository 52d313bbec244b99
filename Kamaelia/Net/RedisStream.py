"""The stream of a link at a Redis server: its keys, and what a writer and a reader do with them.

How does it work?
-----------------
    name                    a stream with an entry for each frame, whose id is the number of its
                            last message: so the server refuses a repeat
    name:position           how many messages are done
    name:ack                a stream that tells the writer of a new position
    name:reader             the epoch and the identity of the present reader
    name:writer             those of the present writer
    name:reader:claims      a stream that tells a reader that another one has taken its place

An end that claims the link gets the next epoch. Its scripts compare the epoch first, so an earlier
end can neither write nor confirm. The entry of the end stays in the stream when it is done, so that
a reader that was killed then, and is started again, ends at once. The next writer that starts from
the beginning removes it.
"""

from __future__ import annotations

from typing import Any

from redis.exceptions import ResponseError

from Kamaelia.Net.Ends import LinkEnd, ReaderEnd, WriterEnd
from Kamaelia.Net.Liveness import KEEPALIVE
from Kamaelia.Net.RedisServer import takenOver
from Kamaelia.Support.Links.Codecs import availableCodecs
from Kamaelia.Support.Links.Errors import linkError
from Kamaelia.Support.Links.Frames import DATA, END, Frame

READ = 32  # entries of one read

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


async def _claim(client: Any, end: LinkEnd, role: str) -> None:
    """Make `end` the present reader or writer of its link, unless it is already."""
    if not end.epoch:
        script = client.register_script(CLAIM)
        key = f"{end.name}:{role}"
        end.epoch = int(await script(keys=[key, f"{key}:claims"], args=[end.identity]))


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


class StreamWriter:
    """StreamWriter(end, client): what one connection of a writer does."""

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


class StreamReader:
    """StreamReader(end, client): what one connection of a reader does."""

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
                    raise takenOver(end, entries[-1][1][b"who"].decode("utf-8", "replace"))
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
