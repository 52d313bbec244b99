"""A simulation of particles in cycles.

Example usage
-------------
    system = ParticleSystem(SimpleLaws(bondLength=5), [Particle((10, 10)), Particle((10, 20))])
    system.particles[0].makeBond(system.particles, 1)
    system.run(cycles=5)
    [particle.getLoc() for particle in system.particles]

How does it work?
-----------------
In each cycle all particles act on each other first, then all move, so each sees the others where
they were. The particles calculate the forces; the system counts the cycles and has the index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from Kamaelia.Support.Particles.Particle import Laws, Particle
from Kamaelia.Support.Particles.SpatialIndexer import SpatialIndexer, anything

__all__ = ["ParticleSystem"]


class ParticleSystem:
    """A system of particles under laws, such as SimpleLaws.

    initialParticles: the first particles. initialTick: the number of the cycle before the first.
    particles: a list of them; particleDict: a dict by their ID.
    """

    def __init__(
        self, laws: Laws, initialParticles: Iterable[Particle] = (), initialTick: int = 0
    ) -> None:
        self.indexer: SpatialIndexer[Particle] = SpatialIndexer(laws.maxInteractRadius)
        self.laws = laws
        self.particles: list[Particle] = []
        self.particleDict: dict[Any, Particle] = {}
        self.tick = initialTick
        self.add(*initialParticles)

    def add(self, *newParticles: Particle) -> None:
        """Add particles."""
        self.particles.extend(newParticles)
        self.particleDict.update({particle.ID: particle for particle in newParticles})
        self.indexer.updateLoc(*newParticles)

    def remove(self, *oldParticles: Particle) -> None:
        """Remove particles. The bonds of others to them remain."""
        for particle in oldParticles:
            del self.particleDict[particle.ID]
        removed = set(oldParticles)
        self.particles[:] = [each for each in self.particles if each not in removed]
        self.indexer.remove(*oldParticles)

    def removeByID(self, *ids: Any) -> None:
        """Remove particles by their ID. The bonds of others to them remain."""
        self.remove(*[self.particleDict[each] for each in ids])

    def updateLoc(self, *particles: Particle) -> None:
        """Note that particles have been moved by the program. Call this before run()."""
        self.indexer.updateLoc(*particles)

    def withinRadius(
        self,
        centre: Sequence[float],
        radius: float,
        filter: Callable[[Particle], object] = anything,  # noqa: A002 - a historical name
    ) -> list[tuple[Particle, float]]:
        """Return (particle, square of its distance) for the particles near `centre`."""
        return self.indexer.withinRadius(centre, radius, filter)

    def run(self, cycles: int = 1) -> None:
        """Simulate some cycles."""
        for _ in range(cycles):
            self.tick += 1
            for particle in self.particles:
                particle.doInteractions(self.indexer, self.laws, self.tick)
            for particle in self.particles:
                particle.update(self.laws)
            self.indexer.updateAll()
