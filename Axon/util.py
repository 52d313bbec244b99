"""Small functions that several parts of Axon, and programs of old, share."""

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

vrange = range  # whose name changed between versions of Python


class _HasBoxes(Protocol):
    @property
    def Inboxes(self) -> Iterable[str]: ...

    @property
    def Outboxes(self) -> Iterable[str]: ...


class Finality(Exception):
    """Thrown into a generator to end it in order; older code uses it for try and finally."""


def apply(
    function: Callable[..., T], args: Iterable[Any] = (), keywords: Mapping[str, Any] | None = None
) -> T:
    """What `function(*args, **keywords)` gives."""
    return function(*args, **(keywords or {}))


def axonRaise(someException: Callable[..., BaseException], *args: object) -> bool:
    """Raise `someException(*args)`; where `production` is set, log it and give False instead."""
    if not production:
        raise someException(*args)
    logError(someException, *args)
    return False


def logError(someException: Callable[..., BaseException], *args: object) -> None:
    """Log the error that `someException(*args)` makes, under "Axon", without raising it."""
    from logging import getLogger  # here, because only an error needs it

    error = someException(*args)
    getLogger("Axon").error("%s, which production mode ignores: %s", type(error).__name__, error)


def listSubset(requiredList: Iterable[Hashable], suppliedList: Iterable[Hashable]) -> bool:
    """Is everything in `requiredList` also in `suppliedList`? Order and number do not count."""
    return set(suppliedList).issuperset(requiredList)


def removeAll(xs: list[T], y: T) -> None:
    """Take each `y` out of the list `xs`, in place."""
    xs[:] = [x for x in xs if x is not y and x != y]


def safeList(arg: Iterable[T] | None = None) -> list[T]:
    """A list of what `arg` holds; an empty one where `arg` cannot be iterated over."""
    try:
        items = iter(arg)  # type: ignore[arg-type]
    except TypeError:
        return []
    return list(items)


def testInterface(
    theComponent: _HasBoxes, interface: tuple[Collection[str], Collection[str]]
) -> bool:
    """Does a component declare at least these boxes: `([inboxes], [outboxes])`?

    Where it does not, invalidComponentInterface is raised (see axonRaise).
    """
    inboxes, outboxes = interface
    if not listSubset(inboxes, theComponent.Inboxes):
        return axonRaise(invalidComponentInterface, "inboxes", theComponent, interface)
    if not listSubset(outboxes, theComponent.Outboxes):
        return axonRaise(invalidComponentInterface, "outboxes", theComponent, interface)
    return True
