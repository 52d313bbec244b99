"""Counts of messages: exact where few pass, sampled where many do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Axon.Component import component
from Axon.Task import RUNNING, WAITING
from Kamaelia.Visualisation.Live.Feed import Feed
from Kamaelia.Visualisation.Live.Reader import Reading
from Kamaelia.Visualisation.Live.Traffic import BURST, FAST, PARTS, Path, Traffic


@pytest.fixture
def linked():
    """Return a sender, a receiver, and the sink between them."""
    sender, receiver = component(), component()
    sender.link((sender, "outbox"), (receiver, "inbox"))
    return sender, receiver, receiver.placeOfBox("inbox", True)


@pytest.fixture
def traffic(linked):
    sender, receiver, sink = linked
    made = Traffic()
    made.watch([(receiver, sink)], {sender.id, receiver.id})
    yield made
    made.close()


def sample(traffic, seconds, act=lambda: None):
    """Let `act` run while each fast inbox is tapped once."""
    for _ in range(PARTS):
        traffic.beginSample()
        act()
        traffic.endSample(seconds)


def test_each_message_to_a_slow_inbox_is_counted(linked, traffic):
    sender, receiver, _ = linked
    sender.send("a")
    sender.send("b")
    traffic.turn(1.0)
    assert traffic.passed == {Path(sender.id, receiver.id, "inbox"): 2}
    sender.send("c")
    traffic.turn(1.0)
    assert traffic.passed == {Path(sender.id, receiver.id, "inbox"): 3}
    assert traffic.rates == {}


def test_a_fast_inbox_has_a_rate_and_is_tapped_in_samples_only(linked, traffic):
    sender, receiver, sink = linked
    plain = type(component().placeOfBox("inbox", True))
    assert type(sink) is not plain
    for _ in range(BURST):
        sender.send("x")
    assert type(sink) is plain
    for _ in range(1000):
        sender.send("x")
    traffic.turn(1.0)
    path = Path(sender.id, receiver.id, "inbox")
    assert traffic.rates == {path: BURST}  # at least; the samples measure it
    for _ in range(20):
        sample(traffic, 0.01, lambda: [sender.send("x") for _ in range(5)])
    assert traffic.rates[path] == pytest.approx(500, rel=0.01)
    assert type(sink) is plain


def test_an_inbox_that_becomes_slow_is_counted_again(linked, traffic):
    sender, receiver, _ = linked
    for _ in range(10 * FAST):
        sender.send("x")
    traffic.turn(1.0)
    counted = dict(traffic.passed)
    for _ in range(20):
        sample(traffic, 0.01)
    assert traffic.rates == {}
    sender.send("x")
    traffic.turn(1.0)
    path = Path(sender.id, receiver.id, "inbox")
    assert traffic.passed[path] == counted[path] + 1


def test_paths_of_components_that_have_ended_are_forgotten(linked, traffic):
    sender, receiver, sink = linked
    sender.send("x")
    traffic.turn(1.0)
    traffic.watch([(receiver, sink)], {receiver.id})
    assert traffic.passed  # until the next turn, so that the last messages are sent
    traffic.turn(1.0)
    assert traffic.passed == {}


def test_no_inbox_is_tapped_after_close(linked, traffic):
    _, _, sink = linked
    traffic.close()
    assert type(sink) is type(component().placeOfBox("inbox", True))


def test_the_rates_of_senders_that_have_ended_are_forgotten(linked, traffic):
    sender, receiver, sink = linked
    for _ in range(10 * FAST):
        sender.send("x")
    traffic.turn(1.0)
    assert traffic.rates
    traffic.watch([(receiver, sink)], {receiver.id})
    traffic.turn(1.0)
    for _ in range(20):
        sample(traffic, 0.01)
    assert traffic.rates == {}


def test_the_rate_of_a_fast_inbox_is_divided_among_its_senders(linked, traffic):
    sender, receiver, sink = linked
    other = component()
    other.link((other, "outbox"), (receiver, "inbox"))
    traffic.watch([(receiver, sink)], {sender.id, other.id, receiver.id})
    for each in [sender, other] * BURST:
        each.getTask().state = RUNNING  # whose turn it is
        each.send("x")
        each.getTask().state = WAITING
    traffic.turn(1.0)

    def act():
        for each in (sender, sender, sender, other):
            each.getTask().state = RUNNING
            each.send("x")
            each.getTask().state = WAITING

    for _ in range(20):
        sample(traffic, 0.01, act)
    ofSender, ofOther = (Path(each.id, receiver.id, "inbox") for each in (sender, other))
    assert traffic.rates[ofSender] == pytest.approx(300, rel=0.01)
    assert traffic.rates[ofOther] == pytest.approx(100, rel=0.01)


def test_a_sample_begins_only_in_the_turn_of_a_fast_inbox(linked, traffic):
    sender, _, _ = linked
    assert not any(traffic.beginSample() for _ in range(PARTS))
    for _ in range(BURST):
        sender.send("x")
    traffic.turn(1.0)
    begun = []
    for _ in range(PARTS):
        begun.append(traffic.beginSample())
        traffic.endSample(0.01)
    assert sum(begun) == 1


@pytest.mark.parametrize("count", [1, BURST])
def test_the_last_messages_to_an_inbox_that_is_gone_are_passed_and_then_forgotten(
    linked, traffic, count
):
    sender, receiver, _ = linked
    for _ in range(count):
        sender.send("x")
    traffic.watch((), ())
    traffic.turn(1.0)
    assert traffic.passed == {Path(sender.id, receiver.id, "inbox"): count}
    traffic.turn(1.0)
    assert traffic.passed == traffic.rates == {}


def test_an_inbox_that_is_gone_during_a_sample_has_no_rate_afterwards(linked, traffic):
    sender, _, _ = linked
    for _ in range(BURST):
        sender.send("x")
    traffic.turn(1.0)
    while not traffic.beginSample():
        pass
    sender.send("x")
    traffic.watch((), ())
    traffic.turn(1.0)
    traffic.endSample(0.01)
    assert traffic.rates == {}


def test_what_a_reader_has_taken_does_not_change(linked, traffic):
    sender, _, _ = linked
    sender.send("x")
    traffic.turn(1.0)
    passed, before = traffic.passed, dict(traffic.passed)
    sender.send("x")
    traffic.turn(1.0)
    assert passed == before
    assert traffic.passed is not passed


@given(st.lists(st.sampled_from(["few", "burst", "sample", "forget", "know", "read"])))
def test_a_feed_that_looks_at_what_was_touched_sends_what_one_that_compares_all_does(steps):
    sender, receiver = component(), component()
    for box in ("inbox", "control"):
        sender.link((sender, {"inbox": "outbox", "control": "signal"}[box]), (receiver, box))
    sinks = [(receiver, receiver.placeOfBox(box, True)) for box in ("inbox", "control")]
    traffic, quick, thorough = Traffic(), Feed(), Feed()
    acts = {
        "few": lambda: sender.send("x"),
        "burst": lambda: [sender.send("x", "signal") for _ in range(BURST)],
        "sample": lambda: sample(traffic, 0.01),
        "forget": lambda: traffic.watch(sinks, {receiver.id}),
        "know": lambda: traffic.watch(sinks, {sender.id, receiver.id}),
        "read": lambda: traffic.turn(0.05),
    }
    traffic.watch(sinks, {sender.id, receiver.id})
    reads = 0
    for step in steps:
        acts[step]()
        if step == "read":
            now = Reading(passed=traffic.passed, rates=traffic.rates)
            touched = now._replace(number=reads, touched=traffic.takeTouched())
            reads += 1
            assert inAnyOrder(quick.message(touched)) == inAnyOrder(thorough.message(now))
    traffic.close()


def inAnyOrder(message):
    """Return a message of a Feed with its lists as sets."""
    parts = (message or {}).items()
    return {name: set(map(tuple, part)) for name, part in parts if isinstance(part, list)}
