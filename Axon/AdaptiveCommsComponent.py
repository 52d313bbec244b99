"""Components with boxes that are added and deleted while they run.

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
The boxes belong to the instance, and not to its class or other instances. A resource is anything
that can be a key of a dict; the component itself says which boxes belong to a resource.

Termination: as any component.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from typing import TYPE_CHECKING, Any

from Axon.Box import NULL, UNUSED, boxesChanged, realsink
from Axon.Component import component

if TYPE_CHECKING:  # the mixin uses the methods of component
    _Mixin = component
else:
    _Mixin = object

Information = tuple[Iterable[str], Iterable[str], Any]


class AdaptiveBoxes(_Mixin):
    """The methods that add and delete boxes, and record for which resource a box is used."""

    def __init__(self, *args: Any, **argd: Any) -> None:
        super().__init__(*args, **argd)
        self._resources: dict[Hashable, Any] = {}

    # Boxes

    def addInbox(self, *args: str) -> str:
        """addInbox([wish]) -> the name of a new inbox: `wish`, with a number if that is taken."""
        name = _unusedName(self._inboxes, *args)
        self._inboxes[name] = UNUSED
        boxesChanged(self)
        return name

    def addOutbox(self, *args: str) -> str:
        """addOutbox([wish]) -> the name of a new outbox: `wish`, with a number if that is taken."""
        name = _unusedName(self.outboxes, *(args or ("outbox",)))
        self.outboxes[name] = NULL
        boxesChanged(self)
        return name

    def deleteInbox(self, name: str) -> None:
        """Delete the inbox, with its messages and the linkages that lead to it.

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
        """Delete the outbox and its linkages. Raises noSuchBox (a KeyError)."""
        if name not in self.outboxes:
            self._wrongBox(name, "outbox")
        place = self.placeOfBox(name, False)
        _cutOff(place)
        self.forgetOutboxes(lambda each: each is place)
        del self.outboxes[name]
        boxesChanged(self)

    # Resources

    def trackResource(self, resource: Any, inbox: str) -> None:
        """Record that `inbox` is used for `resource`. Raises noSuchBox (a KeyError)."""
        self._checkBoxes([inbox], [])
        self._resources[inbox] = resource

    def retrieveTrackedResource(self, inbox: str) -> Any:
        """Return the resource for which `inbox` is used. Raises KeyError if none is known."""
        return self._resources[inbox]

    def trackResourceInformation(
        self,
        resource: Hashable,
        inboxes: Collection[str],
        outboxes: Collection[str],
        information: Any,
    ) -> None:
        """Record which boxes are used for `resource`, and other information about it.

        Raises noSuchBox (a KeyError) for a box that does not exist.
        """
        self._checkBoxes(inboxes, outboxes)
        self._resources[resource] = inboxes, outboxes, information

    def retrieveTrackedResourceInformation(self, resource: Hashable) -> Information:
        """Return (inboxes, outboxes, information). Raises KeyError for an unknown resource."""
        information: Information = self._resources[resource]
        return information

    def ceaseTrackingResource(self, resource: Hashable) -> None:
        """Forget a resource, or the resource of an inbox. Raises KeyError if it is unknown."""
        del self._resources[resource]

    def _checkBoxes(self, inboxes: Iterable[str], outboxes: Iterable[str]) -> None:
        for name in inboxes:
            if name not in self.inboxes:
                self._wrongBox(name, "inbox")
        for name in outboxes:
            if name not in self.outboxes:
                self._wrongBox(name, "outbox")


_AdaptiveCommsable = AdaptiveBoxes  # the historical name


class AdaptiveCommsComponent(AdaptiveBoxes, component):
    """AdaptiveCommsComponent(**attributes) -> a component that can add and delete boxes."""


def _unusedName(boxes: Collection[str], wish: str = "inbox") -> str:
    name, number = wish, 0
    while name in boxes:
        number += 1
        name = f"{wish}_{number}"
    return name


def _cutOff(place: Any) -> None:
    """Remove all linkages from and to this box."""
    if place.target is not None:
        place.target.removesource(place)
    for source in list(place.sources):
        place.removesource(source)
