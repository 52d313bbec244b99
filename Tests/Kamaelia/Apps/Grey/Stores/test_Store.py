"""What every store promises, asked of each kind."""

import sys
import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from Kamaelia.Apps.Grey.Stores import Counts, SQLiteMaintenance, Store, StoreEntry, openStore
from Kamaelia.Apps.Grey.Stores.Memory import MemoryStore
from Kamaelia.Apps.Grey.Stores.Store import merge
from Kamaelia.Support.Greylist.Rules import (
    Decision,
    Record,
    Regular,
    Rules,
    Triple,
    afterDelivery,
    decide,
)

#: Redis forgets by its own clock: histories begin now.
NOW = float(int(time.time()))
RULES = Rules(too_soon=10, min_defer_time=60, max_defer_time=600, max_grey=6000)
WITH_REGULARS = replace(RULES, client_passes=2)
ONE = Triple("192.0.2.0/24", "<a@example.com>", "<b@example.org>")
OTHER = Triple("198.51.100.7", "<>", '<"odd \\ []*? name"@example.org>')

CLIENTS = ["192.0.2.0/24", "192.0.2.0/2", "2001:db8::/64"]
TRIPLES = [Triple(client, sender, "<b@c.example>") for client in CLIENTS for sender in ("", "é")]


class Model:
    """What a store is measured by: two dicts and the rules."""

    def __init__(self) -> None:
        self.triples: dict[Triple, Record] = {}
        self.regulars: dict[str, Regular] = {}

    def decide(self, triple: Triple, rules: Rules, now: float) -> Decision:
        regular = self.regulars.get(triple.client) if rules.client_passes else None
        decision = decide(self.triples.get(triple), regular, rules, now)
        if decision.record is not None:
            self.triples[triple] = decision.record
        return decision

    def countDelivery(self, client: str, rules: Rules, now: float) -> None:
        regular = afterDelivery(self.regulars.get(client), rules, now)
        if rules.client_passes and regular is not None:
            self.regulars[client] = regular


def empty(store: Store) -> None:
    store._delivered.clear()
    store.forget(*[triple for triple, _ in store.known()])
    for client in [client for client, _ in store.regulars()]:
        store.forgetClient(client)


