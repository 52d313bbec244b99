"""A registry in which components find services and values by name.

Example usage
    tracker = coordinatingassistanttracker.getcat()
    tracker.registerService("greetings", greeter, "inbox")
    component, inbox = tracker.retrieveService("greetings")

    tracker.trackValue("guests", 0)
    tracker.updateValue("guests", tracker.retrieveValue("guests") + 1)

How does it work?
    A service is an inbox of a component; a value is any object. Both have names. One
    tracker serves the whole system: getcat() returns it, and each component has it as
    `self.tracker`. Any thread may use it. A service remains registered until it is
    removed, even after its component has ended.
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

    getcat() returns the first tracker that is created. Raises BadParentTracker if
    `parent` is not a tracker.
    """

    basecat: ClassVar["coordinatingassistanttracker | None"] = None

    @classmethod
    def getcat(cls) -> "coordinatingassistanttracker":
        """Return the tracker of the system, which is created by the first call."""
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
        """Return the names of all services."""
        return list(self._services)

    def registerService(self, service: Hashable, thecomponent: Any, inbox: str) -> None:
        """Register `inbox` of `thecomponent` under the name `service`.

        Raises ServiceAlreadyExists, BadComponent if `thecomponent` has no inboxes, and
        BadInbox if `inbox` is not one of them.
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
        """Remove a service. Raises MultipleServiceDeletion if it is not registered."""
        if self._services.pop(service, None) is None:
            raise MultipleServiceDeletion(service)

    def retrieveService(self, name: Hashable) -> tuple[Any, str]:
        """Return the (component, inbox) of a service. Raises KeyError if there is none."""
        return self._services[name]

    def informationItemsLogged(self) -> list[Hashable]:
        """Return the names of all tracked values."""
        return list(self._values)

    def trackValue(self, name: Hashable, value: Any) -> None:
        """Track a value from now on. Raises NamespaceClash if the name is in use."""
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
        """Return a tracked value. Raises AccessToUndeclaredTrackedVariable."""
        if name not in self._values:
            raise AccessToUndeclaredTrackedVariable(name)
        return self._values[name]

    def main(self) -> Iterator[int]:
        """Yield 1 forever, for historical programs: a tracker need not run."""
        while True:
            yield 1
