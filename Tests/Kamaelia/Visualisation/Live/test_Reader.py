"""Readings of a system that a scheduler has, without a browser."""

import pytest

from Axon.Component import component
from Axon.Scheduler import scheduler
from Kamaelia.Chassis.Graphline import Graphline
from Kamaelia.Chassis.Pipeline import Pipeline
from Kamaelia.Visualisation.Live.Reader import Reader
from Tests.Kamaelia.Visualisation.Live.conftest import Forever


def steps(count):
    """Give turns to what has been activated."""
    run = scheduler.run.main()
    for _ in range(count):
        next(run)
    run.close()


@pytest.fixture
def reader():
    made = Reader(scheduler.run)
    made.open()
    yield made
    made.close()


def test_a_reading_has_the_depth_of_each_inbox_and_the_state(reader):
    receiver = Forever().activate()
    steps(20)
    receiver.deliver("x", "inbox")
    reading = reader.read(1.0)
    (load,) = reading.loads
    assert load[0] == "ready"
    names = [name for name, _ in reading.structure.components[receiver.id]["inboxes"]]
    assert dict(zip(names, load[1], strict=True)) == {"inbox": 1, "control": 0}


def test_the_structure_is_the_same_object_until_something_changes(reader):
    Forever().activate()
    before = reader.read(1.0).structure
    assert reader.read(2.0).structure is before
    Forever().activate()
    assert reader.read(3.0).structure is not before


def test_a_reading_that_is_young_enough_is_used_again(reader):
    first = reader.read(1.0)
    assert reader.read(1.01, age=0.025) is first
    assert reader.read(1.1, age=0.025) is not first


def test_labels_and_chassis_are_those_of_the_program(reader):
    inner = Pipeline(Forever(), Forever())
    system = Graphline(IN=inner, OUT=Forever(), linkages={("IN", "outbox"): ("OUT", "inbox")})
    system.activate()
    steps(40)
    found = reader.read(1.0).structure.components
    labels = {each["label"]: each for each in found.values() if each["label"]}
    assert set(labels) == {"IN", "OUT"}
    assert labels["IN"]["chassis"] == system.id
    assert [each["chassis"] for each in found.values()].count(inner.id) == 2


def test_components_between_two_readings_are_counted(reader):
    class Brief(component):
        def main(self):
            yield 1

    Forever().activate()
    reader.read(1.0)
    for _ in range(7):
        Brief().activate()
    steps(60)
    reading = reader.read(2.0)
    assert reading.brief == {"Brief": 7}
    assert (reading.born, reading.ended) == (8, 7)


def test_attendants_are_left_out(reader):
    hidden, shown = Forever(), Forever()
    scheduler.run.attendants.add(hidden)
    hidden.activate()
    shown.activate()
    assert list(reader.read(1.0).structure.components) == [shown.id]


def test_a_component_that_is_linked_but_not_active_is_shown(reader):
    active, other = Forever(), Forever()
    active.link((active, "outbox"), (other, "inbox"))
    active.activate()
    reading = reader.read(1.0)
    assert set(reading.structure.components) == {active.id, other.id}
    assert reading.loads[1] == ("sleeps", (), ())


def test_a_closed_reader_observes_nothing():
    reader = Reader(scheduler.run)
    reader.open()
    assert scheduler.run.observers == (reader,)
    reader.close()
    assert scheduler.run.observers == ()
