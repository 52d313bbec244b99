"""The states of a connection, and the transitions between them."""

import logging

import pytest

from Kamaelia.Internet.ConnectionState import TRANSITIONS, ConnectionState

PAIRS = [(source, target) for source in ConnectionState for target in ConnectionState]


def test_every_state_has_a_row_of_transitions():
    assert set(TRANSITIONS) == set(ConnectionState)


@pytest.mark.parametrize(("source", "target"), PAIRS, ids=lambda state: state.name)
def test_only_the_transitions_of_the_table_are_made(source, target, caplog):
    isPossible = target in TRANSITIONS[source]
    assert source.next(target) is (target if isPossible else source)
    logged = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert bool(logged) is not isPossible


def test_an_impossible_transition_is_logged_with_both_states_and_the_stack(caplog):
    ConnectionState.CLOSED.next(ConnectionState.OPEN)
    assert "from CLOSED to OPEN" in caplog.text
    assert "test_ConnectionState" in caplog.text


@pytest.mark.parametrize("state", ConnectionState, ids=lambda state: state.name)
def test_every_state_leads_to_the_end(state):
    reachable = {state}
    while True:
        more = {after for each in reachable for after in TRANSITIONS[each]}
        if more <= reachable:
            break
        reachable |= more
    assert ConnectionState.CLOSED in reachable


def test_the_end_is_final():
    assert TRANSITIONS[ConnectionState.CLOSED] == set()
    assert {state for state in ConnectionState if state.isOver} == {
        ConnectionState.LOST,
        ConnectionState.CLOSED,
    }


def test_a_peer_that_has_ended_never_sends_again():
    for state in ConnectionState:
        if state.hasPeerEnded:
            assert all(after.hasPeerEnded or after.isOver for after in TRANSITIONS[state])
