"""The outboxes of a component that have been linked, stored as small as possible.

Up to FEW places are a tuple, which most components need; more are a dict by name. A component
keeps the collection and replaces it by what these functions return.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from Axon.Postbox import outbox

Places = tuple[outbox, ...] | dict[str, outbox]

FEW = 4


def findPlace(places: Places, boxname: str) -> outbox | None:
    """Return the place of the outbox `boxname`, or None if it has never been linked."""
    if isinstance(places, dict):
        return places.get(boxname)
    for place in places:
        if place.boxname == boxname:
            return place
    return None


def withPlace(places: Places, place: outbox) -> Places:
    """Return `places` with `place` added."""
    if isinstance(places, dict):
        places[place.boxname] = place
        return places
    if len(places) < FEW:
        return (*places, place)
    return placesOf((*allPlaces(places), place))


def allPlaces(places: Places) -> Collection[outbox]:
    """Return all places."""
    return places.values() if isinstance(places, dict) else places


def placesOf(given: Iterable[outbox]) -> Places:
    """Return a collection of the places in `given`."""
    kept = tuple(given)
    return kept if len(kept) <= FEW else {each.boxname: each for each in kept}