@pytest.fixture
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is swept meanwhile: a late retry differs from a first attempt."""
    monkeypatch.setattr(SQLiteMaintenance, "SLICES", 0)


STEPS = st.tuples(
    st.sampled_from(TRIPLES),
    st.sampled_from([0, 1, 9.75, 10, 59.5, 60, 61, 600, 600.25, 6000, 6001])
    | st.floats(0, 7000, allow_nan=False),
    st.sampled_from([0, 1, 2, 3]),
    st.booleans(),
    st.booleans(),
)


@pytest.mark.usefixtures("untouched")
@given(history=st.lists(STEPS, max_size=40))
@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_history_has_the_answers_that_the_rules_give(
    store: Store, history: list[tuple[Triple, float, int, bool, bool]]
) -> None:
    empty(store)
    model, now = Model(), NOW
    for triple, later, passes, mayAdd, isDelivered in history:
        now += later
        rules = replace(RULES, client_passes=passes, addsTriples=mayAdd)
        decision = store.decide(triple, rules, now)
        assert decision == model.decide(triple, rules, now)
        if decision.isAccepted and isDelivered:
            for each in (store, model):
                each.countDelivery(triple.client, rules, now)
    assert dict(store.known()) == model.triples
    assert dict(store.regulars()) == model.regulars
    passed = sum(record.passed is not None for record in model.triples.values())
    assert store.counts() == Counts(len(model.triples) - passed, passed, len(model.regulars))


def passAt(store: Store, triple: Triple, now: float, rules: Rules = RULES) -> None:
    store.decide(triple, rules, now)
    assert store.decide(triple, rules, now + 60).isAccepted
    store.countDelivery(triple.client, rules, now + 60)


def test_what_is_known_is_given_back_as_it_was_said(store: Store) -> None:
    store.decide(ONE, RULES, NOW)
    passAt(store, OTHER, NOW)
    assert dict(store.known()) == {ONE: Record(NOW), OTHER: Record(NOW, NOW + 60, 1)}


@pytest.mark.parametrize("text", ["198.51", "odd \\ []*?", "@example.org"])
def test_a_text_is_found_in_each_part(store: Store, text: str) -> None:
    passAt(store, OTHER, NOW)
    store.decide(Triple("203.0.113.5", "<x@y>", "<z@y>"), RULES, NOW)
    assert [triple for triple, _ in store.find(text)] == [OTHER]


def test_many_are_found_and_counted(store: Store) -> None:
    many = {Triple(f"10.0.{i % 7}.{i}", f"<{i}@x>", ""): Record(NOW + i) for i in range(5003)}
    assert store.remember(many.items(), RULES) == 5003
    assert dict(store.known()) == many
    assert store.counts() == Counts(5003, 0, 0)


def test_a_record_that_is_removed_begins_anew(store: Store) -> None:
    passAt(store, ONE, NOW)
    passAt(store, OTHER, NOW)
    assert store.forget(OTHER, Triple("", "", "")) == 1
    assert [triple for triple, _ in store.known()] == [ONE]
    assert store.decide(OTHER, RULES, NOW + 70).reason == "never seen"


def test_a_client_is_forgotten_with_all_that_is_known_of_it_and_no_other_is(store: Store) -> None:
    for triple in TRIPLES:
        passAt(store, triple, NOW, WITH_REGULARS)
    assert store.forgetClient("192.0.2.0/2") == 2
    assert {triple.client for triple, _ in store.known()} == {CLIENTS[0], CLIENTS[2]}
    assert {client for client, _ in store.regulars()} == {CLIENTS[0], CLIENTS[2]}


def test_to_forget_nothing_forgets_nothing(store: Store) -> None:
    store.decide(ONE, RULES, NOW)
    assert store.forget() == 0
    assert store.forgetClient("192.0.2.0") == 0
    assert len(dict(store.known())) == 1


def test_what_counts_no_more_is_gone_and_nothing_else_is(store: Store) -> None:
    late, kept = (Triple("a", "b", str(i)) for i in range(2))
    store.decide(late, RULES, NOW)
    store.decide(kept, RULES, NOW + 1)
    passAt(store, ONE, NOW, WITH_REGULARS)
    assert store.expire(RULES, NOW + 600) == 0
    assert store.expire(RULES, NOW + 600.5) == 1
    assert {triple for triple, _ in store.known()} == {kept, ONE}
    assert store.expire(RULES, NOW + 6060) == 1
    assert store.counts() == Counts(0, 1, 1)
    assert store.expire(RULES, NOW + 6060.5) == 1
    assert store.counts() == Counts(0, 0, 0)


def test_thousands_expire_in_one_go(store: Store) -> None:
    many = [(Triple("c", str(i), ""), Record(NOW + i % 2)) for i in range(4500)]
    store.remember(many, RULES)
    assert store.expire(RULES, NOW + 600.5) == 2250
    assert store.counts() == Counts(2250, 0, 0)


def test_what_was_known_elsewhere_is_added_to_what_is_known_here(store: Store) -> None:
    passAt(store, ONE, NOW)
    store.decide(OTHER, RULES, NOW)
    elsewhere = [
        (ONE, Record(NOW - 500)),
        (OTHER, Record(NOW - 500, NOW - 100, 7)),
        (Triple("c", "s", "r"), Record(NOW)),
        (Triple("c", "s", "r"), Record(NOW + 1)),
    ]
    assert store.remember(iter(elsewhere), RULES) == 4
    assert dict(store.known()) == {
        ONE: Record(NOW - 500, NOW + 60, 1),
        OTHER: Record(NOW - 500, NOW - 100, 7),
        Triple("c", "s", "r"): Record(NOW + 1),
    }


def test_what_was_known_elsewhere_about_clients_is_added_to_what_is_known_here(
    store: Store,
) -> None:
    passAt(store, ONE, NOW, WITH_REGULARS)
    many = {f"10.0.{i % 7}.{i}": Regular(i, NOW) for i in range(1, 1200)}
    elsewhere = [(ONE.client, Regular(9, NOW - 500)), ("c", Regular(2, NOW)), ("c", Regular(1, 0))]
    assert store.rememberClients([*elsewhere, *many.items()], WITH_REGULARS) == 1202
    assert dict(store.regulars()) == {
        ONE.client: Regular(9, NOW + 60),
        "c": Regular(2, NOW),
        **many,
    }
    assert store.decide(ONE._replace(sender="x"), WITH_REGULARS, NOW).reason == "regular client"


RECORDS = st.builds(
    Record,
    st.floats(0, 9).map(round),
    st.none() | st.floats(0, 9).map(round),
    st.integers(0, 3),
)


@given(ours=RECORDS, theirs=RECORDS)
def test_merging_two_records_gives_the_same_in_either_order(ours: Record, theirs: Record) -> None:
    merged = merge(ours, theirs)
    assert merged[:2] == merge(theirs, ours)[:2]
    assert merge(merged, theirs)[:2] == merged[:2]
    assert merge(None, theirs) == theirs


def test_entries_are_kept_replaced_and_removed(store: Store) -> None:
    versions = [store.entriesVersion()]
    first = StoreEntry("allow", "client", "192.0.2.1", "a friend")
    second = StoreEntry("deny", "client", "192.0.2.1", "no more", NOW + 9.5)
    third = StoreEntry("deny", "sender", "192.0.2.1")
    store.addEntry(first)
    versions.append(store.entriesVersion())
    assert store.entries() == [first]
    store.addEntry(second)
    store.addEntry(third)
    versions.append(store.entriesVersion())
    assert sorted(store.entries()) == [second, third]
    assert store.removeEntry("client", "192.0.2.1")
    versions.append(store.entriesVersion())
    assert store.entries() == [third]
    assert len(set(versions)) == 4
    assert not store.removeEntry("client", "192.0.2.1")
    assert store.entriesVersion() == versions[-1]


def test_an_entry_is_over_at_its_time(store: Store) -> None:
    store.addEntry(StoreEntry("allow", "client", "c", until=NOW + 5))
    store.addEntry(StoreEntry("allow", "client", "d"))
    version = store.entriesVersion()
    store.expire(RULES, NOW + 4)
    assert store.entriesVersion() == version
    store.expire(RULES, NOW + 5)
    assert store.entries() == [StoreEntry("allow", "client", "d")]
    assert store.entriesVersion() != version


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (StoreEntry("maybe", "client", "c"), "is allow or deny, not 'maybe'"),
        (StoreEntry("deny", "weather", "c"), "one of client, sender, recipient, not 'weather'"),
        (StoreEntry("deny", "client", ""), "has an empty client"),
    ],
)
def test_an_entry_that_says_nothing_is_an_error(store: Store, entry: StoreEntry, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        store.addEntry(entry)
    assert store.entries() == []


def test_counters_add_up(store: Store) -> None:
    store.count("deferred")
    store.count("deferred", 2)
    store.flush()
    store.count("passed")
    store.count("deferred")
    assert store.counters() == {"deferred": 4, "passed": 1}


def test_a_counter_is_the_same_by_its_words_and_by_its_name(store: Store) -> None:
    store.countAll([("mails", "deferred"), ("refusals", "RCPT", "greylisted")])
    store.countAll([("mails", "deferred")])
    store.count("mails/deferred")
    assert store.counters() == {"mails/deferred": 3, "refusals/RCPT/greylisted": 1}


@pytest.mark.parametrize("setting", ["sqlite", "redis"], indirect=True)
def test_all_records_are_there_when_it_is_opened_again(setting: str) -> None:
    store = openStore(setting)
    passAt(store, ONE, NOW, WITH_REGULARS)
    store.addEntry(StoreEntry("deny", "sender", "<x@y>", "spam", NOW))
    store.count("passed")
    store.close()
    store.close()
    store = openStore(setting)
    assert store.decide(ONE, RULES, NOW + 70).reason == "passed before"
    assert list(store.regulars()) == [(ONE.client, Regular(1, NOW + 60))]
    assert store.entries() == [StoreEntry("deny", "sender", "<x@y>", "spam", NOW)]
    assert store.counters() == {"passed": 1}
    store.close()


def test_the_oldest_go_where_memory_is_bounded() -> None:
    store = MemoryStore(limit=2)
    for triple in (ONE, OTHER):
        passAt(store, triple, NOW, WITH_REGULARS)
    store.decide(ONE, RULES, NOW + 70)  # it was written last
    store.decide(Triple("c", "s", "r"), RULES, NOW + 71)
    assert {triple for triple, _ in store.known()} == {ONE, Triple("c", "s", "r")}
    with pytest.raises(ValueError, match="must be at least 1"):
        MemoryStore(limit=0)


@pytest.mark.parametrize(
    "setting", ["", "grey.db", "sqlite:", "sqlite::memory:", "mysql://x", "memory:x", "redis"]
)
def test_a_setting_that_names_no_store_is_an_error_that_says_what_would(setting: str) -> None:
    with pytest.raises(ValueError, match="sqlite:PATH"):
        openStore(setting)


def test_one_mail_an_hour_counts_in_whatever_process(store: Store) -> None:
    rules = replace(RULES, client_passes=5, max_grey=100_000)
    for now in (NOW, NOW + 1, NOW + 3599, NOW + 3600, NOW + 7000, NOW + 7200):
        store.countDelivery("192.0.2.0/24", rules, now)
        store.countDelivery("192.0.2.0/24", rules, now)
        store._delivered.clear()  # as in another process
    store.countDelivery("198.51.100.7", replace(rules, client_passes=0), NOW)
    assert dict(store.regulars()) == {"192.0.2.0/24": Regular(3, NOW + 7200)}


def test_a_revoked_client_begins_again_and_its_triples_remain(store: Store) -> None:
    rules = replace(WITH_REGULARS, max_grey=100_000)
    passAt(store, ONE, NOW, rules)
    store.countDelivery(ONE.client, rules, NOW + 7200)
    other = ONE._replace(recipient="<other@example.org>")
    assert store.decide(other, rules, NOW + 7201).reason == "regular client"
    store.countDelivery(OTHER.client, rules, NOW)
    store.revoke(ONE.client)
    store.revoke("203.0.113.9")  # never seen
    assert list(dict(store.regulars())) == [OTHER.client]
    assert store.decide(other, rules, NOW + 7202).reason == "never seen"
    assert store.decide(ONE, rules, NOW + 7203).reason == "passed before"
    store.countDelivery(ONE.client, rules, NOW + 7204)  # within an hour of the last one
    assert dict(store.regulars())[ONE.client] == Regular(1, NOW + 7204)


def test_what_a_process_remembers_of_deliveries_is_bounded(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[Store.__module__], "MOST_DELIVERED", 2)
    for number in range(5):
        store.countDelivery(str(number), WITH_REGULARS, NOW)
    assert len(store._delivered) <= 2
    assert len(dict(store.regulars())) == 5


def test_a_triple_that_was_never_seen_is_not_added_over_the_limit(store: Store) -> None:
    full = replace(RULES, addsTriples=False)
    assert store.decide(ONE, full, NOW) == Decision(False, "too many new triples")
    assert store.counts() == Counts(0, 0, 0)
    store.decide(ONE, RULES, NOW)
    assert store.decide(ONE, full, NOW + 60).isAccepted
