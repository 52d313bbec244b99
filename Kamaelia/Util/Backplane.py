"""Publishing under a name, and subscribing to it, without knowing who else does.

Example usage
-------------
    Backplane("news").activate()
    Pipeline(Reporter(), PublishTo("news")).activate()
    Pipeline(SubscribeTo("news"), ConsoleEchoer()).run()

How does it work?
-----------------
A Backplane offers two services to the tracker, "Backplane_I_" and "Backplane_O_"
with its name: the inbox for what is published, and the one for who subscribes.
Publishing passes through; and what the backplane sends leaves through the outbox
of a SubscribeTo itself, so that neither costs a turn.

When a Backplane ends, publishers are unlinked from it, and what they publish is
discarded from then on.

Termination: of a Backplane, at a producerFinished or shutdownMicroprocess, which
goes to all its subscribers; of the others, at one that comes to their own
control, or for a SubscribeTo, from the backplane.
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
    """Backplane(name[, capacity]) -> sends each message that is published to all subscribers.

    capacity: publishers are held while this many messages (1 or more) wait here.
    Raises ServiceAlreadyExists when there is one of that name, TypeError for a name that is no str.
    """

    _isOffered = False
    _publishers: dict[Any, None]

    def __init__(self, name: str, capacity: int | None = None) -> None:
        if not isinstance(name, str):
            raise TypeError(f"a Backplane's name is a str, not {name!r}")
        super().__init__()
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
            publisher._deliver(producerFinished(self), "_ended")
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
    """PublishTo(destination[, forwarder]) -> publishes what comes to "inbox" in that Backplane.

    forwarder: True to send it on to "outbox" as well. Raises KeyError when it begins, and
    there is no such Backplane.
    """

    Inboxes = {
        "inbox": "what is published",
        "control": "when to stop; the Backplane goes on",
        "_ended": "the Backplane has ended",
    }
    Outboxes = {
        "outbox": "the same as is published, from a forwarder",
        "_outbox": "to the Backplane, from a forwarder",
        "signal": "whatever ended it",
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
        isBackplane = isinstance(backplane, Backplane)  # or a program's own, of the same name
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
            for message in self.Inbox():  # of a forwarder, or after the Backplane has ended
                if self.forwarder:
                    self.send(message)
                    self.send(message, "_outbox")
            if self.isShuttingDown():
                return


class SubscribeTo(component):
    """SubscribeTo(source) -> sends what is published in that Backplane, from its first turn on.

    Raises KeyError when it begins, and there is no such Backplane.
    """

    Inboxes = {"inbox": "sent on as if it were published", "control": "when to stop"}
    Outboxes = {"outbox": "what is published", "signal": "whatever ended it"}

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source

    def main(self) -> Iterator[int]:
        backplane, configuration = _serviceOf(SUBSCRIBE, self.source)
        backplane._deliver(addsink(self, "outbox", "control", passthrough=2), configuration)
        try:
            while True:
                yield from self.waitForMessage()
                for message in self.Inbox():
                    self.send(message)
                if self.isShuttingDown():
                    return
        finally:
            backplane._deliver(removesink(self, "outbox", "control"), configuration)


def _serviceOf(kind: str, name: str) -> tuple[Any, str]:
    tracker = coordinatingassistanttracker.getcat()
    if kind + name not in tracker.servicesRegistered():
        raise KeyError(f"there is no Backplane {name!r} (yet): activate one first")
    return tracker.retrieveService(kind + name)


publishTo = PublishTo
subscribeTo = SubscribeTo

__kamaelia_components__ = (Backplane, PublishTo, SubscribeTo)
