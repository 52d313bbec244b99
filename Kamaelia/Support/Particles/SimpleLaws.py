"""Forces between particles that do not depend on their types.

Example usage
-------------
    laws = SimpleLaws(bondLength=200)
    laws.bonded("", "", 210, 210**2)        # 2.0: attraction
    laws.unbonded("", "", 50, 50**2)        # negative: repulsion

How does it work?
-----------------
Particles without a bond repel each other by the inverse square of their distance. A bond is a
spring. Friction slows particles down. Limits of force and velocity keep a simulation in cycles
stable.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["SimpleLaws"]


class SimpleLaws:
    """The forces and the friction for all types of particles.

    bondLength: the length at which a bond rests. maxRepelRadius: the distance without repulsion.
    repulsionStrength: the repulsion at the length of a bond. maxBondForce: the force of a bond of
    length 0 or of twice its length. damp: friction, from 0 to 1. dampcutoff: a slower particle
    stops. maxVelocity: the limit. The defaults are those for the length 100, scaled.
    """

    def __init__(
        self,
        bondLength: float = 100,
        maxRepelRadius: float | None = None,
        repulsionStrength: float | None = None,
        maxBondForce: float | None = None,
        damp: float | None = None,
        dampcutoff: float | None = None,
        maxVelocity: float | None = None,
    ) -> None:
        if not bondLength > 0:
            raise ValueError(f"the length of a bond is a positive number, not {bondLength}")
        self.bondLength = bondLength
        scale = 100.0 / bondLength
        self.maxInteractRadius = 200 / scale if maxRepelRadius is None else maxRepelRadius
        self.repulsionForceAtBondLength = (
            3.2 / scale if repulsionStrength is None else repulsionStrength
        )
        self.maxBondForce = 20.0 / scale if maxBondForce is None else maxBondForce
        self.damp = 1.0 - (0.2 if damp is None else damp)
        self.dampcutoff = 0.4 / scale if dampcutoff is None else dampcutoff
        self.maxVelocity = 32 / scale if maxVelocity is None else maxVelocity
        self.bondForce = self.maxBondForce / bondLength
        self.maxRepulsionForce = self.repulsionForceAtBondLength * bondLength**2

    def particleMaxInteractRadius(self, ptype: object) -> float:
        """Return the distance beyond which particles without a bond have no effect."""
        return self.maxInteractRadius

    def unbonded(self, ptype1: object, ptype2: object, dist: float, distSquared: float) -> float:
        """Return the force between particles without a bond: negative, since they repel."""
        return -self.maxRepulsionForce / max(distSquared, 1.0)

    def bonded(self, ptype1: object, ptype2: object, dist: float, distSquared: float) -> float:
        """Return the force of a bond: positive for attraction, negative for repulsion."""
        force = self.bondForce * (dist - self.bondLength)
        return max(-self.maxBondForce, min(force, self.maxBondForce))

    def dampening(self, ptype: object, velocity: Sequence[float]) -> list[float]:
        """Return the velocity after friction, and 0 for a particle that is slow."""
        magnitude = sum(map(abs, velocity))
        if magnitude < self.dampcutoff:
            return [0] * len(velocity)
        damp = self.damp
        if damp * magnitude > self.maxVelocity:
            damp = self.maxVelocity / magnitude
        return [each * damp for each in velocity]
