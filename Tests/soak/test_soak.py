"""The soak test finds faults: its model, its journal, and a day in virtual time."""

import argparse
import asyncio
import itertools
import random
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Stores import openStore
from Kamaelia.Apps.Grey.Stores.Memory import MemoryStore
from Kamaelia.Support.Greylist import Rules as greylist
from Kamaelia.Support.Greylist.Rules import Decision, Record, Rules, Triple
from Tests.soak.__main__ import parser
from Tests.soak.clientStates import ACCEPTED, DEFERRED, Asked, Delivered, Forgot, Span, Times
from Tests.soak.journal import Journal, verdictOf
from Tests.soak.model import Model
from Tests.soak.suspicionWeek import HEAD, MODES, Week, rowOf
from Tests.soak.virtualSoak import VirtualSoak

TIMES = Times(2.0, 10.0, 50.0, 20000.0, passes=2)
RULES = Rules(2.0, 10.0, 50.0, 20000.0, client_passes=2)
BOTH = frozenset([ACCEPTED, DEFERRED])


def ask(moment: float, heard: str, pair: tuple[str, str] = ("a", "b"), wide: float = 0) -> Asked:
    return Asked("c", pair, Span(moment, moment + wide), frozenset([heard]))


def wrongs(happened: Iterable[Any], store: MemoryStore, now: float) -> list[str]:
    model = Model(TIMES)
    model.follow(happened)
    return list(model.differences(store.known(), store.regulars(), now))


def walk(seed: int, store: MemoryStore) -> tuple[list[Asked | Delivered], float]:
    """Return random attempts with the answers of the store; some are exactly at a boundary."""
    rng, now = random.Random(seed), 0.0
    asked: list[Asked | Delivered] = []
    for _ in range(60):
        now += rng.choice([0.5, 2.0, 8.0, 10.0, 10.5, 40.0, 50.0, 51.0, 7200.0, 20000.0, 20001.0])
        pair = (rng.choice("ab"), rng.choice("xy"))
        isAccepted = store.decide(Triple("c", *pair), RULES, now).isAccepted
        asked.append(ask(now, ACCEPTED if isAccepted else DEFERRED, pair))
        if isAccepted:
            now += 0.01
            store.countDelivery("c", RULES, now)
            asked.append(Delivered("c", Span(now, now)))
    return asked, now


@pytest.mark.parametrize("seed", range(20))
def test_the_model_accepts_answers_that_follow_the_rules(seed: int) -> None:
    store = MemoryStore()
    assert wrongs(*walk(seed, store)[:1], store, walk(seed, MemoryStore())[1]) == []


def faulty(name: str) -> Callable[..., Decision]:
    """Return a decision function with one fault."""

    def decide(record: Record | None, regular: Any, rules: Rules, now: float) -> Decision:
        given = greylist.decide(record, regular, rules, now)
        waited = now - record.seen if record is not None else -1.0
        if name == "the minimum is not inclusive" and waited == rules.min_defer_time:
            return given if not given.isAccepted else Decision(False, "early")
        if name == "the clock does not start again" and given.reason == "retried too soon":
            return given._replace(record=record)
        if name == "an unknown client passes" and record is None:
            return Decision(True, "welcome", record=Record(now, now, 1))
        return given

    return decide


FAULTS = [
    "the minimum is not inclusive",
    "the clock does not start again",
    "an unknown client passes",
]


