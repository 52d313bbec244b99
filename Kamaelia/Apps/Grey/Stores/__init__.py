"""The stores of greylisting records: in memory, in an SQLite file, or in Redis.

Example usage::

    store = openStore("sqlite:/var/lib/kamaelia-grey/grey.db")
    store.decide(Triple("192.0.2.0/24", "<a@example.com>", "<b@example.org>"), Rules(), time.time())
    store.close()

How does it work?

A setting selects the store: `memory:`, `sqlite:PATH`, or for Redis and Valkey
`redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, `rediss://...` (with TLS) or
`unix://[USER:PASSWORD@]/PATH`. All stores have the interface of Store. The modules:

Store, Later                 the interface, and the exception for an answer that takes time
PendingCounts                counters that are not written yet
Memory                       a store in memory
SQLite, SQLiteRecords        the store in a file: decisions, and all other methods
SQLiteFile, SQLiteMigration  opens, checks and upgrades the file
SQLiteDecision, SQLiteExpiry, SQLiteMaintenance   statements, and the background thread
Redis, RedisRecords          the store in Redis: decisions, and all other methods
RedisConnection, RedisBatch, RedisMigration       connection, scripts and upgrade
RedisCopy, Changes           what a host knows and decides while the server does not answer
Dbm, DbmText                 import from the historical dbm files
"""

from Kamaelia.Compiled import chooseModules

chooseModules(__path__[0])

from .Store import Counts, Later, Store, StoreEntry, StoreFailed, StoreUnreachable  # noqa: E402

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
    """Raise ValueError if the setting is invalid, without quoting it. Open nothing."""
    scheme, colon, rest = setting.partition(":")
    if colon and scheme in REDIS:
        from .RedisConnection import parse

        parse(setting)
    elif setting != "memory:" and (scheme != "sqlite" or not rest or rest.startswith(":")):
        # The setting is not quoted, because any part of it may contain a password.
        raise ValueError(f"a store is one of {FORMS}")


def checkCopy(setting: str) -> None:
    """Raise ValueError if the setting of a copy is invalid: it has to be on this host."""
    checkSetting(setting)
    if setting.partition(":")[0] in REDIS:
        raise ValueError("a copy is memory: or sqlite:PATH, since Redis may not answer")


def checkStore(setting: str) -> None:
    """Raise StoreFailed if the store cannot be used. Create nothing in it."""
    checkSetting(setting)
    scheme, _, rest = setting.partition(":")
    if scheme == "sqlite":
        from .SQLiteFile import checkFile

        checkFile(rest)
    elif scheme in REDIS:
        from .RedisConnection import checkServer

        checkServer(setting)


def openStore(setting: str, copy: str = "") -> Store:
    """Open a store. Raise ValueError if the setting is invalid, StoreFailed if it cannot be opened.

    copy: the store of this host that decides while a Redis server does not answer; empty: none.
    A Redis server that is unreachable is no error here, because it may become available.
    """
    checkSetting(setting)
    if copy:
        checkCopy(copy)
    scheme, _, rest = setting.partition(":")
    if scheme == "sqlite":
        from .SQLite import SQLiteStore

        return SQLiteStore(rest)
    if scheme == "memory":
        from .Memory import MemoryStore

        return MemoryStore()
    if not copy:
        from .Redis import RedisStore

        return RedisStore(setting)
    from .RedisCopy import RedisStoreWithCopy

    return RedisStoreWithCopy(setting, openStore(copy))
