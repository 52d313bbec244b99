"""Registration and use of services, which components find by their names.

Example usage
-------------
    RegisterService(Channels(), {"channels": "inbox"}).activate()
    Pipeline(Subscribe("channels", ["one", "two"]), Recorder()).run()
    Pipeline(ConsoleReader(), ToService("channels")).run()

How does it work?
-----------------
A service is an inbox of a component that is registered with the tracker of the system
(Axon.CoordinatingAssistantTracker). Subscribe asks a service to send messages, and forwards them.
ToService leads its inbox to a service.

Termination: at a producerFinished or shutdownMicroprocess, after the messages that arrived before
it; a Subscribe first cancels its requests. The service continues.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from Axon.Component import component
from Axon.CoordinatingAssistantTracker import coordinatingassistanttracker
from Axon.Ipc import producerFinished
from Kamaelia.Util.SendWithRoom import STOP, sendWithRoom

__all__ = ["RegisterService", "Subscribe", "ToService"]


def RegisterService(component: component, services: Mapping[str, str]) -> component:
    """Register inboxes of `component` as services, and return it.

    services: the name of an inbox for each name of a service. All or none are registered. Raises
    ServiceAlreadyExists, and BadInbox for an inbox that does not exist.
    """
    tracker = coordinatingassistanttracker.getcat()
    registered: list[str] = []
    try:
        for name, boxname in services.items():
            tracker.registerService(name, component, boxname)
            registered.append(name)
    except BaseException:
        for name in registered:
            tracker.deRegisterService(name)
        raise
    return component


class Subscribe(component):
    """Subscribe(servicename, *requests): forwards what a service sends for some requests.

    ("ADD", request, (this component, "inbox")) is sent to the service for each request, and
    ("REMOVE", ...) at the end, in reverse order. Raises KeyError if there is no such service.
    """

    Inboxes = {
        "inbox": "anything: what the service sends",
        "control": "producerFinished or shutdownMicroprocess: cancel the requests and end",
    }
    Outboxes = {
        "outbox": "the messages from inbox",
        "signal": "the messages from control",
        "_toService": "(verb, request, (component, inbox)): a request to the service",
    }

    def __init__(self, servicename: str, *requests: Any) -> None:
        super().__init__()
        self.servicename = servicename
        self.requests = requests

    def main(self) -> Generator[int, None, None]:
        self.link((self, "_toService"), serviceNamed(self.servicename))
        for request in self.requests:
            yield from self._ask("ADD", request)
        isOver = False
        while not isOver:
            yield from self.waitForMessage()
            for message in self.Inbox():
                yield from sendWithRoom(self, message)
            isOver = self._passOnControl()
        for request in reversed(self.requests):
            yield from self._ask("REMOVE", request)

    def _ask(self, verb: str, request: Any) -> Generator[int, None, None]:
        yield from sendWithRoom(self, (verb, request, (self, "inbox")), "_toService")

    def _passOnControl(self) -> bool:
        """Pass on the messages from "control"; return whether one of them ends this component."""
        isOver = False
        for message in self.Inbox("control"):
            self.send(message, "signal")
            isOver = isOver or isinstance(message, (producerFinished, *STOP))
        return isOver


class ToService(component):
    """ToService(toService): leads its inbox to a service. Raises KeyError if there is none."""

    Inboxes = {
        "inbox": "anything: messages for the service",
        "control": "producerFinished or shutdownMicroprocess: end",
    }
    Outboxes = {"outbox": "not used", "signal": "the shutdown message from control"}

    def __init__(self, toService: str) -> None:
        super().__init__()
        self.serviceName = toService

    def main(self) -> Generator[int, None, None]:
        self.link((self, "inbox"), serviceNamed(self.serviceName), passthrough=1)
        yield from self.passOnShutdown()


def serviceNamed(name: str) -> tuple[Any, str]:
    """Return the (component, inbox) of a service. Raises KeyError if there is none."""
    tracker = coordinatingassistanttracker.getcat()
    try:
        return tracker.retrieveService(name)
    except KeyError:
        known = ", ".join(map(repr, tracker.servicesRegistered())) or "none"
        raise KeyError(f"no service {name!r} is registered; the services are: {known}") from None


__kamaelia_components__ = (Subscribe, ToService)
__kamaelia_prefabs__ = (RegisterService,)
