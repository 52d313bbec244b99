"""Publish and subscribe: publishers and subscribers know only the name of a Backplane.

Example usage
-------------
    Backplane("news").activate()
    Pipeline(Reporter(), PublishTo("news")).activate()
    Pipeline(SubscribeTo("news"), ConsoleEchoer()).run()

How does it work?
-----------------
A Backplane registers two services with the tracker, "Backplane_I_" and "Backplane_O_" followed
by its name: the inbox for published messages, and the inbox for subscriptions. Both ends are
joined by passthrough linkages, so neither publishing nor subscribing costs a turn.

When a Backplane ends, its publishers are unlinked from it. Messages that they publish
afterwards are discarded.

Termination: a Backplane ends at a producerFinished or shutdownMicroprocess, which it sends to
all subscribers. A PublishTo or SubscribeTo ends at a shutdown message on its own "control", and
a SubscribeTo also at one from the Backplane.
"""

from collections.abc import Iterator
from typing import Any

from Axon.Component import component
from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Ipc import producerFinished
from Kamaelia.Util.Splitter import PlugSplitter, addsink, removesink

__all__ = ["Backplane", "PublishTo", "SubscribeTo", "publishTo", "subscribeTo"]

PUBLISH, SUBSCRIBE = "Backplane_I_", "Backplane_O_"


class Backplane(PlugSplitter):
    """A splitter with a name, which sends each published message to all subscribers.

    capacity: publishers are held while this many messages (1 or more) wait here.
    source: a component through which messages pass, if any.
    Raises ServiceAlreadyExists if a Backplane of that name exists, and TypeError if the name is not
    a str.
    """

    _isOffered = False
    _publishers: dict[Any, None]

    def __init__(self, name: str, capacity: int | None = None, source: Any = None) -> None:
        if not isinstance(name, str):
            raise TypeError(f"the name of a Backplane is a str, not {name!r}")
        super().__init__(source)
        self.name = name
        self.capacity = capacity
        self._publishers = {}
        tracker = coordinatingassistanttracker.getcat()
        tracker.registerService(PUBLISH + name, self, "inbox")
        tracker.registerService(SUBSCRIBE + name, self, "configuration")
        self._isOffered = True

    def addPublisher(self, publisher: Any) -> None:
        """Send a producerFinished to the publisher's "_ended" when this Backplane has ended."""
        self._publishers[publisher] = None

    def removePublisher(self, publisher: Any) -> None:
        """Forget a publisher that ends before this Backplane."""
        self._publishers.pop(publisher, None)

    def _closeDownMicroprocess(self) -> Any:
        for publisher in self._publishers:
            publisher.deliver(producerFinished(self), "_ended")
        return super()._closeDownMicroprocess()

    def stop(self) -> None:
        """End this Backplane and withdraw its services."""
        if self._isOffered:
            self._isOffered = False
            tracker = coordinatingassistanttracker.getcat()
            tracker.deRegisterService(PUBLISH + self.name)
            tracker.deRegisterService(SUBSCRIBE + self.name)
        super().stop()


class PublishTo(component):
    """A component that publishes the messages from "inbox" to the Backplane `destination`.

    forwarder: True to send the messages to "outbox" as well. Raises KeyError in its first turn if
    the Backplane does not exist.
    """

    Inboxes = {
        "inbox": "anything: the messages to publish",
        "control": "a shutdown message; the Backplane continues",
        "_ended": "producerFinished: the Backplane has ended",
    }
    Outboxes = {
        "outbox": "the published messages, if forwarder is True",
        "_outbox": "to the Backplane, if forwarder is True",
        "signal": "the shutdown message from control",
    }

    forwarder = False

    def __init__(self, destination: str, **argd: Any) -> None:
        super().__init__(**argd)
        self.destination = destination

    def main(self) -> Iterator[int]:
        backplane, inbox = _serviceOf(PUBLISH, self.destination)
        capacity = getattr(backplane, "capacity", None)
        own, passthrough = ("_outbox", 0) if self.forwarder else ("inbox", 1)
        self.link((self, own), (backplane, inbox), passthrough=passthrough, capacity=capacity)
        isBackplane = isinstance(backplane, Backplane)  # a program may register its own service
        if isBackplane:
            backplane.addPublisher(self)
        try:
            yield from self._publish(backplane)
        finally:
            if isBackplane:
                backplane.removePublisher(self)

    def _publish(self, backplane: Any) -> Iterator[int]:
        while True:
            yield from self.waitForMessage()
            for _ in self.Inbox("_ended"):
                self.unlink(backplane)
            for message in self.Inbox():  # from a forwarder, or after the Backplane has ended
                if self.forwarder:
                    self.send(message)
                    self.send(message, "_outbox")
            if self.isShuttingDown():
                return


class SubscribeTo(component):
    """A component that sends what is published to the Backplane `source`, from its first turn on.

    Raises KeyError in its first turn if the Backplane does not exist.
    """

    Inboxes = {
        "inbox": "anything: sent to outbox, like a published message",
        "control": "a shutdown message",
    }
    Outboxes = {"outbox": "the published messages", "signal": "the shutdown message from control"}

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source

    def main(self) -> Iterator[int]:
        backplane, configuration = _serviceOf(SUBSCRIBE, self.source)
        backplane.deliver(addsink(self, "outbox", "control", passthrough=2), configuration)
        try:
            while True:
                yield from self.waitForMessage()
                for message in self.Inbox():
                    self.send(message)
                if self.isShuttingDown():
                    return
        finally:
            backplane.deliver(removesink(self, "outbox", "control"), configuration)


def _serviceOf(kind: str, name: str) -> tuple[Any, str]:
    tracker = coordinatingassistanttracker.getcat()
    if kind + name not in tracker.servicesRegistered():
        raise KeyError(f"there is no Backplane {name!r}: activate one first")
    return tracker.retrieveService(kind + name)


publishTo = PublishTo
subscribeTo = SubscribeTo

__kamaelia_components__ = (Backplane, PublishTo, SubscribeTo)
