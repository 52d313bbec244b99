"""The errors that Axon itself raises, each named for what went wrong.

Every one is an AxonException, so `except AxonException` catches what the
framework says and nothing else. Those that programs also know by a standard
name are both: a wrong box is a KeyError too, an empty inbox an IndexError.

The sentence of an error is made when somebody reads it, not when it is raised:
a program that asks by `except KeyError` pays nothing for it.
"""

from collections.abc import Iterable
from typing import ClassVar

__all__ = [
    "AccessToUndeclaredTrackedVariable",
    "ArgumentsClash",
    "AxonException",
    "BadComponent",
    "BadInbox",
    "BadParentTracker",
    "BoxAlreadyLinkedToDestination",
    "MultipleServiceDeletion",
    "NamespaceClash",
    "ServiceAlreadyExists",
    "deadlock",
    "emptyInbox",
    "invalidComponentInterface",
    "noSpaceInBox",
    "noSuchBox",
    "normalShutdown",
    "queueFull",
    "wiringError",
]


class AxonException(Exception):
    """AxonException(*args): what all errors of the framework have in common.

    A subclass may give a `sentence` with a {} for each argument it expects. It is
    what str() says of an error that was raised with at least so many.
    """

    sentence: ClassVar[str] = ""

    def __str__(self) -> str:
        if self.sentence and self.sentence.count("{") <= len(self.args):
            return self.sentence.format(*self.args)
        return super().__str__()


# Boxes and links


class noSuchBox(AxonException, KeyError):
    """noSuchBox(component_name, box, direction, available, opposite=()): no such box there.

    `direction` is "inbox" or "outbox"; `available` gives the names of the boxes
    of that direction that there are, `opposite` those of the other one.
    """

    def __init__(
        self,
        component_name: str,
        box: object,
        direction: str,
        available: Iterable[str],
        opposite: Iterable[str] = (),
    ) -> None:
        self.component_name = component_name
        self.box = box
        self.direction = direction
        self.available = tuple(available)
        self.opposite = tuple(opposite)
        super().__init__(component_name, box, direction, self.available, self.opposite)

    def __str__(self) -> str:
        sentence = f"{self.component_name} has no {self.direction} {self.box!r}"
        if self.box in self.opposite:
            other = {"inbox": "an outbox", "outbox": "an inbox"}[self.direction]
            sentence = f"{sentence}, which is {other}"
        if not self.available:
            return f"{sentence}; it has none at all"
        names = ", ".join(map(repr, self.available))
        there = f"its {self.direction}es are" if len(self.available) > 1 else "there is only"
        nearest = _nearest(str(self.box), self.available)
        hint = f". Did you mean {nearest!r}?" if nearest else ""
        return f"{sentence}; {there} {names}{hint}"


def _nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that `word` was probably meant to be, whatever its case."""
    from difflib import get_close_matches  # here, because only a mistake needs it

    folded = {known.casefold(): known for known in words}
    found = get_close_matches(word.casefold(), folded, 1)
    return folded[found[0]] if found else None


class emptyInbox(AxonException, IndexError):
    """A message was to be taken from an inbox that holds none."""


class noSpaceInBox(AxonException):
    """noSpaceInBox(len, size): the inbox holds `len` messages and takes at most `size`."""

    sentence = "the inbox is full: it holds {} messages and takes at most {}"


class queueFull(noSpaceInBox):
    """queueFull(len, size, explanation): a queue between two threads is full, and no inbox."""

    def __init__(self, length: int, size: float, explanation: str = "") -> None:
        super().__init__(length, size)
        self.explanation = explanation

    def __str__(self) -> str:
        return self.explanation or super().__str__()


class BoxAlreadyLinkedToDestination(AxonException):
    """A box that already feeds another was to be linked a second time."""


class wiringError(AxonException, TypeError, ValueError):
    """Components were put together wrongly: a class where an instance belongs,
    a component whose __init__ did not call super().__init__(), a missing linkage."""


# Components


class invalidComponentInterface(AxonException):
    """invalidComponentInterface(which, component, interface): `which` boxes are missing.

    `which` is "inboxes" or "outboxes", `interface` the pair of both that was asked for.
    """

    sentence = "some {} that {!r} ought to have are missing; it ought to have {!r}"


class ArgumentsClash(AxonException):
    """Arguments were given that contradict each other."""


class normalShutdown(AxonException):
    """A component ended as it was meant to."""


class deadlock(AxonException, RuntimeError):
    """Components wait for one another, and nothing is left that could wake them."""


# Services and tracked values


class BadParentTracker(AxonException):
    """BadParentTracker(parent): the parent of a tracker is not a tracker."""

    sentence = "the parent of a tracker has to be a tracker, and {!r} is none"


class ServiceAlreadyExists(AxonException):
    """ServiceAlreadyExists(service): a service of this name is registered already."""

    sentence = "there is a service {!r} already"


class BadComponent(AxonException):
    """BadComponent(thing): a service was to be registered for what is no component."""

    sentence = "a service is an inbox of a component, and {!r} is no component"


class BadInbox(AxonException):
    """BadInbox(component, inbox): the inbox that was to be a service is not there."""

    sentence = "{!r} has no inbox {!r} that could be a service"


class MultipleServiceDeletion(AxonException):
    """MultipleServiceDeletion(service): it is not, or no longer, registered."""

    sentence = "there is no service {!r} to remove"


class NamespaceClash(AxonException):
    """NamespaceClash(name): a value of this name is tracked already."""

    sentence = "a value {!r} is tracked already; use updateValue to change it"


class AccessToUndeclaredTrackedVariable(AxonException):
    """AccessToUndeclaredTrackedVariable(name[, value]): nobody tracks such a value."""

    sentence = "no value {!r} is tracked"
