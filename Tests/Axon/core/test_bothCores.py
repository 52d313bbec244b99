"""The two cores give the same trace for every program."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from Axon import Core
from Tests.Axon.core.programs import ACTIONS, WAITS
from Tests.cores import Runner, assertSameTrace

pytestmark = pytest.mark.skipif(Core.compiled is None, reason="needs the compiled core")

PROGRAMS = "Tests.Axon.core.programs"
NUMBER = st.integers(0, 11)
FEW = st.integers(0, 3)
LINK = [NUMBER, NUMBER, st.integers(0, 8), st.integers(0, 2), st.integers(0, 9)]
#: The arguments of each action; one that is not named has one number.
ARGUMENTS: dict[str, list[st.SearchStrategy[int]]] = {
    "take": [NUMBER, FEW],
    "pop": [NUMBER, st.integers(-2, 2)],
    "link": LINK,
    "size": [NUMBER, NUMBER, FEW],
    "capacity": [NUMBER, NUMBER, FEW],
    "deliver": [NUMBER, NUMBER],
    "direct": [NUMBER, FEW],
    "join": [NUMBER, NUMBER, NUMBER],
    "waitForBox": [NUMBER, FEW],
    "waitForAny": [FEW],
    "pause": [FEW],
    "change": [FEW],
} | {name: [] for name in ("shutting", "cancel", "gc", "passOn", "yield")}

#: Ends, errors and waits for a shutdown are rarer, so that most programs run for some time.
RARE = {"stop", "terminate", "fail", "gc", "mistake", "passOn", "adapt", "wrong"}


def action(name: str) -> st.SearchStrategy[list[Any]]:
    return st.tuples(st.just(name), *ARGUMENTS.get(name, [NUMBER])).map(list)


COMMON = sorted((ACTIONS.keys() | WAITS.keys()) - RARE)
SCRIPT = st.lists(
    st.one_of(
        st.sampled_from(["send", "recv", "send", "take", "waitForAny", "yield"]).flatmap(action),
        st.sampled_from(COMMON).flatmap(action),
        st.sampled_from([*COMMON, *sorted(RARE)]).flatmap(action),
    ),
    min_size=1,
    max_size=10,
)
PROGRAM = st.fixed_dictionaries(
    {
        "scripts": st.lists(SCRIPT, min_size=1, max_size=4),
        "start": st.lists(NUMBER, min_size=1, max_size=5),
        "links": st.lists(st.tuples(*LINK).map(list), max_size=6),
    }
)


@pytest.fixture(scope="module")
def runners() -> Iterator[tuple[Runner, Runner]]:
    """Return a process with the pure core and one with the compiled core."""
    made = Runner(PROGRAMS, AXON_PURE="1"), Runner(PROGRAMS, AXON_PURE="")
    yield made
    for each in made:
        each.close()


def test_the_processes_have_different_cores(runners):
    assert [each.core for each in runners] == ["pure", "compiled"]


@pytest.mark.timeout(300)
@settings(max_examples=int(os.environ.get("AXON_PROGRAMS", "200")))
@given(program=PROGRAM)
def test_every_program_has_the_same_trace_on_both_cores(runners, program):
    assertSameTrace(runners, program)