@pytest.mark.parametrize("fault", FAULTS)
def test_the_model_finds_each_faulty_decision(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    honest = greylist.decide
    decide = faulty(fault)
    for seed in range(20):
        store = MemoryStore()
        with monkeypatch.context() as patch:
            patch.setattr(
                "Kamaelia.Apps.Grey.Stores.Memory.greylist",
                argparse.Namespace(decide=decide, afterDelivery=greylist.afterDelivery),
            )
            asked, now = walk(seed, store)
        found += wrongs(asked, store, now)
    assert greylist.decide is honest
    assert found


def test_a_record_without_an_attempt_is_a_difference() -> None:
    store = MemoryStore()
    store.decide(Triple("c", "a", "b"), RULES, 5.0)
    assert "there was no attempt" in wrongs([], store, 6.0)[0]
    assert wrongs([ask(5.0, DEFERRED)], store, 6.0) == []


def test_a_lost_record_is_a_difference() -> None:
    assert "the store has None" in wrongs([ask(5.0, DEFERRED)], MemoryStore(), 6.0)[0]
    assert wrongs([ask(5.0, DEFERRED)], MemoryStore(), 56.0) == []  # it has expired


def test_both_answers_are_accepted_at_a_boundary_and_only_there() -> None:
    for heard, later in ((ACCEPTED, 9.9), (DEFERRED, 9.9), (ACCEPTED, 10.5)):
        model = Model(TIMES)
        model.follow([ask(0.0, DEFERRED, wide=0.01), ask(later, heard, wide=0.2)])
        assert model.wrong == []
    model = Model(TIMES)
    model.follow([ask(0.0, DEFERRED, wide=0.01), ask(10.5, DEFERRED, wide=0.2)])
    assert "no rule gives these answers" in model.wrong[0]


def test_of_two_simultaneous_attempts_one_may_be_the_first_and_one_too_soon() -> None:
    store = MemoryStore()
    store.decide(Triple("c", "a", "b"), RULES, 5.0)
    both = [ask(4.9, DEFERRED, wide=0.2), ask(4.95, DEFERRED, wide=0.3)]
    assert wrongs(both, store, 6.0) == []


def test_an_attempt_without_an_answer_may_or_may_not_have_been_decided() -> None:
    unheard = Asked("c", ("a", "b"), Span(5.0, 6.0), BOTH, isSure=False)
    store = MemoryStore()
    assert wrongs([unheard], store, 7.0) == []
    store.decide(Triple("c", "a", "b"), RULES, 5.5)
    assert wrongs([unheard], store, 7.0) == []


def test_a_forgotten_client_is_unknown() -> None:
    store = MemoryStore()
    asked = [ask(0.0, DEFERRED), Forgot("c", Span(1.0, 1.0)), ask(11.0, DEFERRED)]
    store.decide(Triple("c", "a", "b"), RULES, 11.0)
    assert wrongs(asked, store, 12.0) == []
    assert wrongs([asked[0], asked[2]], store, 12.0) != []


def test_many_uncertain_attempts_of_a_client_are_not_multiplied() -> None:
    def unheard(number: int, start: float) -> Asked:
        return Asked("c", (f"s{number}", "r"), Span(start, start + 0.5), BOTH, isSure=False)

    doubts = [unheard(number, float(number)) for number in range(40)]
    atOnce = [unheard(number, 60.0) for number in range(40)]
    store = MemoryStore()
    assert wrongs([*doubts, *atOnce], store, 62.0) == []
    assert wrongs([*doubts, Forgot("c", Span(70.0, 70.1))], store, 71.0) == []


def unheard(pair: tuple[str, str], start: float, end: float) -> Asked:
    return Asked("c", pair, Span(start, end), BOTH, isSure=False)


def test_the_last_answered_of_many_attempts_need_not_be_the_last_decided() -> None:
    pair = ("a", "b")
    others = [unheard((f"s{number}", "r"), 1.2, 9.0) for number in range(12)]
    first = Asked("c", pair, Span(1.0, 2.5), BOTH)  # it waits for a busy store
    second = Asked("c", pair, Span(1.5, 2.6), BOTH)
    store = MemoryStore()
    for moment in (1.6, 1.0):
        store.decide(Triple("c", *pair), RULES, moment)
    assert store.decide(Triple("c", *pair), RULES, 11.2).isAccepted
    assert wrongs([first, second, *others, ask(11.2, ACCEPTED, pair)], store, 12.0) == []
    assert wrongs([second, *others, ask(11.2, ACCEPTED, pair)], store, 12.0) != []


def everyPassed(store: MemoryStore, number: int) -> list[Asked | Delivered]:
    """A client that passes, and has so many mails delivered, each two hours after the last."""
    pair = ("a", "b")
    asked: list[Asked | Delivered] = [ask(0.0, DEFERRED, pair), ask(20.0, ACCEPTED, pair)]
    for moment in (0.0, 20.0):
        store.decide(Triple("c", *pair), RULES, moment)
    for moment in (21.0 + 7200 * each for each in range(number)):
        store.countDelivery("c", RULES, moment)
        asked.append(Delivered("c", Span(moment, moment)))
    return asked


def test_two_delivered_mails_make_a_client_a_regular() -> None:
    store = MemoryStore()
    asked = everyPassed(store, 2)
    assert store.decide(Triple("c", "new", "r"), RULES, 7300.0).reason == "regular client"
    assert wrongs([*asked, ask(7300.0, ACCEPTED, ("new", "r"))], store, 7301.0) == []
    assert wrongs([*asked[:-1], ask(7300.0, ACCEPTED, ("new", "r"))], store, 7301.0) != []


def test_an_uncounted_delivery_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryStore, "_countDelivery", lambda *_: None)
    store = MemoryStore()
    assert "the store has None" in wrongs(everyPassed(store, 1), store, 100.0)[0]


def test_a_delivery_within_an_hour_does_not_count() -> None:
    store = MemoryStore()
    asked = everyPassed(store, 1)
    store.countDelivery("c", RULES, 3000.0)
    assert wrongs([*asked, Delivered("c", Span(3000.0, 3000.0))], store, 3001.0) == []


def test_an_uncertain_delivery_may_or_may_not_count() -> None:
    unsure = Delivered("c", Span(21.0, 21.0), isSure=False)
    for number in (0, 1):
        store = MemoryStore()
        asked = everyPassed(store, number)[:2]
        assert wrongs([*asked, unsure], store, 100.0) == []


