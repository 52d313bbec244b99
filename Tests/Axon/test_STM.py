import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from Axon.STM import BusyRetry, Collection, ConcurrentUpdate, Store, Value


@pytest.fixture
def store():
    return Store()


@pytest.fixture
def greedy_threads():
    """Threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def filled(**values):
    store = Store()
    fresh = store.using(*values)
    for key, value in values.items():
        fresh[key].set(value)
    fresh.commit()
    return store


def contents(store, *keys):
    return [store.usevar(key).value for key in keys]


def transact(store, keys, work):
    """Do `work` on copies until a commit succeeds."""
    while True:
        try:
            copies = store.using(*keys)
            work(copies)
            return copies.commit()
        except (BusyRetry, ConcurrentUpdate):
            continue


def test_a_value_that_is_new_is_None_at_version_0(store):
    fresh = store.usevar("greeting")
    assert (fresh.value, fresh.version, fresh.key, fresh.store) == (None, 0, "greeting", store)
    assert repr(fresh) == "Value(0, None)"


def test_a_value_is_visible_to_others_after_its_commit(store):
    greeting = store.usevar("greeting")
    greeting.set("hello")
    assert contents(store, "greeting") == [None]
    greeting.commit()
    assert contents(store, "greeting") == ["hello"]


def test_each_commit_makes_a_new_version_and_the_copy_goes_along(store):
    greeting = store.usevar("greeting")
    for version in 1, 2, 3:
        greeting.set(version)
        greeting.commit()
        assert greeting.version == store.usevar("greeting").version == version


def test_a_commit_raises_ConcurrentUpdate_if_another_was_first(store):
    first, second = store.usevar("greeting"), store.usevar("greeting")
    first.set("hello")
    first.commit()
    second.set("goodbye")
    with pytest.raises(ConcurrentUpdate, match="'greeting'"):
        second.commit()
    assert contents(store, "greeting") == ["hello"]
    assert second.version == 0


def test_the_same_value_again_is_a_new_version_too(store):
    first, second = store.usevar("greeting"), store.usevar("greeting")
    first.commit()
    with pytest.raises(ConcurrentUpdate):
        second.commit()


def test_several_values_are_committed_together_or_not_at_all():
    store = filled(mine=50, yours=100)
    both, one = store.using("mine", "yours"), store.usevar("yours")
    one.set(0)
    one.commit()
    both["mine"].set(150)
    both["yours"].set(0)
    with pytest.raises(ConcurrentUpdate, match=r"\['yours'\]"):
        both.commit()
    assert contents(store, "mine", "yours") == [50, 0]
    assert [both["mine"].version, both["yours"].version] == [1, 1]


def test_a_commit_checks_the_version_of_a_value_that_was_only_read():
    store = filled(price=5, bought=0)
    shopping = store.using("price", "bought")
    price = store.usevar("price")
    price.set(500)
    price.commit()
    shopping["bought"].set(shopping["price"].value)
    with pytest.raises(ConcurrentUpdate):
        shopping.commit()


def test_using_returns_copies_of_the_given_keys_only():
    copies = filled(a=1, b=2).using("b", "c")
    assert isinstance(copies, Collection)
    assert {key: copy.value for key, copy in copies.items()} == {"b": 2, "c": None}


def test_only_commit_changes_the_store(store):
    guests = store.usevar("guests")
    mine = ["Ann"]
    guests.set(mine)
    guests.commit()
    mine.append("Bob")
    store.usevar("guests").value.append("Eve")
    assert contents(store, "guests") == [["Ann"]]


def test_a_clone_is_a_copy_of_its_own(store):
    guests = Value(3, ["Ann"], store, "guests")
    other = guests.clone()
    other.value.append("Bob")
    assert (other.version, other.store, other.key) == (3, store, "guests")
    assert guests.value == ["Ann"]


def test_Store_set_and_set_values_are_what_commit_calls(store):
    fresh = store.using("a", "b")
    fresh["a"].set(1)
    store.set("a", fresh["a"])
    fresh["b"].set(2)
    store.set_values(fresh)
    assert contents(store, "a", "b") == [1, 2]
    assert [fresh["a"].version, fresh["b"].version] == [2, 1]


@pytest.mark.parametrize(
    "call",
    [
        lambda store, copy: store.usevar("a"),
        lambda store, copy: store.using("a", "b"),
        lambda store, copy: copy.commit(),
        lambda store, copy: store.set_values({"a": copy}),
    ],
    ids=["usevar", "using", "commit", "set_values"],
)
def test_a_call_raises_BusyRetry_while_another_thread_uses_the_store_and_works_later(store, call):
    copy = store.usevar("a")
    with store.lock, pytest.raises(BusyRetry):
        call(store, copy)
    assert copy.version == 0
    call(store, copy)


def test_usevar_accepts_that_the_caller_holds_the_lock(store):
    with store.lock:
        assert store.usevar("a", islocked=True).value is None


def test_the_store_is_unlocked_after_a_failed_commit(store):
    first, second = store.usevar("a"), store.usevar("a")
    first.commit()
    with pytest.raises(ConcurrentUpdate):
        second.commit()
    assert not store.lock.locked()


def test_a_value_that_cannot_be_copied_raises_and_leaves_the_store_unchanged():
    store = filled(a=1, b=2)
    copies = store.using("a", "b")
    copies["a"].set(3)
    copies["b"].set(x for x in ())
    with pytest.raises(TypeError, match="generator"):
        copies.commit()
    assert contents(store, "a", "b") == [1, 2]
    assert not store.lock.locked()


class Telling:
    """A key that does something when it is looked up for the nth time."""

    def __init__(self):
        self.lookups, self.nth, self.then = 0, None, None

    def __hash__(self):
        self.lookups += 1
        if self.lookups == self.nth:
            self.then()
        return 1


@pytest.mark.parametrize("nth", range(1, 8))
def test_one_of_two_simultaneous_commits_succeeds(store, nth):
    key = Telling()
    mine, rival = store.usevar(key), store.usevar(key)
    winners = []

    def commit(copy):
        try:
            copy.commit()
            winners.append(copy)
        except (BusyRetry, ConcurrentUpdate):
            pass

    key.lookups, key.nth, key.then = 0, nth, lambda: commit(rival)
    commit(mine)
    assert len(winners) == 1


def test_dump_writes_all_values_to_standard_output(capsys):
    filled(a=1, b="two").dump()
    assert capsys.readouterr().out == (
        "Values in the store:\n    'a': Value(1, 1)\n    'b': Value(1, 'two')\n"
    )


KEYS = st.sampled_from("abc")
ACTION = st.one_of(
    st.tuples(st.just("begin"), st.integers(0, 2), st.sets(KEYS, min_size=1)),
    st.tuples(st.just("commit"), st.integers(0, 2), st.just(set())),
)


@given(st.lists(ACTION, max_size=40))
def test_a_commit_succeeds_unless_one_of_its_keys_was_committed_after_it_was_copied(
    actions,
):
    store, committed = Store(), dict.fromkeys("abc", 0)
    running = {}
    for action, name, keys in actions:
        if action == "begin":
            running[name] = store.using(*keys), {key: committed[key] for key in keys}
        elif name in running:
            copies, seen = running.pop(name)
            assert {key: copy.value or 0 for key, copy in copies.items()} == seen
            for copy in copies.values():
                copy.set((copy.value or 0) + 1)
            if any(committed[key] != count for key, count in seen.items()):
                with pytest.raises(ConcurrentUpdate):
                    copies.commit()
            else:
                copies.commit()
                committed.update({key: count + 1 for key, count in seen.items()})
    assert [value or 0 for value in contents(store, *"abc")] == list(committed.values())


TRANSFER = st.tuples(KEYS, KEYS, st.integers(1, 9))


@pytest.mark.usefixtures("greedy_threads")
@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(TRANSFER, min_size=1, max_size=15), min_size=2, max_size=4))
def test_threads_that_move_money_neither_make_nor_lose_any_and_each_move_counts(plans):
    store, balance = filled(a=100, b=100, c=100), dict.fromkeys("abc", 100)
    totals = set()

    def move(plan):
        for source, sink, amount in plan:

            def work(copies, source=source, sink=sink, amount=amount):
                totals.add(sum(copy.value for copy in copies.values()))
                copies[source].set(copies[source].value - amount)
                copies[sink].set(copies[sink].value + amount)

            transact(store, "abc", work)

    with ThreadPoolExecutor(len(plans)) as threads:
        list(threads.map(move, plans))
    for source, sink, amount in (transfer for plan in plans for transfer in plan):
        balance[source] -= amount
        balance[sink] += amount
    assert contents(store, *"abc") == list(balance.values())
    assert totals == {300}
