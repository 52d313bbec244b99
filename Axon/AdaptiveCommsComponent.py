"""Components whose boxes come and go while they run.

Example usage
-------------
    class Switchboard(AdaptiveCommsComponent):
        def attach(self, caller):
            name = self.addOutbox("toCaller")       # "toCaller", or "toCaller_1" if that is taken
            self.link((self, name), (caller, "inbox"))
            self.trackResourceInformation(caller, [], [name], "a guest")

        def detach(self, caller):
            _, [name], _ = self.retrieveTrackedResourceInformation(caller)
            self.unlink(caller)
            self.deleteOutbox(name)
            self.ceaseTrackingResource(caller)

How does it work?
-----------------
Boxes belong to the instance: the class and its other instances never see them.
A resource is anything that can be a key of a dict; which boxes belong to it is
for its owner to say.

Termination: that of component.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from typing import TYPE_CHECKING, Any

from Axon.Box import NULL, UNUSED, boxesChanged, realsink
from Axon.Component import component

if TYPE_CHECKING:  # a mixin has what its class has
    _Mixin = component
else:
    _Mixin = object

Information = tuple[Iterable[str], Iterable[str], Any]


class _AdaptiveCommsable(_Mixin):
    """What gives a component boxes that come and go, and a note of whose they are."""

    def __init__(self, *args: Any, **argd: Any) -> None:
        super().__init__(*args, **argd)
        self._resources: dict[Hashable, Any] = {}

    # Boxes

    def addInbox(self, *args: str) -> str:
        """addInbox([wish]) -> a new inbox, by its actual name: the wish, or one like it."""
        name = _unusedName(self._inboxes, *args)
        self._inboxes[name] = UNUSED
        boxesChanged(self)
        return name

    def addOutbox(self, *args: str) -> str:
        """addOutbox([wish]) -> a new outbox, by its actual name: the wish, or one like it."""
        name = _unusedName(self.outboxes, *(args or ("outbox",)))
        self.outboxes[name] = NULL
        boxesChanged(self)
        return name

    def deleteInbox(self, name: str) -> None:
        """Takes the inbox away, with what waits in it and the linkages that lead to it.

        Raises noSuchBox (a KeyError).
        """
        if name not in self._inboxes:
            self._wrongBox(name, "inbox")
        place = self.placeOfBox(name, True)
        _cutOff(place)
        if isinstance(place, realsink):
            place.clear()
            place.open()
        del self._inboxes[name]
        boxesChanged(self)

    def deleteOutbox(self, name: str) -> None:
        """Takes the outbox away, and its linkages. Raises noSuchBox (a KeyError)."""
        if name not in self.outboxes:
            self._wrongBox(name, "outbox")
        place = self.placeOfBox(name, False)
        _cutOff(place)
        self.forgetOutboxes(lambda each: each is place)
        del self.outboxes[name]
        boxesChanged(self)

    # Whose boxes they are

    def trackResource(self, resource: Any, inbox: str) -> None:
        """Notes that `inbox` is there for `resource`. Raises noSuchBox (a KeyError)."""
        self._checkBoxes([inbox], [])
        self._resources[inbox] = resource

    def retrieveTrackedResource(self, inbox: str) -> Any:
        """For which resource `inbox` is there. Raises KeyError if none is known."""
        return self._resources[inbox]

    def trackResourceInformation(
        self,
        resource: Hashable,
        inboxes: Collection[str],
        outboxes: Collection[str],
        information: Any,
    ) -> None:
        """Notes which boxes are there for `resource`, and what else is to be known of it.

        Raises noSuchBox (a KeyError) for a box that is not there.
        """
        self._checkBoxes(inboxes, outboxes)
        self._resources[resource] = inboxes, outboxes, information

    def retrieveTrackedResourceInformation(self, resource: Hashable) -> Information:
        """The inboxes, the outboxes and the information. Raises KeyError if none is known."""
        information: Information = self._resources[resource]
        return information

    def ceaseTrackingResource(self, resource: Hashable) -> None:
        """Forgets what was noted of a resource, or of an inbox. Raises KeyError if nothing was."""
        del self._resources[resource]

    def _checkBoxes(self, inboxes: Iterable[str], outboxes: Iterable[str]) -> None:
        for name in inboxes:
            if name not in self.inboxes:
                self._wrongBox(name, "inbox")
        for name in outboxes:
            if name not in self.outboxes:
                self._wrongBox(name, "outbox")


class AdaptiveCommsComponent(_AdaptiveCommsable, component):
    """AdaptiveCommsComponent(**attributes) -> a component whose boxes come and go while it runs."""


def _unusedName(boxes: Collection[str], wish: str = "inbox") -> str:
    name, number = wish, 0
    while name in boxes:
        number += 1
        name = f"{wish}_{number}"
    return name


def _cutOff(place: Any) -> None:
    """No linkage leads to this box, or from it, any longer."""
    if place.target is not None:
        place.target.removesource(place)
    for source in list(place.sources):
        place.removesource(source)
