"""Scan, Batch, Window, Debounce and Throttle: what they send, and when."""

import operator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Axon.Component import component
from Axon.Ipc import producerFinished, shutdownMicroprocess
from Axon.testing import FINISHED, feed
from Kamaelia.Flow.Batch import Batch
from Kamaelia.Flow.Debounce import Debounce
from Kamaelia.Flow.Operator import Operator
from Kamaelia.Flow.Scan import Scan
from Kamaelia.Flow.Throttle import Throttle
from Kamaelia.Flow.Window import Window
from Kamaelia.Util.PureTransformer import PureTransformer
from Tests.Kamaelia.consumers import runInto


def play(rule, timed, end=True):
    """Give an operator messages at given times, without a scheduler; return (time, result)s."""
    sent = []
    for time, message in [*timed, (None, None)]:
        while rule.due is not None and ((time is None and not end) or rule.due <= (time or -1)):
            due = rule.due
            sent += [(due, made) for made in rule.expired(due)]
        if time is not None:
            sent += [(time, made) for made in rule.received(message, time)]
    if end:
        sent += [("end", made) for made in rule.finished()]
    return sent


# Scan


def test_a_Scan_sends_the_running_result():
    assert feed(Scan(operator.add), inbox=[1, 2, 3])["outbox"] == [1, 3, 6]


def test_a_Scan_begins_with_the_initial_result_if_there_is_one():
    count = Scan(lambda count, _: count + 1, 0)
    assert feed(count, inbox=["a", "b"])["outbox"] == [1, 2]


def test_a_Scan_sends_a_result_of_None_too():
    assert feed(Scan(lambda *_: None), inbox=[1, 2])["outbox"] == [1, None]


def test_a_function_that_must_return_a_value_must_not_be_async():
    async def add(total, number):
        return total + number

    with pytest.raises(TypeError, match="function"):
        feed(Scan(add, 0), inbox=[1])


# Batch


@given(st.lists(st.integers()), st.integers(1, 10))
def test_batches_by_count_contain_all_messages_in_order(messages, count):
    batches = [made for _, made in play(Batch(count), [(0, each) for each in messages])]
    assert [each for batch in batches for each in batch] == messages
    assert all(len(batch) == count for batch in batches[:-1])
    assert all(batches)


def test_a_batch_is_sent_when_it_is_full_or_when_its_time_has_passed():
    timed = [(0, "a"), (0.5, "b"), (0.9, "c"), (1.0, "d"), (5, "e")]
    assert play(Batch(3, 2.0), timed) == [
        (0.9, ["a", "b", "c"]),
        (3.0, ["d"]),
        ("end", ["e"]),
    ]


@pytest.mark.parametrize("wrong", [{}, {"count": 0}, {"interval": 0}, {"count": 1, "interval": -1}])
def test_a_Batch_without_a_valid_limit_raises_ValueError(wrong):
    with pytest.raises(ValueError, match="above 0"):
        Batch(**wrong)


# Window


def test_a_window_by_count_slides_over_the_latest_messages():
    assert feed(Window(3), inbox=range(5))["outbox"] == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]


def test_the_step_of_a_window_says_how_far_it_slides():
    assert feed(Window(3, step=2), inbox=range(8))["outbox"] == [[0, 1, 2], [2, 3, 4], [4, 5, 6]]


def test_a_window_by_age_contains_the_messages_of_the_interval():
    timed = [(0, "a"), (1, "b"), (9.9, "c"), (10, "d"), (30, "e")]
    made = [window for _, window in play(Window(interval=10.0), timed)]
    assert made == [["a"], ["a", "b"], ["a", "b", "c"], ["b", "c", "d"], ["e"]]


@pytest.mark.parametrize(
    "wrong",
    [{}, {"count": 1, "interval": 1}, {"count": 0}, {"interval": -1}, {"count": 1, "step": 0}],
)
def test_a_Window_without_a_valid_size_raises_ValueError(wrong):
    with pytest.raises(ValueError, match="a Window"):
        Window(**wrong)


# Debounce and Throttle


def test_a_Debounce_sends_the_last_message_of_each_burst_after_the_interval():
    timed = [(0, "a"), (0.5, "b"), (1.4, "c"), (5, "d"), (9, "e")]
    assert play(Debounce(1), timed) == [(2.4, "c"), (6, "d"), ("end", "e")]


def test_a_Debounce_passes_nothing_while_messages_come_faster_than_the_interval():
    assert play(Debounce(1), [(each / 2, each) for each in range(50)]) == [("end", 49)]


def test_a_Throttle_sends_the_first_message_at_once_and_the_last_one_of_each_interval():
    timed = [(0, "a"), (0.1, "b"), (0.2, "c"), (1.1, "d"), (7, "e"), (7.5, "f")]
    assert play(Throttle(1), timed) == [
        (0, "a"),
        (1, "c"),
        (2, "d"),
        (7, "e"),
        ("end", "f"),
    ]


def test_a_Throttle_without_trailing_messages_discards_those_within_the_interval():
    timed = [(0, "a"), (0.1, "b"), (1, "c"), (1.5, "d")]
    assert play(Throttle(1, trailing=False), timed) == [(0, "a"), (1, "c")]


@given(st.lists(st.floats(0, 10), min_size=1))
def test_a_Throttle_never_sends_twice_within_the_interval_and_ends_with_the_last(gaps):
    now, timed = 0.0, []
    for number, gap in enumerate(gaps):
        now += gap
        timed.append((now, number))
    sent = play(Throttle(1.0), timed, end=False)
    assert sent[-1][1] == len(gaps) - 1
    times = [time for time, _ in sent]
    # the difference of two times may be rounded down
    assert all(later - earlier > 1 - 1e-9 for earlier, later in pairwise(times))


