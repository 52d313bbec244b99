"""The structure in a snapshot, as plain data."""

import json

from Axon.Introspection import BoxSnapshot, ComponentSnapshot, LinkageSnapshot, Snapshot
from Kamaelia.Visualisation.Live.Structure import LONGEST_NAME, structureOf

INBOX = BoxSnapshot("inbox")


def one(number, parent=None, name="name", inboxes=(INBOX,)):
    return ComponentSnapshot(
        number, "module.Kind", name, parent, "waiting", (), None, (), inboxes, ("outbox",)
    )


def link(source, sink, kind="outbox to inbox", maker=None):
    return LinkageSnapshot(source, "outbox", sink, "inbox", kind, maker)


def structure(components, linkages=(), labels=None, hidden=()):
    taken = Snapshot(list(components), list(linkages))
    return structureOf(taken, labels or {}, lambda number: number in hidden)


def test_it_is_json():
    found = structure([one(1), one(2)], [link(1, 2)])
    json.dumps([found.components, found.linkages])
    assert found.components[1]["class"] == "Kind"
    assert found.linkages["1 outbox"]["sink"] == 2


def test_a_part_is_in_its_chassis_and_a_handler_beside_its_connection():
    parts = [one(1), one(2, parent=1), one(3, parent=1), one(4), one(5, parent=4)]
    found = structure(parts, [link(2, 3, maker=1), link(4, 5), link(5, 4)]).components
    assert [found[number]["chassis"] for number in (2, 3, 5)] == [1, 1, None]
    assert found[5]["parent"] == 4


def test_hidden_components_have_no_linkages():
    found = structure([one(1), one(2, parent=1)], [link(1, 2)], hidden={1})
    assert list(found.components) == [2]
    assert found.components[2]["parent"] is None
    assert found.linkages == {}


def test_the_limit_of_an_inbox_is_the_smaller_of_capacity_and_size():
    boxes = (BoxSnapshot("a", capacity=5, size=9), BoxSnapshot("b", size=7), BoxSnapshot("c"))
    found = structure([one(1, inboxes=boxes)]).components[1]
    assert found["inboxes"] == [["a", 5], ["b", 7], ["c", None]]


def test_two_linkages_from_boxes_of_one_name_have_different_keys():
    found = structure([one(1), one(2)], [link(1, 2), link(1, 2, kind="inbox to inbox")])
    assert set(found.linkages) == {"1 outbox", "1 <outbox"}


def test_long_names_are_cut():
    found = structure([one(1, name="x" * 10_000)], labels={1: "y" * 10_000}).components[1]
    assert len(found["name"]) == len(found["label"]) == LONGEST_NAME