@pytest.mark.parametrize("seed", range(5))
def test_many_attempts_and_deliveries_may_have_any_order(seed: int) -> None:
    pairs = [(f"s{number}", "r") for number in range(12)]
    store = MemoryStore()
    asked: list[Asked | Delivered] = [ask(0.0, DEFERRED, pair) for pair in pairs]
    for pair in pairs:
        store.decide(Triple("c", *pair), RULES, 0.0)
    random.Random(seed).shuffle(pairs)
    for number, pair in enumerate(pairs):
        moment = 20.0 + number / 100
        assert store.decide(Triple("c", *pair), RULES, moment).isAccepted
        store.countDelivery("c", RULES, moment)
        asked.append(ask(20.0, ACCEPTED, pair, wide=1 + hash(pair) % 7 / 10))
        asked.append(Delivered("c", Span(20.0, 21.5)))
    assert wrongs(asked, store, 22.0) == []
    store.forget(Triple("c", *pairs[0]))
    assert "the store has None" in wrongs(asked, store, 22.0)[0]


def test_the_journal_finds_lost_duplicated_changed_and_misdirected_mails() -> None:
    def after(told: str, *texts: bytes | None, to: str = "<c@ours.example>") -> list[str]:
        journal = Journal()
        mail = journal.mail("<a@b.example>", ["<c@ours.example>"])
        mail.units["<c@ours.example>"].heard(told)
        for text in texts:
            journal.kept(mail.number, [to], text or mail.text)
        return list(journal.wrong())

    assert after("250 far end", None) == []
    assert "is lost" in after("250 far end")[0]
    assert "more often" in after("250 far end", None, None)[0]
    assert "was changed" in after("250 far end", b"Subject: 0\r\n\r\nelse\r\n")[0]
    assert "which is not a recipient" in after("250 far end", None, to="<x@y.example>")[0]
    assert any("never arrived" in each for each in after("451 4.4.1 no", None))
    assert any("more often" in each for each in after("451 4.7.1 no", None))


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        ("", ""),
        ("421 4.4.2 too slow", ""),
        ("451 4.7.1 Greylisted, please try again in 3 seconds (12)", DEFERRED),
        ("250 far end", ACCEPTED),
        ("451 4.3.0 the reply of a policy that failed", "?"),
        ("250 ok", "?"),
    ],
)
def test_each_answer_tells_the_verdict(reply: str, verdict: str) -> None:
    assert verdictOf(reply) == verdict


def month(folder: Path, **words: Any) -> VirtualSoak:
    said = [f"--{name}={value}" for name, value in words.items()]
    soak = VirtualSoak(parser().parse_args(said), folder, f"sqlite:{folder}/grey.db")
    soak.runToItsEnd()
    return soak


def differences(soak: VirtualSoak) -> list[str]:
    model = Model(soak.times)
    model.follow(soak.journal.happened())
    store = openStore(soak.store)
    try:
        return list(model.differences(store.known(), store.regulars(), soak.clock()))
    finally:
        store.close()


def test_a_day_in_virtual_time_breaks_no_rule(tmp_path: Path) -> None:
    soak = month(tmp_path, days=0.25, seed=1)
    assert list(soak.journal.wrong()) == []
    assert list(soak.wrong()) == []
    assert differences(soak) == []
    assert soak.journal.tally["mails at the real server"] > 50


def test_a_faulty_store_is_found_within_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("Kamaelia.Apps.Grey.Stores.SQLite.countOnce", lambda *_: True)
    assert differences(month(tmp_path, days=0.25, seed=1))


# A week of mail in each mode of [suspicion]


def rowsOfTheGuide() -> list[list[str]]:
    guide = (Path(__file__).parents[2] / "Docs" / "grey_suspicion.rst").read_text("utf-8")
    table = re.findall(r"^=+ =+ .*$", guide.partition("What it does to a week")[2], re.MULTILINE)[0]
    lines = guide.partition(f"{table}\n")[2].partition(f"\n{table}\n\n")[0].splitlines()
    ends = [0, *(found.end() + 1 for found in re.finditer("=+", table))]
    cells = [[line[a:b].strip() for a, b in itertools.pairwise(ends)] for line in lines]
    return [row for row in cells if row[0][:1] != "="]


def test_the_guide_has_a_row_for_each_mode() -> None:
    head, *rows = rowsOfTheGuide()
    assert head == HEAD
    assert [row[0] for row in rows] == list(MODES)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("row", rowsOfTheGuide()[1:], ids=lambda row: row[0])
def test_the_guide_has_the_figures_of_the_week(row: list[str]) -> None:
    assert row == rowOf(row[0], 1, 7.0)


@pytest.mark.parametrize("mode", MODES)
def test_the_week_is_the_same_for_the_same_seed_and_no_real_mail_is_lost(mode: str) -> None:
    one, two = (asyncio.run(Week(seed=5, share=0.1).through(mode)) for _ in range(2))
    assert one == two
    assert one.realLost == 0
    assert 0 < one.spamStopped < 1
