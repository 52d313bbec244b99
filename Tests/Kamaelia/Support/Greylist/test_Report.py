"""A report on mails: what was stopped, what was delayed, and how late it was."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from Kamaelia.Support.Greylist.Report import Delays, Outcome, Report
from Kamaelia.Support.Greylist.Rules import (
    DEFERRING,
    DRY_RUN,
    NEVER_SEEN,
    WAITED,
    Record,
    Regular,
    Rules,
    decide,
)

LATEST = 3600.0


def mail(
    time: float,
    reason: str = NEVER_SEEN,
    verdict: str = "deferred",
    client: str = "192.0.2.7",
    sender: str = "ann@b.example",
    recipients: Iterable[str] = ("c@d.example",),
    **more: Any,
) -> dict[str, Any]:
    each = {"verdict": verdict, "reason": reason, **more}
    to = [{"address": address, **each} for address in recipients]
    return {"event": "mail", "time": time, "client": client, "sender": sender, "recipients": to}


def reportOn(*records: Any) -> Report:
    report = Report(lambda client: client.rpartition(".")[0], LATEST)
    for record in records:
        report.add(record)
    return report


def test_a_mail_that_comes_again_is_delayed_and_one_that_does_not_is_stopped() -> None:
    report = reportOn(
        mail(0.0),
        mail(0.0, client="198.51.100.1", sender="x@spam.example"),
        mail(60.0, "retried early"),
        mail(400.0, WAITED, "accepted", client="192.0.2.9", delay=400),
        mail(401.0, "passed before", "accepted"),
        mail(4000.0, client="203.0.113.1", sender=""),
    )
    assert report.totals() == Outcome(deferred=3, stopped=1, delayed=1)
    assert report.totals().open == 1
    assert report.by(lambda case: case.network) == {
        "192.0.2": Outcome(1, 0, 1),
        "198.51.100": Outcome(1, 1, 0),
        "203.0.113": Outcome(1, 0, 0),
    }
    assert list(report.by(lambda case: case.domain)) == ["b.example", "spam.example", "<>"]
    assert report.delays.seconds == [400.0]
    assert (report.mails, report.recipients, report.first, report.last) == (6, 6, 0.0, 4000.0)


def test_a_retry_that_is_too_late_begins_another_case() -> None:
    report = reportOn(mail(0.0), mail(LATEST + 1, "retried too late"))
    assert report.totals() == Outcome(deferred=2, stopped=1)
    assert list(report.by(lambda case: case.reason)) == [NEVER_SEEN, "retried too late"]


def test_each_recipient_is_a_case_of_its_own() -> None:
    report = reportOn(mail(0.0, recipients=["c@d.example", "e@d.example"]))
    assert report.totals() == Outcome(deferred=2)


@pytest.mark.parametrize(
    "record",
    [
        mail(0.0, "opted out", "accepted"),
        mail(0.0, "real server: 450 busy"),
        mail(0.0, "the store gave no answer"),
        mail(0.0, "relaying denied", "refused"),
        {"event": "refusal", "time": 0.0},
    ],
)
def test_what_greylisting_has_not_deferred_is_no_case(record: Any) -> None:
    report = reportOn(record)
    assert report.totals() == Outcome()
    assert report.damaged == 0


def test_in_a_dry_run_an_accepted_mail_would_have_been_deferred() -> None:
    dry = f"{DRY_RUN}: "
    report = reportOn(
        mail(0.0, dry + NEVER_SEEN, "accepted", wait=300),
        mail(10.0, dry + "retried early", "accepted", wait=290),
        mail(2000.0, WAITED, "accepted", delay=2000),
        mail(0.0, dry + NEVER_SEEN, "accepted", wait=300, sender="x@spam.example"),
        mail(9000.0, "opted out", "accepted", sender="y@e.example"),
    )
    assert report.isDry
    assert report.totals() == Outcome(deferred=2, stopped=1, delayed=1)
    assert report.delays.seconds == []


@pytest.mark.parametrize(
    ("share", "delay"), [(0.0, 1.0), (0.5, 50.0), (0.95, 95.0), (0.951, 96.0), (1.0, 100.0)]
)
def test_a_share_of_the_mails_was_not_later(share: float, delay: float) -> None:
    assert Delays([float(each) for each in range(100, 0, -1)]).atShare(share) == delay


def test_without_mails_there_is_no_delay() -> None:
    assert Delays().atShare(0.5) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
)
FIELDS = ["event", "time", "client", "sender", "recipients", "delay"]


@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING) | ANYTHING)
def test_a_record_of_anything_is_counted_or_ignored(record: Any) -> None:
    if isinstance(record, dict):
        record["event"] = "mail"
    report = reportOn(record)
    assert report.mails + report.damaged == 1


@given(
    st.none() | st.builds(Record, st.floats(0, 9), st.none() | st.floats(0, 9), st.integers(0, 2)),
    st.none() | st.builds(Regular, st.integers(0, 2), st.floats(0, 9)),
    st.booleans(),
    st.floats(0, 99),
)
def test_every_reason_that_defers_is_known(
    record: Record | None, regular: Regular | None, addsTriples: bool, now: float
) -> None:
    rules = Rules(2, 4, 8, 20, client_passes=1, addsTriples=addsTriples)
    decision = decide(record, regular, rules, now)
    assert decision.isAccepted == (decision.reason not in DEFERRING)
