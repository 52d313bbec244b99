"""The limit on a turn of a learner's program, without a browser."""

import sys
from itertools import count

import pytest

from Docs.playground.attempt import Attempt
from Docs.playground.turnlimit import TurnLimit

pytestmark = pytest.mark.skipif(
    not hasattr(sys, "monitoring"), reason="Python 3.12 has sys.monitoring"
)

IN_FUNCTION = """
def outer():
    def inner():
        while True:
            pass
    inner()
outer()
"""
IN_COMPONENT = """
from Axon.Component import component
class Busy(component):
    def main(self):
        yield 1
        while True:
            for _ in range(3):
                pass
Busy().run()
"""
CAUGHT = """
while True:
    try:
        while True:
            pass
    except Exception:
        pass
"""


@pytest.fixture
def limited():
    """limited(source, ...) -> the attempt, with a clock that a jump moves on by a millisecond."""
    limits = []

    def run(source, isInterrupted=lambda: False, seconds=4.0):
        now = [0.0]

        def clock():
            now[0] += 0.256
            return now[0]

        limit = TurnLimit(isInterrupted, seconds, clock)
        limits.append(limit)
        return Attempt(source, watch=limit.watch).run(), limit

    yield run
    for each in limits:
        each.close()


@pytest.mark.parametrize(
    "source",
    ["while True: pass", IN_FUNCTION, IN_COMPONENT, CAUGHT, "[0 for _ in iter(int, 1)]"],
    ids=["module", "function", "component", "caught", "comprehension"],
)
def test_a_loop_without_an_end_is_interrupted(limited, source):
    attempt, _ = limited(source)
    assert attempt.isEndless()


def test_a_loop_ends_at_once_if_the_page_asks_for_it(limited):
    attempt, _ = limited("while True: pass", lambda: True, seconds=1e9)
    assert attempt.isEndless()


def test_a_program_that_lets_others_act_has_no_limit(limited):
    source = """
for number in range(20):
    for _ in range(3000):
        pass
    restart()
print(number)
"""
    times = (0.256 * looks for looks in count())
    limit = TurnLimit(lambda: False, clock=times.__next__)
    attempt = Attempt(source, watch=limit.watch)
    attempt.names["restart"] = limit.restart
    assert attempt.run().lines == ["19"]
    limit.close()
