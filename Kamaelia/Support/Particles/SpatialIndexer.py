"""An index of things by their place, which finds those near a point.

Example usage
-------------
    index = SpatialIndexer(proxDist=5.0)
    index.add(a, b)                             # things with a method getLoc()
    index.withinRadius((0, 0), 10.0)            # [(a, 5.0)]: with the square of the distance

How does it work?
-----------------
Space is a grid of cells, in any number of dimensions. Each cell that is not empty has a list. A
search looks at the cells that touch the ball, or at all lists if there are fewer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from math import floor, prod
from typing import Generic, Protocol, TypeVar

__all__ = ["Located", "SpatialIndexer"]

Cell = tuple[int, ...]


class Located(Protocol):
    """A thing with a place."""

    def getLoc(self) -> Sequence[float]:
        """Return the coordinates."""


T = TypeVar("T", bound=Located)


def anything(entity: object) -> bool:
    """Return True."""
    return True


class SpatialIndexer(Generic[T]):
    """An index whose cells have the size `proxDist`: the radius of most searches.

    Raises ValueError for a size that is not positive.
    """

    def __init__(self, proxDist: float = 1.0) -> None:
        if not proxDist > 0:
            raise ValueError(f"the size of a cell is a positive number, not {proxDist}")
        self.cellSize = proxDist
        self.cells: dict[Cell, list[T]] = {}
        self.entities: dict[T, Cell] = {}

    def updateAll(self) -> None:
        """Read the places of all things again."""
        self.updateLoc(*self.entities)

    def updateLoc(self, *entities: T) -> None:
        """Add things, or read their places again after they have moved."""
        for entity in entities:
            cell = self._cellOf(entity.getLoc())
            if self.entities.get(entity) != cell:
                self.remove(entity)
                self.cells.setdefault(cell, []).append(entity)
                self.entities[entity] = cell

    add = updateLoc

    def remove(self, *entities: T) -> None:
        """Remove things; those that are not in the index are ignored."""
        for entity in entities:
            cell = self.entities.pop(entity, None)
            if cell is not None:
                self.cells[cell].remove(entity)
                if not self.cells[cell]:
                    del self.cells[cell]

    def withinRadius(
        self,
        centre: Sequence[float],
        radius: float,
        filter: Callable[[T], object] = anything,  # noqa: A002 - a historical name
    ) -> list[tuple[T, float]]:
        """Return (thing, square of its distance) for the things near `centre`.

        filter: called with each thing; a false result leaves it out.
        """
        found = []
        for cell in self._cellsNear(centre, radius):
            for entity in self.cells.get(cell, ()):
                if filter(entity):
                    there = entity.getLoc()
                    squared = sum((a - b) * (a - b) for a, b in zip(centre, there, strict=True))
                    if squared <= radius * radius:
                        found.append((entity, squared))
        return found

    def _cellOf(self, place: Sequence[float]) -> Cell:
        return tuple([floor(coordinate / self.cellSize) for coordinate in place])

    def _cellsNear(self, centre: Sequence[float], radius: float) -> Iterable[Cell]:
        """Return the cells that may contain things within the radius."""
        low = self._cellOf([coordinate - radius for coordinate in centre])
        high = self._cellOf([coordinate + radius for coordinate in centre])
        if prod(b - a + 1 for a, b in zip(low, high, strict=True)) > len(self.cells):
            return self._occupiedCells(low, high)
        ranges = [range(a, b + 1) for a, b in zip(low, high, strict=True)]
        return (cell[::-1] for cell in product(*reversed(ranges)))

    def _occupiedCells(self, low: Cell, high: Cell) -> Iterator[Cell]:
        for cell in self.cells:
            if all(a <= each <= b for a, each, b in zip(low, cell, high, strict=True)):
                yield cell
