"""Records that an earlier version wrote to Redis: they get their keys of today.

Example usage::

    await migrate(link)

How does it work?

Mailboxes have other keys than before: without needless quotes, the domain as A-labels. Redis
finds the few keys that may differ, slice by slice. Decisions go on meanwhile. Afterwards a key
says that it is done, so that it is done once for each database. Several proxies may do it at
the same time.
"""

from __future__ import annotations

from Kamaelia.Support.Greylist.Keys import currentKey
from Kamaelia.Support.Greylist.Rules import Triple

from .RedisBatch import PREFIX, TRIPLES, keyOf, tripleOf
from .RedisConnection import RedisConnection

KEY = f"{PREFIX}schema"
SCHEMA = "2"  # 1, which has no such key: mailboxes with the quotes and the domain that were sent
SLICE = 500  # keys
#: In JSON, a quote or a letter beyond ASCII has a backslash before it; the other is a literal.
ODD = (rf"{TRIPLES}*\\*", f"{TRIPLES}*[[]ipv6:*")

#: Rename a record. One that is there under the new key is kept, unless it is waiting.
RENAME = """
local old, there = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])
if old and (not there or string.find(there, ' - ', 1, true)) then
  return redis.call('RENAME', KEYS[1], KEYS[2])
end
return redis.call('DEL', KEYS[1])
"""


async def migrate(link: RedisConnection) -> None:
    """Rename the records of an earlier version. Raises StoreFailed."""
    if await link.send("GET", KEY) == SCHEMA:
        return
    for pattern in ODD:
        cursor = "0"
        while True:
            cursor, keys = await link.send("SCAN", cursor, "MATCH", pattern, "COUNT", SLICE)
            for key in keys:
                if (new := renamed(key)) != key:
                    await link.send("EVAL", RENAME, 2, key, new)
            if int(cursor) == 0:
                break
    await link.send("SET", KEY, SCHEMA)


def renamed(key: str) -> str:
    """Return today's key of a triple; the same for what is no triple."""
    try:
        client, sender, recipient = tripleOf(key)
    except (TypeError, ValueError):
        return key
    return keyOf(Triple(client, currentKey(sender), currentKey(recipient)))
