"""Software transactional memory: values that several threads and components change.

Example usage
    store = Store()
    accounts = store.using("mine", "yours")
    accounts["mine"].set(accounts["mine"].value - 10)
    accounts["yours"].set(accounts["yours"].value + 10)
    accounts.commit()            # both, or neither: then ConcurrentUpdate is raised

How does it work?
    `usevar` and `using` return copies, which belong to the caller. Each copy has a
    version. A commit raises ConcurrentUpdate if the store has a newer version of one
    of them, even of one that was only read. The caller then takes new copies and
    repeats its work. Values are copied deeply in both directions, so that no caller
    can change a value in the store by accident.

    No call waits. While another thread uses the store, BusyRetry is raised, and the
    call may be repeated. This is rare and short, because nothing is copied meanwhile.
"""

import sys
import threading
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

__all__ = ["BusyRetry", "Collection", "ConcurrentUpdate", "Store", "Value"]


class ConcurrentUpdate(Exception):
    """Another commit was first: repeat the transaction with new copies."""


class BusyRetry(Exception):
    """Another thread uses the store at the moment: repeat the call."""


class Value:
    """A copy of one value of a store, with its version; Store.usevar returns it."""

    def __init__(self, version: int, value: Any, store: "Store", key: Hashable) -> None:
        self.version = version
        self.value = value
        self.store = store
        self.key = key

    def __repr__(self) -> str:
        return f"Value({self.version!r}, {self.value!r})"

    def set(self, value: Any) -> None:
        """Change this copy; commit() changes the store."""
        self.value = value

    def commit(self) -> None:
        """Store this value. Raises ConcurrentUpdate, BusyRetry."""
        self.store.set(self.key, self)

    def clone(self) -> "Value":
        """Return a copy of this copy."""
        return Value(self.version, deepcopy(self.value), self.store, self.key)


class Collection(dict[Hashable, Value]):
    """Copies of several values of a store, by key; Store.using returns it."""

    store: "Store"

    def set_store(self, store: "Store") -> None:
        """Set the store to which the values belong."""
        self.store = store

    def commit(self) -> None:
        """Store all these values or none. Raises ConcurrentUpdate, BusyRetry."""
        self.store.set_values(self)


class Store:
    """Store() -> values under keys, each with a version that counts its commits."""

    def __init__(self) -> None:
        # A Value in it is replaced, never changed, and can be copied without the lock.
        self.store: dict[Hashable, Value] = {}
        self.lock = threading.Lock()

    def usevar(self, key: Hashable, islocked: bool = False) -> Value:
        """Return a copy of the value under `key`: None, at version 0, if the key is new.

        `islocked`: the caller holds `self.lock`. Otherwise BusyRetry may be raised.
        """
        if islocked:
            return self._held(key).clone()
        return self.using(key)[key]

    def using(self, *keys: Hashable) -> Collection:
        """Return consistent copies of the values under several keys. Raises BusyRetry."""
        with self._alone():
            held = {key: self._held(key) for key in keys}
        copies = Collection((key, value.clone()) for key, value in held.items())
        copies.set_store(self)
        return copies

    def set(self, key: Hashable, value: Value) -> None:
        """Store one value. Raises ConcurrentUpdate, BusyRetry."""
        self.set_values({key: value})

    def set_values(self, D: Mapping[Hashable, Value]) -> None:
        """Store all values of `D`, or none. Raises ConcurrentUpdate, BusyRetry."""
        updates = {
            key: Value(value.version + 1, deepcopy(value.value), self, key)
            for key, value in D.items()
        }
        with self._alone():
            overtaken = [key for key in D if self.store[key].version > D[key].version]
            if not overtaken:
                self.store.update(updates)
        if overtaken:
            raise ConcurrentUpdate(f"committed by another meanwhile: {overtaken!r}")
        for value in D.values():
            value.version += 1

    def dump(self) -> None:
        """Write all values to standard output, for debugging."""
        lines = ["Values in the store:"]
        lines += [f"    {key!r}: {value!r}" for key, value in self.store.copy().items()]
        sys.stdout.write("\n".join(lines) + "\n")

    def _held(self, key: Hashable) -> Value:
        """Return the value in the store, created if there is none. The caller holds the lock."""
        return self.store.setdefault(key, Value(0, None, self, key))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock. Raises BusyRetry if another thread holds it."""
        if not self.lock.acquire(blocking=False):
            raise BusyRetry("another thread is in the store; try again")
        try:
            yield
        finally:
            self.lock.release()
