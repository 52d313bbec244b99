"""Several readers that share the messages of a link over Redis: a pool of workers.

How does it work?
-----------------
The readers are consumers of a group of the stream. A message that is done is removed, so the
position of the link is before the first entry that remains. The link has ended when that is the
end. Each reader keeps a key `name:alive:...`, which a thread renews however long a message takes.
When the key of a reader has expired, another reader takes over the messages that it had.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Any

from redis.exceptions import RedisError, ResponseError

from Kamaelia.Net.Ends import ReaderEnd, firstOf
from Kamaelia.Net.Liveness import KEEPALIVE, aliveKey, showLife
from Kamaelia.Support.Links.Codecs import Codec
from Kamaelia.Support.Links.Errors import linkError
from Kamaelia.Support.Links.Pool import Share

GROUP = "readers"

# KEYS: name, name:position, name:ack. ARGV: the group; "begin" or ""; the entries that are done.
# Return the kind of the end if everything is done, or nothing.
DONE = """
for i = 3, #ARGV do
  redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
  redis.call('XDEL', KEYS[1], ARGV[i])
end
local position, ending
while true do
  local first = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
  if not first then
    local about = redis.call('XINFO', 'STREAM', KEYS[1])
    for i = 1, #about, 2 do
      if about[i] == 'last-generated-id' then position = string.match(about[i + 1], '^%d+') end
    end
    break
  end
  local number, fields = tonumber(string.match(first[1], '^%d+')), {}
  for i = 1, #first[2], 2 do fields[first[2][i]] = first[2][i + 1] end
  if fields['k'] ~= 'END' then
    position = string.format('%d', number - 1)
    break
  end
  redis.call('XACK', KEYS[1], ARGV[1], first[1])
  if ARGV[2] ~= 'begin' or redis.call('XLEN', KEYS[1]) == 1 then
    position, ending = string.format('%d', number), fields['d']
    break
  end
  redis.call('XDEL', KEYS[1], first[1])
end
local before = redis.call('GET', KEYS[2])
if tonumber(position) > (tonumber(before) or 0) then
  redis.call('SET', KEYS[2], position)
  redis.call('XADD', KEYS[3], 'MAXLEN', '1', '*', 'n', position)
