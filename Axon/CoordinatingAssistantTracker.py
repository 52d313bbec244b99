"""A place where components find each other's services, and facts, by name.

Example usage
    tracker = coordinatingassistanttracker.getcat()
    tracker.registerService("greetings", greeter, "inbox")
    component, inbox = tracker.retrieveService("greetings")

    tracker.trackValue("guests", 0)
    tracker.updateValue("guests", tracker.retrieveValue("guests") + 1)

How does it work?
    A service is an inbox of a component, under a name; a value is anything. There
    is one tracker for the whole system, which getcat() gives and each component
    has as `self.tracker`. Any thread may use it. A service stays until somebody
    removes it, also when its component has ended.
"""

from collections.abc import Hashable, Iterator, Mapping
from threading import Lock
from typing import Any, ClassVar

from Axon.AxonExceptions import (
    AccessToUndeclaredTrackedVariable,
    BadComponent,
    BadInbox,
    BadParentTracker,
    MultipleServiceDeletion,
    NamespaceClash,
    ServiceAlreadyExists,
)

__all__ = ["coordinatingassistanttracker"]


class coordinatingassistanttracker:
    """coordinatingassistanttracker(parent=None) -> an empty tracker.

    The first that is made is the one that getcat() gives. Raises BadParentTracker
    for a parent that is no tracker.
    """

    basecat: ClassVar["coordinatingassistanttracker | None"] = None

    @classmethod
    def getcat(cls) -> "coordinatingassistanttracker":
        """The system's tracker, made when first asked for."""
        if cls.basecat is None:
            cls.basecat = cls()
        return cls.basecat

    def __init__(self, parent: "coordinatingassistanttracker | None" = None) -> None:
        if parent is not None and not isinstance(parent, coordinatingassistanttracker):
            raise BadParentTracker(parent)
        self._parent = parent
        self._lock = Lock()
        self.zap()
        if self.basecat is None:
            type(self).basecat = self

    def zap(self) -> None:
        """Forget all services and values."""
        self._services: dict[Hashable, tuple[Any, str]] = {}
        self._values: dict[Hashable, Any] = {}

    def servicesRegistered(self) -> list[Hashable]:
        """The names of all services."""
        return list(self._services)

    def registerService(self, service: Hashable, thecomponent: Any, inbox: str) -> None:
        """Offer `inbox` of `thecomponent` to all, as `service`.

        Raises ServiceAlreadyExists, BadComponent for what has no inboxes, and
        BadInbox for an inbox that is not among them.
        """
        inboxes = getattr(thecomponent, "inboxes", None)
        if not isinstance(inboxes, Mapping):
            raise BadComponent(thecomponent)
        if inbox not in inboxes:
            raise BadInbox(thecomponent, inbox)
        with self._lock:
            if service in self._services:
                raise ServiceAlreadyExists(service)
            self._services[service] = thecomponent, inbox

    def deRegisterService(self, service: Hashable) -> None:
        """Offer it no more. Raises MultipleServiceDeletion if nobody does."""
        if self._services.pop(service, None) is None:
            raise MultipleServiceDeletion(service)

    def retrieveService(self, name: Hashable) -> tuple[Any, str]:
        """The (component, inbox) that offers a service. Raises KeyError if none does."""
        return self._services[name]

    def informationItemsLogged(self) -> list[Hashable]:
        """The names of all values that are tracked."""
        return list(self._values)

    def trackValue(self, name: Hashable, value: Any) -> None:
        """Track a value from now on. Raises NamespaceClash if there is one of this name."""
        with self._lock:
            if name in self._values:
                raise NamespaceClash(name)
            self._values[name] = value

    def updateValue(self, name: Hashable, value: Any) -> None:
        """Change a tracked value. Raises AccessToUndeclaredTrackedVariable."""
        if name not in self._values:
            raise AccessToUndeclaredTrackedVariable(name, value)
        self._values[name] = value

    def retrieveValue(self, name: Hashable) -> Any:
        """A tracked value. Raises AccessToUndeclaredTrackedVariable."""
        if name not in self._values:
            raise AccessToUndeclaredTrackedVariable(name)
        return self._values[name]

    def main(self) -> Iterator[int]:
        """Idle turns without end: a tracker answers calls, and need not run."""
        while True:
            yield 1
