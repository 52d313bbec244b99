"""Software transactional memory: values that many threads and components change together.

Example usage
    store = Store()
    accounts = store.using("mine", "yours")
    accounts["mine"].set(accounts["mine"].value - 10)
    accounts["yours"].set(accounts["yours"].value + 10)
    accounts.commit()            # both, or neither: then ConcurrentUpdate is raised

How does it work?
    `usevar` and `using` give copies, which belong to whoever asked. Each carries
    its version, and a commit is refused with ConcurrentUpdate if the store has a
    newer version of any of them, also of one that was only read: take fresh
    copies and do the work again. Values are copied deeply on their way in and
    out, so nobody changes what the store holds by accident.

    Nothing here waits: while another thread is in the store, BusyRetry is
    raised, and the same call may be made again. That is rare and soon over, as
    no copying is done in there.
"""

import sys
import threading
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

__all__ = ["BusyRetry", "Collection", "ConcurrentUpdate", "Store", "Value"]


class ConcurrentUpdate(Exception):
    """Another has committed first: the transaction is to be done again on fresh copies."""


class BusyRetry(Exception):
    """Another thread is in the store just now: the same call may be made again."""


class Value:
    """A copy of one value of a store, with its version; Store.usevar makes them."""

    def __init__(self, version: int, value: Any, store: "Store", key: Hashable) -> None:
        self.version = version
        self.value = value
        self.store = store
        self.key = key

    def __repr__(self) -> str:
        return f"Value({self.version!r}, {self.value!r})"

    def set(self, value: Any) -> None:
        """Change this copy; the store learns of it by commit."""
        self.value = value

    def commit(self) -> None:
        """Store this value. Raises ConcurrentUpdate, BusyRetry."""
        self.store.set(self.key, self)

    def clone(self) -> "Value":
        """A copy of this copy."""
        return Value(self.version, deepcopy(self.value), self.store, self.key)


class Collection(dict[Hashable, Value]):
    """Copies of several values of a store, under their keys; Store.using makes them."""

    store: "Store"

    def set_store(self, store: "Store") -> None:
        """Say which store they belong to."""
        self.store = store

    def commit(self) -> None:
        """Store all these values or none. Raises ConcurrentUpdate, BusyRetry."""
        self.store.set_values(self)


class Store:
    """Store() -> values under keys, each with a version that counts its commits."""

    def __init__(self) -> None:
        # A Value in here is replaced, never changed: it may be copied without the lock.
        self.store: dict[Hashable, Value] = {}
        self.lock = threading.Lock()

    def usevar(self, key: Hashable, islocked: bool = False) -> Value:
        """A copy of the value under `key`; of None, at version 0, if it is new.

        `islocked` says that the caller holds `self.lock`. Otherwise raises BusyRetry.
        """
        if islocked:
            return self._held(key).clone()
        return self.using(key)[key]

    def using(self, *keys: Hashable) -> Collection:
        """Copies of the values under several keys, all of one moment. Raises BusyRetry."""
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
        """Write all values to standard output, to look at while debugging."""
        lines = ["Values in the store:"]
        lines += [f"    {key!r}: {value!r}" for key, value in self.store.copy().items()]
        sys.stdout.write("\n".join(lines) + "\n")

    def _held(self, key: Hashable) -> Value:
        """The store's own value, made if there is none. The caller holds the lock."""
        return self.store.setdefault(key, Value(0, None, self, key))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other thread is in the store meanwhile."""
        if not self.lock.acquire(blocking=False):
            raise BusyRetry("another thread is in the store; try again")
        try:
            yield
        finally:
            self.lock.release()
