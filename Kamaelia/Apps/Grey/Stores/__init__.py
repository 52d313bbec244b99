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

from .Store import Counts, Entry, Later, Store, StoreFailed

__all__ = ["Counts", "Entry", "Later", "Store", "StoreFailed", "openStore"]

FORMS = "memory:, sqlite:PATH, redis://HOST[:PORT][/DATABASE], rediss://HOST or unix:///PATH"


def openStore(setting: str) -> Store:
    """Open a store. Raises ValueError where the setting is none, StoreFailed where it fails.

    A Redis that cannot be reached is no failure yet: it may come.
    """
    scheme, colon, rest = setting.partition(":")
    if scheme == "sqlite" and rest and not rest.startswith(":"):
        from .SQLite import SQLiteStore

        return SQLiteStore(rest)
    if setting == "memory:":
        from .Memory import MemoryStore

        return MemoryStore()
    if colon and scheme in ("redis", "rediss", "unix"):
        from .Redis import RedisStore

        return RedisStore(setting)
    # The setting itself is not repeated: it may have a password in it.
    raise ValueError(f"a store is one of {FORMS}; this one begins with {scheme[:20]!r}")
