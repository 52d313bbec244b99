"""The errors that Axon raises.

All are AxonExceptions, so `except AxonException` catches the errors of the framework and no
others. Some are standard errors as well: a wrong box is also a KeyError, and an empty inbox an
IndexError.

The text of an error is created when it is read, not when it is raised. A program that uses
`except KeyError` as a test does not pay for the text.
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
    """AxonException(*args): the base class of the errors of the framework.

    A subclass may define `sentence`, with a {} for each argument. It is the text of an error
    that is raised with at least that many arguments.
    """

    sentence: ClassVar[str] = ""

    def __str__(self) -> str:
        if self.sentence and self.sentence.count("{") <= len(self.args):
            return self.sentence.format(*self.args)
        return super().__str__()


# Boxes and links


class noSuchBox(AxonException, KeyError):
    """noSuchBox(component_name, box, direction, available, opposite=()): there is no such box.

    `direction` is "inbox" or "outbox". `available` contains the names of the existing boxes of
    that direction, and `opposite` those of the other direction.
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
    """Return the item of `words` that is most similar to `word`, ignoring case, or None."""
    from difflib import get_close_matches  # here, because only a mistake needs it

    folded = {known.casefold(): known for known in words}
    found = get_close_matches(word.casefold(), folded, 1)
    return folded[found[0]] if found else None


class emptyInbox(AxonException, IndexError):
    """recv() was called on an inbox without a message."""


class noSpaceInBox(AxonException):
    """noSpaceInBox(len, size): the inbox holds `len` messages and takes at most `size`."""

    sentence = "the inbox is full: it holds {} messages and takes at most {}"


class queueFull(noSpaceInBox):
    """queueFull(len, size, explanation): a queue between two threads is full; no inbox is."""

    def __init__(self, length: int, size: float, explanation: str = "") -> None:
        super().__init__(length, size)
        self.explanation = explanation

    def __str__(self) -> str:
        return self.explanation or super().__str__()


class BoxAlreadyLinkedToDestination(AxonException):
    """link() was called for a box that already leads to another box."""


class wiringError(AxonException, TypeError, ValueError):
    """Components are combined wrongly: a class is given instead of an instance, an __init__ has
    not called super().__init__(), or a linkage is missing.
    """


# Components


class invalidComponentInterface(AxonException):
    """invalidComponentInterface(which, component, interface): `which` boxes are missing.

    `which` is "inboxes" or "outboxes", `interface` the pair of both that is required.
    """

    sentence = "some {} that {!r} ought to have are missing; it ought to have {!r}"


class ArgumentsClash(AxonException):
    """Arguments contradict each other."""


class normalShutdown(AxonException):
    """A component ends in order."""


class deadlock(AxonException, RuntimeError):
    """Components wait for each other, and nothing is left that could wake them."""


# Services and tracked values


class BadParentTracker(AxonException):
    """BadParentTracker(parent): the parent of a tracker is not a tracker."""

    sentence = "the parent of a tracker has to be a tracker, and {!r} is none"


class ServiceAlreadyExists(AxonException):
    """ServiceAlreadyExists(service): a service of this name is registered already."""

    sentence = "there is a service {!r} already"


class BadComponent(AxonException):
    """BadComponent(thing): the object to register a service for has no inboxes."""

    sentence = "a service is an inbox of a component, and {!r} is no component"


class BadInbox(AxonException):
    """BadInbox(component, inbox): the inbox to register does not exist."""

    sentence = "{!r} has no inbox {!r} that could be a service"


class MultipleServiceDeletion(AxonException):
    """MultipleServiceDeletion(service): the service is not registered, or no longer."""

    sentence = "there is no service {!r} to remove"


class NamespaceClash(AxonException):
    """NamespaceClash(name): a value of this name is tracked already."""

    sentence = "a value {!r} is tracked already; use updateValue to change it"


class AccessToUndeclaredTrackedVariable(AxonException):
    """AccessToUndeclaredTrackedVariable(name[, value]): no value of this name is tracked."""

    sentence = "no value {!r} is tracked"