@pytest.mark.parametrize("kind", [Debounce, Throttle])
def test_an_interval_is_above_zero(kind):
    with pytest.raises(ValueError, match="interval"):
        kind(0)


# The component around the rules


class Paced(component):
    """A source that sends messages with the given pauses before them, then nothing."""

    def __init__(self, *paced):
        super().__init__()
        self.paced = paced

    def main(self):
        for pause, message in self.paced:
            yield from self.waitForChange(pause)
            self.send(message)


class Noted(component):
    """A consumer that notes the time of each message."""

    def __init__(self, clock, source, middle):
        super().__init__()
        self.times, self.clock, self.start = [], clock, clock.now()
        self.link((source, "outbox"), (middle, "inbox"))
        self.link((middle, "outbox"), (self, "inbox"))
        source.activate()
        middle.activate()

    def main(self):
        while True:
            yield from self.waitForMessage()
            elapsed = self.clock.now() - self.start
            self.times += [(round(elapsed, 3), each) for each in self.Inbox()]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (lambda: Debounce(1), [(2.4, "c"), (6, "d")]),
        (lambda: Throttle(1), [(0.5, "b"), (1.5, "c"), (5, "d")]),
        (lambda: Batch(interval=1), [(1.5, ["b", "c"]), (6, ["d"])]),
    ],
)
def test_messages_are_sent_when_their_time_has_come(virtualClock, kind, expected):
    source = Paced((0.5, "b"), (0.9, "c"), (3.6, "d"))
    noted = Noted(virtualClock, source, kind())
    feed(noted, control=(), until=20)
    assert noted.times == expected


def test_an_operator_sleeps_until_its_time_has_come(virtualClock):
    turns = []

    class Counted(Debounce):
        def waitUntil(self, due):
            turns.append(due)
            return super().waitUntil(due)

    feed(Counted(3600), inbox=["a"], control=(), until=4000)
    assert len(turns) <= 2


KINDS = {
    "Operator": (Operator, [1, 2, 3, 4, 5]),
    "Scan": (lambda: Scan(operator.add), [1, 3, 6, 10, 15]),
    "Batch": (lambda: Batch(2), [[1, 2], [3, 4], [5]]),
    "Window": (lambda: Window(4), [[1, 2, 3, 4], [2, 3, 4, 5]]),
    "Debounce": (lambda: Debounce(1), [5]),
    "Throttle": (lambda: Throttle(1), [1, 5]),
}
EACH = pytest.mark.parametrize(("kind", "expected"), KINDS.values(), ids=KINDS)


@EACH
def test_a_producerFinished_comes_after_the_last_results(kind, expected):
    outcome = feed(kind(), inbox=[1, 2, 3, 4, 5])
    assert outcome == {"outbox": expected, "signal": [FINISHED]}


@EACH
def test_a_shutdownMicroprocess_ends_it_without_the_incomplete_results(kind, expected):
    message = shutdownMicroprocess()
    outcome = feed(kind(), inbox=[1, 2, 3, 4, 5], control=["else", message])
    assert outcome["signal"] == [message]
    assert outcome["outbox"] == expected[: len(outcome["outbox"])]


@EACH
def test_other_messages_to_control_are_ignored(kind, expected):
    outcome = feed(kind(), inbox=[1, 2, 3, 4, 5], control=["else", FINISHED])
    assert outcome == {"outbox": expected, "signal": [FINISHED]}


@EACH
@pytest.mark.parametrize("limit", [{"size": 1}, {"size": 2}, {"capacity": 1}])
def test_nothing_is_lost_before_a_slow_consumer(kind, expected, limit):
    made = kind()
    for number in range(1, 6):
        made.deliver(number)
    made.deliver(FINISHED, "control")
    slow = runInto(made, **limit)
    assert (slow.got, slow.signals) == (expected, [FINISHED])


@EACH
def test_messages_that_arrive_while_it_waits_for_space_come_before_the_end(kind, expected):
    source, made = PureTransformer(), kind()
    source.link((source, "outbox"), (made, "inbox"))
    source.link((source, "signal"), (made, "control"))
    made.deliver(1)
    for number in range(2, 6):
        source.deliver(number)
    source.deliver(FINISHED, "control")
    source.activate()
    assert runInto(made, size=1).got == expected


def test_a_shutdownMicroprocess_ends_an_operator_that_waits_for_space():
    message = shutdownMicroprocess()
    made = Operator()
    for number in range(5):
        made.deliver(number)
    made.deliver(message, "control")
    slow = runInto(made, size=1)
    assert (slow.got, slow.signals) == ([0], [message])


@EACH
def test_a_capacity_of_its_inbox_holds_its_sender(kind, expected):
    class Counted(PureTransformer):
        most = 0

        def processMessage(self, msg):
            self.most = max(self.most, made.dataReady())
            return msg

    source, made = Counted(), kind()
    source.link((source, "outbox"), (made, "inbox"), capacity=2)
    source.link((source, "signal"), (made, "control"))
    for number in range(1, 6):
        source.deliver(number)
    source.deliver(FINISHED, "control")
    source.activate()
    assert runInto(made, capacity=1).got == expected


def test_an_error_of_the_function_is_an_error_of_the_component():
    with pytest.raises(ZeroDivisionError):
        feed(Scan(operator.truediv), inbox=[1, 0])


@pytest.mark.parametrize("kind", [producerFinished, shutdownMicroprocess])
def test_an_operator_without_messages_ends(kind):
    message = kind()
    assert feed(Operator(), control=[message]) == {"outbox": [], "signal": [message]}
