"""What a host has decided alone: the last record of each triple, within a limit."""

import pytest

from Kamaelia.Apps.Grey.Stores.Changes import Changes, mergeAttempts
from Kamaelia.Support.Greylist.Rules import Record, Rules, Triple

RULES = Rules(too_soon=10, min_defer_time=60, max_defer_time=600, max_grey=6000)
ONE, TWO, THREE = (Triple(name, "s", "r") for name in "abc")


def test_the_last_record_of_a_triple_is_taken_once() -> None:
    changes = Changes()
    changes.note(ONE, Record(1.0))
    changes.note(TWO, None)
    changes.note(ONE, Record(2.0))
    changes.note(THREE, Record(3.0))
    assert len(changes) == 2
    assert changes.takeRecords(1) == [(ONE, Record(2.0))]
    assert changes.takeRecords(9) == [(THREE, Record(3.0))]
    assert not changes


def test_the_oldest_changes_are_dropped_at_the_limit() -> None:
    changes = Changes(most=2)
    for triple in (ONE, TWO, ONE, THREE):
        changes.note(triple, Record(1.0))
    for client in ("a", "b", "c"):
        changes.revoked(client)
    assert [triple for triple, _ in changes.takeRecords(9)] == [ONE, THREE]
    assert [change.client for change in changes.clients] == ["b", "c"]


def test_a_change_that_was_dropped_while_it_was_sent_takes_no_other_with_it() -> None:
    changes = Changes(most=2)
    for client in ("a", "b"):
        changes.revoked(client)
    sent = changes.clients[0]
    changes.revoked("c")  # "a" is dropped
    changes.forget(sent)
    assert [change.client for change in changes.clients] == ["b", "c"]
    changes.forget(changes.clients[0])
    assert [change.client for change in changes.clients] == ["c"]


def test_what_could_not_be_sent_is_kept_unless_there_is_something_newer() -> None:
    changes = Changes()
    changes.note(ONE, Record(1.0))
    changes.note(TWO, Record(1.0))
    taken = changes.takeRecords(9)
    changes.note(TWO, Record(2.0))
    changes.giveBack(taken)
    assert dict(changes.takeRecords(9)) == {ONE: Record(1.0), TWO: Record(2.0)}


@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        (None, Record(5.0), Record(5.0)),
        (Record(0.0), Record(30.0), Record(0.0)),  # retried early: the first attempt counts
        (Record(0.0), Record(5.0), Record(5.0)),  # too soon: the time begins anew
        (Record(0.0), Record(100.0), Record(0.0)),  # the next attempt passes at once
        (Record(0.0), Record(601.0), Record(601.0)),  # too late
        (Record(0.0), Record(30.0, 100.0, 1), Record(0.0, 100.0, 1)),
        (Record(0.0, 70.0, 1), Record(90.0), Record(0.0, 70.0, 1)),
    ],
)
def test_attempts_at_two_hosts_are_merged_as_if_one_store_had_seen_them(
    ours: Record | None, theirs: Record, merged: Record
) -> None:
    assert mergeAttempts(ours, theirs, RULES) == merged
    if ours is not None:
        assert mergeAttempts(theirs, ours, RULES) == merged
