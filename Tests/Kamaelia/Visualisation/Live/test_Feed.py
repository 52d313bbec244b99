"""The messages for one browser, from readings alone."""

from collections import Counter

from Kamaelia.Visualisation.Live.Feed import Feed
from Kamaelia.Visualisation.Live.Reader import Reading
from Kamaelia.Visualisation.Live.Structure import Structure
from Kamaelia.Visualisation.Live.Traffic import Path

A, B = {"id": 1, "name": "A"}, {"id": 2, "name": "B"}
LINK = {"key": "1 outbox"}
IDLE = ("sleeps", (0,), ())
BUSY = ("ready", (3,), ())


def test_the_first_message_has_everything():
    now = Reading(Structure({1: A}, {"1 outbox": LINK}), (BUSY,))
    assert Feed().message(now) == {
        "type": "system",
        "components": [A],
        "linkages": [LINK],
        "loads": {1: BUSY},
        "rates": [],
    }


def test_an_equal_reading_makes_no_message():
    structure = Structure({1: A})
    feed = Feed()
    feed.message(Reading(structure, (IDLE,)))
    assert feed.message(Reading(structure, (IDLE,))) is None
    assert feed.message(Reading(Structure({1: A}), (IDLE,))) is None


def test_only_the_loads_that_differ_are_sent():
    structure = Structure({1: A, 2: B})
    feed = Feed()
    feed.message(Reading(structure, (IDLE, IDLE)))
    message = feed.message(Reading(structure, (IDLE, BUSY)))
    assert message == {"type": "change", "loads": {2: BUSY}}


def test_births_ends_and_linkages_are_differences():
    feed = Feed()
    feed.message(Reading(Structure({1: A}, {"1 outbox": LINK}), (IDLE,)))
    message = feed.message(Reading(Structure({2: B}, {}), (IDLE,)))
    assert message == {
        "type": "change",
        "components": [B],
        "ended": [1],
        "unlinked": ["1 outbox"],
        "loads": {2: IDLE},
    }


def test_a_component_whose_boxes_have_changed_is_sent_again():
    changed = {**A, "outboxes": ["new"]}
    feed = Feed()
    feed.message(Reading(Structure({1: A}), (IDLE,)))
    message = feed.message(Reading(Structure({1: changed}), (IDLE,)))
    assert message == {"type": "change", "components": [changed]}


def test_what_a_slow_browser_has_missed_is_one_message():
    structure = Structure({1: A})
    feed = Feed()
    feed.message(Reading(structure, (IDLE,)))
    path = Path(1, 2, "inbox")
    for count in range(1, 4):
        now = Reading(
            structure, (BUSY,), brief=Counter({"Brief": count}), passed=Counter({path: 10 * count})
        )
    assert feed.message(now) == {
        "type": "change",
        "loads": {1: BUSY},
        "brief": {"Brief": 3},
        "passed": [[1, 2, "inbox", 30]],
    }


def test_rates_are_sent_when_they_differ():
    structure, path = Structure({1: A}), Path(None, 1, "inbox")
    feed = Feed()
    feed.message(Reading(structure, (IDLE,)))
    message = feed.message(Reading(structure, (IDLE,), rates={path: 99.6}))
    assert message == {"type": "change", "rates": [[None, 1, "inbox", 100]]}
    assert feed.message(Reading(structure, (IDLE,), rates={path: 99.6})) is None
    other = Path(1, 1, "inbox")
    message = feed.message(Reading(structure, (IDLE,), rates={path: 99.6, other: 70}))
    assert message == {"type": "change", "rates": [[1, 1, "inbox", 70]]}
    message = feed.message(Reading(structure, (IDLE,), rates={other: 70}))
    assert message == {"type": "change", "rates": [[None, 1, "inbox", 0]]}
