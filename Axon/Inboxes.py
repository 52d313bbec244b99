"""The inboxes of a component as a mapping, `component.inboxes`.

An inbox needs no storage before it is linked, used or read. This mapping creates the storage
when a program looks at a box, so that every box that a program sees belongs to its component.
Access to names alone (`in`, `len`, iteration) creates nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from Axon.Sinks import UNUSED


class Inboxes(MutableMapping[str, Any]):
    """Inboxes(component, boxes) -> the inboxes of `component` by name.

    boxes: the dict in which the component keeps them; an unused one is Axon.Box.UNUSED there.
    """

    __slots__ = ("_boxes", "_component")

    def __init__(self, component: Any, boxes: dict[str, Any]) -> None:
        self._component, self._boxes = component, boxes

    def __getitem__(self, boxname: str) -> Any:
        return self._component.placeOfBox(boxname, True)

    def __setitem__(self, boxname: str, sink: Any) -> None:
        self._boxes[boxname] = sink

    def __delitem__(self, boxname: str) -> None:
        del self._boxes[boxname]

    def __contains__(self, boxname: object) -> bool:
        return boxname in self._boxes

    def __iter__(self) -> Iterator[str]:
        return iter(self._boxes)

    def __len__(self) -> int:
        return len(self._boxes)

    def __or__(self, other: Mapping[str, Any]) -> dict[str, Any]:
        return {**self, **other}

    def __repr__(self) -> str:
        return repr(dict(self))

    def created(self) -> dict[str, Any]:
        """Return the inboxes that have been created so far; the others are empty."""
        return {name: sink for name, sink in self._boxes.items() if sink is not UNUSED}

    def copy(self) -> dict[str, Any]:
        """Return the inboxes as a dict that does not belong to the component."""
        return dict(self)


class InboxesOfComponent:
    """The attribute `inboxes` of a component; its class has none."""

    def __get__(self, component: Any, owner: type) -> Inboxes:
        if component is None:
            raise AttributeError(f"the inboxes belong to an instance of {owner.__name__}")
        return Inboxes(component, component.placesOfInboxes())

    def __set__(self, component: Any, boxes: Mapping[str, Any]) -> None:
        component.replaceInboxes(boxes)
