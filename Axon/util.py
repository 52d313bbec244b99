"""Small functions that parts of Axon and historical programs use."""

from builtins import next  # noqa: A004, UP029 - historical programs take it from here
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from Axon.AxonExceptions import invalidComponentInterface

__all__ = [
    "Finality",
    "apply",
    "axonRaise",
    "listSubset",
    "logError",
    "next",
    "production",
    "removeAll",
    "safeList",
    "testInterface",
    "vrange",
]

T = TypeVar("T")

# Set it to True, and axonRaise logs an error instead of raising it.
production = False

vrange = range  # its name differed between versions of Python


class _HasBoxes(Protocol):
    @property
    def Inboxes(self) -> Iterable[str]: ...

    @property
    def Outboxes(self) -> Iterable[str]: ...


class Finality(Exception):
    """An exception that older code throws into a generator, to run its `finally` blocks."""


def apply(
    function: Callable[..., T], args: Iterable[Any] = (), keywords: Mapping[str, Any] | None = None
) -> T:
    """Return `function(*args, **keywords)`."""
    return function(*args, **(keywords or {}))


def axonRaise(someException: Callable[..., BaseException], *args: object) -> bool:
    """Raise `someException(*args)`; if `production` is set, log it and return False instead."""
    if not production:
        raise someException(*args)
    logError(someException, *args)
    return False


def logError(someException: Callable[..., BaseException], *args: object) -> None:
    """Log the error `someException(*args)` under "Axon", without raising it."""
    from logging import getLogger  # here, because only an error needs it

    error = someException(*args)
    getLogger("Axon").error("%s, which production mode ignores: %s", type(error).__name__, error)


def listSubset(requiredList: Iterable[Hashable], suppliedList: Iterable[Hashable]) -> bool:
    """Return whether each item of `requiredList` is also in `suppliedList`."""
    return set(suppliedList).issuperset(requiredList)


def removeAll(xs: list[T], y: T) -> None:
    """Remove each `y` from the list `xs`, in place."""
    xs[:] = [x for x in xs if x is not y and x != y]


def safeList(arg: Iterable[T] | None = None) -> list[T]:
    """Return a list of the items of `arg`; an empty list if `arg` is not iterable."""
    try:
        items = iter(arg)  # type: ignore[arg-type]
    except TypeError:
        return []
    return list(items)


def testInterface(
    theComponent: _HasBoxes, interface: tuple[Collection[str], Collection[str]]
) -> bool:
    """Return whether a component declares at least the boxes `([inboxes], [outboxes])`.

    Raises invalidComponentInterface if it does not (see axonRaise).
    """
    inboxes, outboxes = interface
    if not listSubset(inboxes, theComponent.Inboxes):
        return axonRaise(invalidComponentInterface, "inboxes", theComponent, interface)
    if not listSubset(outboxes, theComponent.Outboxes):
        return axonRaise(invalidComponentInterface, "outboxes", theComponent, interface)
    return True
