"""Forces between particles that depend on the types of both.

Example usage
-------------
    MultipleLaws({
        ("Entity", "Entity"): SimpleLaws(maxBondForce=0, repulsionStrength=10),
        ("Attribute", "Attribute"): SimpleLaws(bondLength=200),
        ("Entity", "Attribute"): SimpleLaws(bondLength=50),
    })

How does it work?
-----------------
The laws for a pair of types are found in a dict. The laws for (A, B) are also those for (B, A),
unless that pair has its own.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import product

from Kamaelia.Support.Particles.SimpleLaws import SimpleLaws

__all__ = ["MultipleLaws"]


class MultipleLaws:
    """Laws by pairs of types, with the methods of SimpleLaws.

    typesToLaws: a dict from (type, type) to laws. defaultLaw: the laws for the other pairs of the
    same types. Raises ValueError if a pair has no laws.
    """

    def __init__(
        self,
        typesToLaws: Mapping[tuple[Hashable, Hashable], SimpleLaws],
        defaultLaw: SimpleLaws | None = None,
    ) -> None:
        reverse = {(second, first): law for (first, second), law in typesToLaws.items()}
        self.laws = {**reverse, **typesToLaws}
        types = dict.fromkeys(kind for pair in typesToLaws for kind in pair)
        for pair in product(types, types):
            if pair in self.laws:
                continue
            if defaultLaw is None:
                raise ValueError(f"there are no laws for {pair}, and no default")
            self.laws[pair] = defaultLaw
        self.maxInteractRadius = max(law.maxInteractRadius for law in self.laws.values())

    def particleMaxInteractRadius(self, ptype: Hashable) -> float:
        """Return the largest distance at which a particle of this type has an effect."""
        radii = [law.maxInteractRadius for (first, _), law in self.laws.items() if first == ptype]
        if not radii:
            raise KeyError(ptype)
        return max(radii)

    def unbonded(self, ptype1: object, ptype2: object, dist: float, distSquared: float) -> float:
        """Return the force between particles without a bond."""
        return self.laws[ptype1, ptype2].unbonded(ptype1, ptype2, dist, distSquared)

    def bonded(self, ptype1: object, ptype2: object, dist: float, distSquared: float) -> float:
        """Return the force of a bond."""
        return self.laws[ptype1, ptype2].bonded(ptype1, ptype2, dist, distSquared)

    def dampening(self, ptype: object, velocity: Sequence[float]) -> list[float]:
        """Return the velocity after friction."""
        return self.laws[ptype, ptype].dampening(ptype, velocity)