end
return ending or false
"""

# KEYS: name. ARGV: group, this reader, the beginning of the keys of living readers, the most.
# Return entries of readers that have died, which are now those of this reader.
ADOPT = """
local found = {}
for _, about in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local name
  for i = 1, #about, 2 do if about[i] == 'name' then name = about[i + 1] end end
  if name ~= ARGV[2] and redis.call('EXISTS', ARGV[3] .. name) == 0 then
    local most = tonumber(ARGV[4]) - #found
    if most < 1 then break end
    local pending = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', most, name)
    if #pending == 0 then
      redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], name)
    end
    for _, each in ipairs(pending) do
      local entry = redis.call('XCLAIM', KEYS[1], ARGV[1], ARGV[2], 0, each[1])[1]
      if entry then found[#found + 1] = entry end
    end
  end
end
return found
"""


class Pulse:
    """Renews the key of a living reader, in a thread, while the event loop may be at work."""

    def __init__(self, client: Any, key: str, heartbeat: float) -> None:
        self._client, self._key, self._heartbeat = client, key, heartbeat
        self._isOver = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()

    def _beat(self) -> None:
        while True:
            with suppress(RedisError, OSError):
                showLife(self._client, self._key, self._heartbeat)
            if self._isOver.wait(self._heartbeat / 4):
                break
        with suppress(RedisError, OSError):
            self._client.delete(self._key)
        self._client.close()

    def stop(self) -> None:
        """Let the other readers have at once what this one has not done."""
        self._isOver.set()

    async def stopped(self) -> None:
        """Wait until the key is removed."""
        self.stop()
        await asyncio.to_thread(self._thread.join)


class PoolReader:
    """The traffic of one connection of a reader that shares its link."""

    def __init__(self, end: ReaderEnd, client: Any, share: Share) -> None:
        self._end, self._client, self._share = end, client, share
        name = end.name
        self._keys = [name, f"{name}:position", f"{name}:ack"]
        self._done = client.register_script(DONE)
        self._adopt = client.register_script(ADOPT)

    async def begin(self) -> None:
        """Join the group, and take again the messages that this reader has in it."""
        end = self._end
        await showLife(self._client, aliveKey(end.name, end.token), end.heartbeat)
        try:
            await self._client.xgroup_create(end.name, GROUP, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        await self._confirm("begin", [])
        await self._receive(self._client, "0", None)
        end.toConfirm.set()

    async def carry(self, listener: Any, acknowledgements: Any) -> None:
        """Carry messages until the end is over."""
        await firstOf(
            self._receiveAll(listener),
            self._confirmAll(),
            self._adoptAll(),
            self._watch(acknowledgements),
        )

    async def _receiveAll(self, listener: Any) -> None:
        while True:
            await self._waitForRoom()
            await self._receive(listener, ">", KEEPALIVE)

    async def _waitForRoom(self) -> None:
        while self._room() < 1:
            self._end.room.clear()
            await self._end.room.wait()

    def _room(self) -> int:
        return self._end.limit - self._share.held()

    async def _receive(self, client: Any, since: str, block: int | None) -> None:
        streams = {self._end.name: since}
        count = None if block is None else self._room()
        found = await client.xreadgroup(GROUP, self._end.token, streams, count=count, block=block)
        for _, entries in found or ():
            await self._accept(entries)

    async def _accept(self, entries: Any) -> None:
        isEnd = False
        for entry, fields in entries:
            if fields and fields.get(b"k") == b"END":
                isEnd = True
            elif fields:
                for message in self._messagesOf(fields):
                    self._share.acceptEntry(entry.decode("ascii"), message)
        self._end.changed()
        if isEnd:
            await self._confirm("", [])

    def _messagesOf(self, fields: dict[bytes, bytes]) -> list[Any]:
        try:
            codec: Codec = self._end.codec(fields[b"k"].decode("ascii"))
            count, payload = int(fields[b"c"]), fields[b"d"]
        except (KeyError, ValueError) as error:
            raise linkError(
                f"the stream {self._end.name!r} has an entry that no writer of links has written"
            ) from error
        if count != 1:
            raise linkError(
                f"the writer of {self._end.name!r} sends {count} messages together, which cannot be"
                " shared: give it shared=True, too"
            )
        return codec.split(payload, count)

    async def _confirmAll(self) -> None:
        end = self._end
        while True:
            await end.toConfirm.wait()
            end.toConfirm.clear()
            number = end.confirmable
            entries = self._share.toConfirm(number)
            if entries:
                await self._confirm("", entries)
                self._share.forget(len(entries))
            end.settle(number)
            end.room.set()
            if end.over.is_set() and end.settled >= end.confirmable:
                return

    async def _confirm(self, how: str, entries: list[str]) -> None:
        ending = await self._done(keys=self._keys, args=[GROUP, how, *entries])
        if ending is not None:
            self._share.endWith(ending.decode("ascii", "replace"))
            self._end.changed()

    async def _adoptAll(self) -> None:
        """Take over the messages of readers that have died."""
        end = self._end
        words = [GROUP, end.token, aliveKey(end.name, "")]
        while True:
            if self._room() > 0:
                found = await self._adopt(keys=[end.name], args=[*words, self._room()])
                await self._accept(
                    [
                        (entry, dict(zip(each[::2], each[1::2], strict=True)))
                        for entry, each in found
                    ]
                )
            await asyncio.sleep(end.heartbeat / 2)

    async def _watch(self, client: Any) -> None:
        """Look whether the link has ended, whenever a reader has confirmed something."""
        last = "0-0"
        while True:
            for _, entries in await client.xread({self._keys[2]: last}, block=KEEPALIVE) or ():
                last = entries[-1][0].decode("ascii")
                await self._confirm("", [])
