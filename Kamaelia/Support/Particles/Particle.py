"""A particle in a simulation in cycles.

Example usage
-------------
    particles = [Particle((0, 0)), Particle((10, 0), ptype="leaf", ID="a")]
    particles[0].makeBond(particles, 1)

How does it work?
-----------------
In each cycle every particle acts on the others (doInteractions changes velocities, not positions),
and then every particle moves (update). The tick is the number of the cycle: of two particles, the
one whose tick comes first calculates the force for both. Particles at the same point exert no
force on each other, as there is no direction.
"""

from __future__ import annotations

from collections.abc import Hashable, MutableMapping, MutableSequence, Sequence
from math import sqrt
from typing import Any, Protocol

from Kamaelia.Support.Particles.SpatialIndexer import SpatialIndexer

__all__ = ["Laws", "Particle"]

Particles = MutableSequence["Particle"] | MutableMapping[Any, "Particle"]


class Laws(Protocol):
    """What SimpleLaws and MultipleLaws have in common."""

    @property
    def maxInteractRadius(self) -> float:
        """The largest distance at which a particle has an effect."""

    def particleMaxInteractRadius(self, ptype: Any) -> float:
        """Return the largest distance at which a particle of this type has an effect."""

    def unbonded(self, ptype1: Any, ptype2: Any, dist: float, distSquared: float) -> float:
        """Return the force between particles without a bond."""

    def bonded(self, ptype1: Any, ptype2: Any, dist: float, distSquared: float) -> float:
        """Return the force of a bond."""

    def dampening(self, ptype: Any, velocity: Sequence[float]) -> list[float]:
        """Return the velocity after friction."""


class Particle:
    """A particle with a position in any number of dimensions.

    initialTick: the tick of its system. ptype: its type, for the laws. velocity: by default 0. ID:
    by default a text that is unique.
    """

    def __init__(
        self,
        position: Sequence[float],
        initialTick: int = 0,
        ptype: Hashable = None,
        velocity: Sequence[float] | None = None,
        ID: Any = None,
    ) -> None:
        self.pos = position
        self.tick = initialTick
        self.static = False
        self.ptype = ptype
        self.bondedTo: list[Particle] = []
        self.bondedFrom: list[Particle] = []
        self.velocity = [0.0] * len(position) if velocity is None else list(velocity)
        self.ID = str(id(self)) if ID is None else ID

    # Bonds

    def getBonded(self) -> list[Particle]:
        """Return the particles to which bonds lead from this one."""
        return self.bondedTo

    getBondedTo = getBonded

    def getBondedFrom(self) -> list[Particle]:
        """Return the particles from which bonds lead to this one."""
        return self.bondedFrom

    def makeBond(self, particles: Particles, index: Any) -> None:
        """Make a bond to particles[index]. Do nothing if there is one."""
        other = particles[index]
        if other not in self.bondedTo:
            self.bondedTo.append(other)
            other.bondedFrom.append(self)

    def breakBond(self, particles: Particles, index: Any) -> None:
        """Remove the bond to particles[index]. Raise ValueError if there is none."""
        other = particles[index]
        self.bondedTo.remove(other)
        other.bondedFrom.remove(self)

    def breakAllBonds(self, outgoing: bool = True, incoming: bool = True) -> None:
        """Remove the bonds from this particle, the bonds to it, or both."""
        if outgoing:
            for other in self.bondedTo:
                other.bondedFrom.remove(self)
            self.bondedTo = []
        if incoming:
            for other in self.bondedFrom:
                other.bondedTo.remove(self)
            self.bondedFrom = []

    # Position

    def getLoc(self) -> Sequence[float]:
        """Return the position."""
        return self.pos

    def freeze(self) -> None:
        """Keep the particle at its position."""
        self.static = True

    def unFreeze(self) -> None:
        """Let the particle move."""
        self.static = False

    def distSquared(self, altpos: Sequence[float]) -> float:
        """Return the square of the distance from a position."""
        return sum((a - b) * (a - b) for a, b in zip(self.pos, altpos, strict=True))

    # The two steps of a cycle

    def doInteractions(self, particleIndex: SpatialIndexer[Any], laws: Laws, tick: int) -> None:
        """Change the velocities of this particle and of those that it acts on.

        Particles whose tick is `tick` have done so already. particleIndex: finds the others.
        """
        self.tick = tick
        bonded = [*self.getBondedTo(), *self.getBondedFrom()]
        for other in bonded:
            if other.tick != tick:
                squared = self.distSquared(other.pos)
                if squared > 0:
                    distance = sqrt(squared)
                    force = laws.bonded(self.ptype, other.ptype, distance, squared)
                    self._pull(other, force / distance)
        known = set(map(id, bonded))
        near = particleIndex.withinRadius(
            self.pos,
            laws.particleMaxInteractRadius(self.ptype),
            lambda other: other.tick != tick and id(other) not in known,
        )
        for other, squared in near:
            if squared > 0:
                distance = sqrt(squared)
                force = laws.unbonded(self.ptype, other.ptype, distance, squared)
                self._pull(other, force / distance)

    def _pull(self, other: Particle, factor: float) -> None:
        """Change the velocities of both particles by `factor` times the vector between them."""
        change = [(there - here) * factor for here, there in zip(self.pos, other.pos, strict=True)]
        self.velocity = [v + c for v, c in zip(self.velocity, change, strict=True)]
        other.velocity = [v - c for v, c in zip(other.velocity, change, strict=True)]

    def update(self, laws: Laws) -> None:
        """Move by the velocity after friction, unless the particle is frozen."""
        if self.static:
            self.velocity = [0.0] * len(self.velocity)
        else:
            self.velocity = laws.dampening(self.ptype, self.velocity)
            self.pos = [p + v for p, v in zip(self.pos, self.velocity, strict=True)]
