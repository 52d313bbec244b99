"""Flow control for received data, without a socket and without a component."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from Kamaelia.Internet.ReadFlowControl import ReadFlowControl, bytesIn

HIGH_WATER = 1000
MOST_MESSAGES = 8
LONGEST = 300


class Connection(RuleBasedStateMachine):
    """Deliver chunks to a receiver that takes any number of messages at any time."""

    def __init__(self):
        super().__init__()
        self.flow = ReadFlowControl(HIGH_WATER, MOST_MESSAGES)
        self.waiting = deque()

    @precondition(lambda self: not self.flow.isPaused)
    @rule(size=st.integers(1, LONGEST))
    def deliver(self, size):
        self.waiting.append(bytes(size))
        if len(self.waiting) > 1 and self.flow.exceedsLimits(size, self.waiting):
            self.flow.isPaused = True

    @rule(count=st.integers(1, 2 * MOST_MESSAGES))
    def take(self, count):
        for _ in range(min(count, len(self.waiting))):
            self.waiting.popleft()
        if self.flow.isPaused and self.flow.mayResume(self.waiting):
            self.flow.isPaused = False

    @invariant()
    def neverMuchMoreThanTheLimitsWaits(self):
        assert bytesIn(self.waiting) <= HIGH_WATER + LONGEST
        assert len(self.waiting) <= MOST_MESSAGES + 1

    @invariant()
    def readingIsPausedAboveTheLimitsOnly(self):
        if len(self.waiting) <= MOST_MESSAGES // 2 and bytesIn(self.waiting) <= HIGH_WATER // 2:
            assert not self.flow.isPaused

    @invariant()
    def readingIsPausedAboveTheLimits(self):
        if bytesIn(self.waiting) > HIGH_WATER or len(self.waiting) > MOST_MESSAGES:
            assert self.flow.isPaused


TestConnection = Connection.TestCase


@pytest.mark.parametrize(
    ("messages", "exceeds"),
    [
        ([b"x" * 500, b"x" * 500], False),
        ([b"x" * 500, b"x" * 501], True),
        ([b"x"] * MOST_MESSAGES, False),
        ([b"x"] * (MOST_MESSAGES + 1), True),
    ],
)
def test_reading_pauses_above_the_bytes_or_the_number_of_messages(messages, exceeds):
    flow = ReadFlowControl(HIGH_WATER, MOST_MESSAGES)
    waiting: list[bytes] = []
    for each in messages:
        waiting.append(each)
        result = flow.exceedsLimits(len(each), waiting)
    assert result is exceeds


def test_messages_that_are_not_bytes_count_by_their_number():
    flow = ReadFlowControl(HIGH_WATER, MOST_MESSAGES)
    assert not flow.exceedsLimits(10, ["text" * 1000, object(), bytes(10)])


@given(st.lists(st.binary(max_size=20), min_size=1))
def test_stored_data_keeps_its_order_and_pauses_reading(pieces):
    flow = ReadFlowControl(HIGH_WATER)
    for each in pieces:
        flow.store(each)
    assert flow.isPaused
    assert flow.stored == b"".join(pieces)


def test_a_reset_drops_the_stored_data_and_resumes():
    flow = ReadFlowControl(HIGH_WATER)
    flow.store(b"in the clear")
    flow.reset()
    assert (flow.stored, flow.isPaused) == (None, False)
