"""Particles repel each other, bonds pull them together, and the index finds those near a point."""

from math import dist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Particles import (
    MultipleLaws,
    Particle,
    ParticleSystem,
    SimpleLaws,
    SpatialIndexer,
)


class Thing:
    """A thing with a place."""

    def __init__(self, *place: float) -> None:
        self.place = place

    def getLoc(self) -> tuple[float, ...]:
        return self.place


def test_the_example_of_the_historical_documentation_gives_its_result() -> None:
    system = ParticleSystem(SimpleLaws(bondLength=5))
    system.add(Particle(position=(10, 10)))
    system.add(Particle(position=(10, 20)))
    system.add(Particle(position=(30, 40)))
    system.particles[0].makeBond(system.particles, 1)
    system.run(cycles=5)
    assert [particle.getLoc() for particle in system.particles] == [
        pytest.approx([10.0, 13.940067328]),
        pytest.approx([10.0, 16.059932672]),
        [30, 40],
    ]


# The index

PLACES = st.lists(st.tuples(*[st.integers(-50, 50)] * 2), max_size=30)


@given(PLACES, st.integers(0, 40), st.sampled_from([0.5, 3.0, 100.0]))
def test_the_index_finds_exactly_the_things_within_the_radius(
    places: list[tuple[int, int]], radius: int, size: float
) -> None:
    index: SpatialIndexer[Thing] = SpatialIndexer(size)
    things = [Thing(*place) for place in places]
    index.add(*things)
    centre = (3, -4)
    expected = {
        id(thing): (thing.place[0] - 3) ** 2 + (thing.place[1] + 4) ** 2
        for thing in things
        if dist(thing.place, centre) <= radius
    }
    found = index.withinRadius(centre, radius)
    assert {id(thing): squared for thing, squared in found} == expected


def test_a_thing_that_moves_is_found_at_its_new_place_and_a_removed_one_is_not() -> None:
    index: SpatialIndexer[Thing] = SpatialIndexer(5.0)
    one, other = Thing(1.0, 2.0), Thing(12.0, 34.0)
    index.add(one, other)
    assert index.withinRadius((0, 0), 50.0) == [(one, 5.0), (other, 1300.0)]
    assert index.withinRadius((0, 0), 50.0, lambda thing: thing is not one) == [(other, 1300.0)]
    other.place = (5.0, 6.0)
    index.updateAll()
    assert index.withinRadius((0, 0), 8.0) == [(one, 5.0), (other, 61.0)]
    index.remove(one, one)
    assert index.withinRadius((0, 0), 8.0) == [(other, 61.0)]
    index.remove(other)
    assert index.cells == {}


def test_a_search_of_a_huge_ball_looks_only_at_the_cells_that_are_not_empty() -> None:
    index: SpatialIndexer[Thing] = SpatialIndexer(0.001)
    thing = Thing(1.0, 2.0, 3.0)
    index.add(thing)
    assert index.withinRadius((0, 0, 0), 1e9) == [(thing, 14.0)]


