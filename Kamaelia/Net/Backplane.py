"""Publish and subscribe across processes and machines, over a Redis or Valkey server.

Example usage
-------------
    Backplane("news", link="redis://host/0").activate()       # in each process
    Pipeline(Reporter(), PublishTo("news")).activate()
    Pipeline(SubscribeTo("news"), ConsoleEchoer()).run()

How does it work?
-----------------
A Backplane of Kamaelia.Util whose messages pass through a stream of the server, so all subscribers
receive the messages of all publishers in one order. Each process stores how far it is. While one
of them is `window` messages behind, the publishers are held. A process that is `lossy` holds no
publisher: the oldest messages are dropped for it, and its subscribers receive messagesLost(count)
in their place. A process that shows no life for `heartbeat` seconds is forgotten.

Termination: as a Backplane, in its own process only. linkError: the link cannot work.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Generator
from itertools import islice
from typing import Any

from Axon.Component import component
from Axon.Ipc import ipc, producerFinished, shutdownMicroprocess
from Axon.WriteGate import WriteGate
from Kamaelia.Net.Addresses import transportFor
from Kamaelia.Net.Ends import LinkEnd, firstOf, keepTrying, nameOfComponent
from Kamaelia.Net.Liveness import KEEPALIVE, aliveKey, showLife
from Kamaelia.Support.Links.Codecs import availableCodecs, codecNamed
from Kamaelia.Support.Links.Errors import linkError
from Kamaelia.Util import Backplane as local
from Kamaelia.Util.Backplane import PublishTo, SubscribeTo

__all__ = ["Backplane", "PublishTo", "SubscribeTo", "messagesLost"]

BATCH = 64  # messages of one command
FULL = 0.01, 0.2  # seconds between two attempts to publish while a subscriber is behind

# KEYS: stream, name:count, name:members. ARGV: this member, "" if it is lossy.
# Return the number of the last message.
JOIN = """
local count = tonumber(redis.call('GET', KEYS[2])) or 0
if ARGV[2] ~= '' then redis.call('HSETNX', KEYS[3], ARGV[1], count) end
return count
"""

# KEYS: stream, name:count, name:members, name:publishers.
# ARGV: this member, window, the beginning of the keys of the living, codec, then number and payload
# of each message. Return the number of the last one that is published.
PUBLISH = """
local floor
local members = redis.call('HGETALL', KEYS[3])
for i = 1, #members, 2 do
  if redis.call('EXISTS', ARGV[3] .. members[i]) == 0 then
    redis.call('HDEL', KEYS[3], members[i])
  elseif not floor or tonumber(members[i + 1]) < floor then
    floor = tonumber(members[i + 1])
  end
end
if floor then redis.call('XTRIM', KEYS[1], 'MINID', string.format('%d-0', floor + 1)) end
local last = tonumber(redis.call('HGET', KEYS[4], ARGV[1])) or 0
for i = 5, #ARGV, 2 do
  if tonumber(ARGV[i]) > last then
    if floor and redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[2]) then break end
    local number = redis.call('INCR', KEYS[2])
    redis.call('XADD', KEYS[1], number .. '-0', 'k', ARGV[4], 'd', ARGV[i + 1])
    if not floor then redis.call('XTRIM', KEYS[1], 'MAXLEN', ARGV[2]) end
    last = tonumber(ARGV[i])
  end
