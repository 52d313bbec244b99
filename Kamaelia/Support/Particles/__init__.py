"""Physics of particles that repel each other, and of bonds between them, for the layout of graphs.

ParticleSystem  a simulation in cycles
Particle        one particle: its position, velocity and bonds
SimpleLaws      forces that are equal for all particles
MultipleLaws    forces that depend on the types of both particles
SpatialIndexer  the particles near a point
"""

from Kamaelia.Support.Particles.MultipleLaws import MultipleLaws
from Kamaelia.Support.Particles.Particle import Particle
from Kamaelia.Support.Particles.ParticleSystem import ParticleSystem
from Kamaelia.Support.Particles.SimpleLaws import SimpleLaws
from Kamaelia.Support.Particles.SpatialIndexer import SpatialIndexer

__all__ = ["MultipleLaws", "Particle", "ParticleSystem", "SimpleLaws", "SpatialIndexer"]