@pytest.mark.parametrize("size", [0, -1, float("nan")])
def test_a_size_that_is_not_positive_is_an_error(size: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        SpatialIndexer(size)
    with pytest.raises(ValueError, match="positive"):
        SimpleLaws(bondLength=size)


# The laws


def test_the_laws_give_the_forces_of_the_historical_documentation() -> None:
    laws = SimpleLaws(bondLength=200)
    assert [laws.bonded("", "", each, each**2) for each in (200, 210, 195)] == [0.0, 2.0, -1.0]
    weak = SimpleLaws(repulsionStrength=1.0, maxBondForce=40.0)
    assert weak.unbonded("", "", 50, 50**2) == -4.0
    assert weak.bonded("", "", 50, 50**2) == -20.0
    assert weak.bonded("", "", 1000, 1000**2) == 40.0
    assert weak.unbonded("", "", 0.1, 0.01) == weak.unbonded("", "", 1, 1)


@pytest.mark.parametrize(
    ("velocity", "result"),
    [
        ([10.0, 5.0], [5.0, 2.5]),
        ([0.1, -0.1], [0, 0]),
        ([-10.0], [-5.0]),
        ([300.0, -100.0], [24.0, -8.0]),
    ],
)
def test_friction_slows_down_and_limits(velocity: list[float], result: list[float]) -> None:
    assert SimpleLaws(damp=0.5).dampening("", velocity) == pytest.approx(result)


def test_laws_may_depend_on_the_types() -> None:
    far, near = SimpleLaws(bondLength=200), SimpleLaws(bondLength=50)
    laws = MultipleLaws({("A", "A"): far, ("A", "B"): near}, defaultLaw=SimpleLaws())
    for pair in (("A", "B"), ("B", "A")):
        assert laws.bonded(*pair, 60, 3600) == near.bonded(*pair, 60, 3600)
        assert laws.unbonded(*pair, 60, 3600) == near.unbonded(*pair, 60, 3600)
    assert laws.bonded("B", "B", 60, 3600) == SimpleLaws().bonded("B", "B", 60, 3600)
    assert (laws.maxInteractRadius, laws.particleMaxInteractRadius("B")) == (400, 200)
    assert laws.dampening("A", [9.0]) == far.dampening("A", [9.0])
    with pytest.raises(KeyError):
        laws.particleMaxInteractRadius("C")
    with pytest.raises(ValueError, match=r"no laws for \('B', 'B'\)"):
        MultipleLaws({("A", "A"): far, ("A", "B"): near})


# Particles


def test_bonds_are_known_at_both_ends() -> None:
    particles = [Particle((0, 0)), Particle((1, 1)), Particle((2, 2))]
    a, b, c = particles
    a.makeBond(particles, 1)
    a.makeBond(particles, 1)
    c.makeBond(particles, 0)
    assert (a.getBonded(), b.getBondedFrom(), a.getBondedFrom()) == ([b], [a], [c])
    a.breakBond(particles, 1)
    assert (a.getBondedTo(), b.getBondedFrom()) == ([], [])
    with pytest.raises(ValueError):
        a.breakBond(particles, 1)
    a.makeBond(particles, 1)
    a.breakAllBonds()
    assert [each.getBondedTo() + each.getBondedFrom() for each in particles] == [[], [], []]


def test_particles_repel_each_other_and_a_frozen_one_stays() -> None:
    left, right = Particle((0, 0)), Particle((10, 0))
    left.freeze()
    system = ParticleSystem(SimpleLaws(), [left, right])
    system.run(3)
    assert list(left.getLoc()) == [0, 0]
    assert right.getLoc()[0] > 10
    left.unFreeze()
    system.run(1)
    assert left.getLoc()[0] < 0


def test_a_bond_reaches_its_length() -> None:
    particles = [Particle((0.0, 0.0), ID="a"), Particle((190.0, 0.0), ID="b")]
    system = ParticleSystem(SimpleLaws(), particles)
    particles[0].makeBond(system.particleDict, "b")
    system.run(200)
    assert dist(particles[0].getLoc(), particles[1].getLoc()) == pytest.approx(100, abs=2)


def test_the_particles_of_a_system_change() -> None:
    a, b = Particle((0, 0), ID="a"), Particle((10, 0), ID="b", velocity=(1, 0))
    system = ParticleSystem(SimpleLaws(), [a, b], initialTick=7)
    assert system.withinRadius((0, 0), 5) == [(a, 0)]
    a.pos = (3, 4)
    system.updateLoc(a)
    assert system.withinRadius((0, 0), 5) == [(a, 25)]
    system.removeByID("a")
    assert (system.particles, system.particleDict) == ([b], {"b": b})
    assert system.withinRadius((0, 0), 5) == []
    system.run(2)
    assert system.tick == 9


def test_particles_at_the_same_point_do_not_fail() -> None:
    particles = [Particle((1, 1)), Particle((1, 1))]
    system = ParticleSystem(SimpleLaws(), particles)
    particles[0].makeBond(particles, 1)
    system.run(2)
    assert [list(each.getLoc()) for each in particles] == [[1, 1], [1, 1]]