end
redis.call('HSET', KEYS[4], ARGV[1], last)
return last
"""


class messagesLost(ipc):
    """A notice to the subscribers of a lossy Backplane: `count` messages were dropped here."""

    def __init__(self, count: int) -> None:
        self.count = count


class Exchange(component):
    """Exchange(url, name, window, lossy, heartbeat) -> sends out what all of them receive.

    url: redis://, rediss:// or unix:. window: how far one may be behind before senders are held.
    lossy: it holds no publisher. heartbeat: after so many seconds without life it is forgotten.
    """

    Inboxes = {"inbox": "messages of plain data", "control": "a shutdown message: it ends"}
    Outboxes = {
        "outbox": "the messages of every Exchange of this name, and messagesLost",
        "signal": "the shutdown message from control",
    }

    def __init__(
        self,
        url: Any,
        name: str,
        window: int = 1024,
        lossy: bool = False,
        heartbeat: float = 5.0,
        **argd: Any,
    ) -> None:
        super().__init__(**argd)
        self._transport = transportFor(url, True, None, None)
        if not self._transport.isShareable:
            raise linkError("only a server of Redis can be the link of a Backplane")
        self._end = LinkEnd(self, f"{name}:backplane", None)
        self._window, self._isLossy, self._heartbeat = window, lossy, heartbeat
        self._codec = codecNamed(availableCodecs()[0], nameOfComponent)
        self._codecs = {each: codecNamed(each) for each in availableCodecs()}
        self._gate = WriteGate(self)
        self._pending: deque[tuple[int, bytes]] = deque()
        self._number = 0  # of the last message that arrived here
        self._position: int | None = None  # the last message of the stream that is handed out
        self._arrived: deque[Any] = deque()
        self._ready, self._room = asyncio.Event(), asyncio.Event()
        self.takeDirectly("inbox", self.accept)

    def accept(self, message: Any) -> WriteGate | None:
        """Publish a message; return the gate if too many wait. Raise notEncodable."""
        self._number += 1
        self._pending.append((self._number, self._codec.encode(message)))
        self._ready.set()
        if len(self._pending) < self._window:
            return None
        self._gate.shut()
        return self._gate

    def isJoined(self) -> bool:
        """Return whether this receives what is published from now on."""
        return self._position is not None

    def main(self) -> Generator[object, None, None]:
        self.scheduler.outside += 1
        self._end.start(self._carry)
        try:
            while True:
                if self._end.error is not None:
                    raise self._end.error
                while self._arrived:
                    self.send(self._arrived.popleft())
                    yield 1  # held here while a subscriber is behind
                self._room.set()
                for message in self.Inbox("control"):
                    if isinstance(message, (producerFinished, shutdownMicroprocess)):
                        self._end.over.set()
                        while not self._end.hasStopped():
                            yield self.pause()
                        self.send(message, "signal")
                        return
                yield self.pause()
        finally:
            self.scheduler.outside -= 1
            self._end.cancel()
            self._gate.open()

    async def _carry(self, end: LinkEnd) -> None:
        from Kamaelia.Net.RedisServer import LOST  # here, because redis is optional

        server, pulse = self._transport.server, self._transport.pulse(end, self._heartbeat)
        try:
            await keepTrying(lambda: server.attempt(end, self._once, 2), end, LOST)
        finally:
            await pulse.stopped()

    async def _once(self, end: LinkEnd, client: Any, listener: Any) -> None:
        name = end.name
        keys = [name, f"{name}:count", f"{name}:members", f"{name}:publishers"]
        await showLife(client, aliveKey(name, end.token), self._heartbeat)
        join = client.register_script(JOIN)
        count = int(await join(keys=keys[:3], args=[end.token, "" if self._isLossy else "1"]))
        if self._position is None or self._position > count:
            self._position = count
        end.connected()
        await firstOf(self._publish(client, keys), self._receive(listener, client, keys))

    async def _publish(self, client: Any, keys: list[str]) -> None:
        publish = client.register_script(PUBLISH)
        words = [self._end.token, self._window, aliveKey(keys[0], ""), self._codec.name]
        delay, longest = FULL
        while True:
            if self._end.over.is_set():  # it takes no more, so it must hold no publisher
                await client.hdel(keys[2], self._end.token)
            batch = list(islice(self._pending, BATCH))
            if not batch:
                if self._end.over.is_set():
                    return
                self._ready.clear()
                await firstOf(self._ready.wait(), self._end.over.wait())
                continue
            arguments = [word for entry in batch for word in entry]
            accepted = int(await publish(keys=keys, args=[*words, *arguments]))
            while self._pending and self._pending[0][0] <= accepted:
                self._pending.popleft()
            if self._gate.isShut() and len(self._pending) <= self._window // 2:
                self._gate.open()
            if accepted < batch[-1][0]:
                await asyncio.sleep(delay)
                delay = min(2 * delay, longest)
            else:
                delay = FULL[0]

    async def _receive(self, listener: Any, client: Any, keys: list[str]) -> None:
        while True:
            since = {keys[0]: f"{self._position}-0"}
            for _, entries in await listener.xread(since, count=BATCH, block=KEEPALIVE) or ():
                for entry, fields in entries:
                    self._take(int(entry.split(b"-")[0]), fields)
            self._room.clear()
            self._end.changed()
            await self._room.wait()
            if not self._isLossy and not self._end.over.is_set():
                await client.hset(keys[2], self._end.token, self._position)

    def _take(self, number: int, fields: dict[bytes, bytes]) -> None:
        assert self._position is not None
        if number > self._position + 1:
            self._arrived.append(messagesLost(number - self._position - 1))
        name = fields[b"k"].decode("ascii", "replace")
        codec = self._codecs.get(name) or codecNamed(name)  # which raises linkError
        payload = codec.join([fields[b"d"]])
        self._arrived.extend(codec.split(payload, 1))
        self._position = number


class Backplane(local.Backplane):
    """Backplane(name, link, ...) -> a Backplane whose messages reach all processes.

    capacity: the most messages that wait here for a slow subscriber. The others: see Exchange.
    """

    def __init__(
        self,
        name: str,
        link: Any,
        *,
        capacity: int = 64,
        window: int = 1024,
        lossy: bool = False,
        heartbeat: float = 5.0,
    ) -> None:
        exchange = Exchange(link, name, window, lossy, heartbeat)
        super().__init__(name, None, exchange)
        self.inboxes["_inbox"].setCapacity(capacity)


__kamaelia_components__ = (Backplane, Exchange)
