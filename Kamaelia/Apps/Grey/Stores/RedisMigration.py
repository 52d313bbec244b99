"""Upgrades the keys of records that an earlier version wrote to Redis.

Example usage::

    await migrate(link)

How does it work?

Keys of mailboxes now have no unnecessary quotes, and their domains are A-labels. SCAN finds the
few keys that may differ, and decisions continue meanwhile. A key marks the database as upgraded.
Several proxies may upgrade at the same time.
"""

from __future__ import annotations

from Kamaelia.Support.Greylist.Keys import currentKey
from Kamaelia.Support.Greylist.Rules import Triple

from .RedisBatch import PREFIX, TRIPLES, keyOf, tripleOf
from .RedisConnection import RedisConnection

KEY = f"{PREFIX}schema"
SCHEMA = "2"  # 1 had no such key, and mailboxes as the client sent them
SLICE = 500  # keys
#: In JSON, quotes and non-ASCII letters have a backslash; the second pattern is for literals.
ODD = (rf"{TRIPLES}*\\*", f"{TRIPLES}*[[]ipv6:*")

#: Rename a record. A record under the new key is kept, unless it is waiting.
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
    """Return the current key of a triple; other keys are returned unchanged."""
    try:
        client, sender, recipient = tripleOf(key)
    except (TypeError, ValueError):
        return key
    return keyOf(Triple(client, currentKey(sender), currentKey(recipient)))
