"""Where greylisting keeps what it knows: in memory, in one file, or in Redis.

Example usage::

    store = openStore("sqlite:/var/lib/kamaelia-grey/grey.db")
    store.decide(Triple("192.0.2.0/24", "<a@example.com>", "<b@example.org>"), Rules(), time.time())
    store.close()

How does it work?

One setting chooses: `memory:`, `sqlite:PATH`, `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`,
`rediss://...` (the same over TLS) or `unix://[USER:PASSWORD@]/PATH`, which serve Valkey as
well. All keep the contract of Store.
"""

from .Store import Counts, Later, Store, StoreEntry, StoreFailed, StoreUnreachable

__all__ = [
    "Counts",
    "Later",
    "Store",
    "StoreEntry",
    "StoreFailed",
    "StoreUnreachable",
    "checkSetting",
    "checkStore",
    "openStore",
]

REDIS = ("redis", "rediss", "unix")
FORMS = "memory:, sqlite:PATH, redis://HOST[:PORT][/DATABASE], rediss://HOST or unix:///PATH"


def checkSetting(setting: str) -> None:
    """Raises ValueError where openStore would, without a word of what is secret; opens nothing."""
    scheme, colon, rest = setting.partition(":")
    if colon and scheme in REDIS:
        from .RedisConnection import parse

        parse(setting)
    elif setting != "memory:" and (scheme != "sqlite" or not rest or rest.startswith(":")):
        # The setting itself is not repeated: there may be a password in any part of it.
        raise ValueError(f"a store is one of {FORMS}")


def checkStore(setting: str) -> None:
    """Raise StoreFailed where the store could not be used. Creates nothing in it."""
    checkSetting(setting)
    scheme, _, rest = setting.partition(":")
    if scheme == "sqlite":
        from .SQLiteFile import checkFile

        checkFile(rest)
    elif scheme in REDIS:
        from .RedisConnection import checkServer

        checkServer(setting)


def openStore(setting: str) -> Store:
    """Open a store. Raises ValueError where the setting is none, StoreFailed where it fails.

    A Redis that cannot be reached is no failure yet: it may come.
    """
    checkSetting(setting)
    scheme, _, rest = setting.partition(":")
    if scheme == "sqlite":
        from .SQLite import SQLiteStore

        return SQLiteStore(rest)
    if scheme == "memory":
        from .Memory import MemoryStore

        return MemoryStore()
    from .Redis import RedisStore

    return RedisStore(setting)
